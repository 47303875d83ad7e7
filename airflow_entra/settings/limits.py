"""Every number that limits a stack file, stated once, and the documents that set them."""

from __future__ import annotations

from datetime import timedelta

from airflow_entra_auth.airflow_paths import REDIRECTS

_LEARN = "https://learn.microsoft.com/en-us/"
ENTRA_LIMITS = _LEARN + "entra/identity/users/directory-service-limits-restrictions"
TOKEN_LIFETIMES = _LEARN + "entra/identity-platform/configurable-token-lifetimes"
SIGN_IN_FREQUENCIES = _LEARN + "entra/identity/conditional-access/concept-session-lifetime"
NETWORK_CONDITIONS = _LEARN + "entra/identity/conditional-access/concept-assignment-network"
REDIRECT_URIS = _LEARN + "entra/identity-platform/reply-url"
APPLICATION = _LEARN + "graph/api/resources/application"
GROUP = _LEARN + "graph/api/resources/group"
DYNAMIC_GROUPS = _LEARN + "entra/identity/users/groups-dynamic-membership"
FEDERATION = _LEARN + "graph/api/resources/federatedidentitycredential"
PRIVATE_ENDPOINTS = _LEARN + "azure/private-link/private-endpoint-dns-integration"
AZURE_NAMES = _LEARN + "azure/azure-resource-manager/management/resource-name-rules"
AZURE_TAGS = _LEARN + "azure/azure-resource-manager/management/tag-resources"
AIRFLOW_FAB = "https://airflow.apache.org/docs/apache-airflow-providers-fab/stable/configurations-ref.html"
AIRFLOW_DAG = "https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html"

FILE_BYTES = 1024 * 1024
FILE_NODES = 100_000  # values, aliases followed; a thousand roles need about 20,000
FILE_DEPTH = 20

TOKEN_LIFETIME = timedelta(minutes=10), timedelta(hours=23, minutes=59, seconds=59)
SIGN_IN_FREQUENCY_HOURS, SIGN_IN_FREQUENCY_DAYS = 23, 365
AIRFLOW_SESSION = timedelta(minutes=1), timedelta(days=30)
LONGEST_DAG_RUN = timedelta(seconds=1), timedelta(days=365)
ROTATE_EVERY = timedelta(days=1), timedelta(days=179)
OVERLAP = timedelta(hours=1), timedelta(days=90)
SECRET_LIFETIME = timedelta(days=180)  # of the policy pack; Entra itself allows two years and more

AIRFLOWS = 2
TRUSTS = 20  # federated credentials of one application
OWNERS = 100
CONTACTS = 4  # the notes of an application have 1,024 characters
MANIFEST_ENTRIES = 1200
GROUP_NAME = 256
MAIL_NICKNAME = 64
DESCRIPTION = 1024
CONTACT = 200
DYNAMIC_RULE = 3072
APPLICATION_NAME = 120
ROLE_NAME = 120
BASE_URL = 256 - max(map(len, REDIRECTS.values()))  # a redirect URI has 256, the logout URL (shorter path) 255
SUBJECT = 600
DAG_PATTERN = 250  # Airflow's own limit of a DAG's id
VAULT_SECRET_NAME = 127  # characters, see AZURE_NAMES
