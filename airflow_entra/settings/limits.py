"""Every limit that a stack file can run into, stated once with its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Limit:
    """`text` completes the sentence "The value is ..."; `source` is the document that sets it."""

    text: str
    source: str

    def __str__(self) -> str:
        return self.text


_LEARN = "https://learn.microsoft.com/"
ENTRA_LIMITS = _LEARN + "entra/identity/users/directory-service-limits-restrictions"
TOKEN_LIFETIMES = _LEARN + "entra/identity-platform/configurable-token-lifetimes"
SIGN_IN_FREQUENCY = _LEARN + "entra/identity/conditional-access/concept-session-lifetime"
REDIRECT_URIS = _LEARN + "entra/identity-platform/reply-url"
APPLICATION = _LEARN + "graph/api/resources/application"
GROUP = _LEARN + "graph/api/resources/group"
DYNAMIC_GROUPS = _LEARN + "entra/identity/users/groups-dynamic-membership"
GROUP_ASSIGNMENT = _LEARN + "entra/identity/enterprise-apps/assign-user-or-group-access-portal"
FEDERATION = _LEARN + "entra/workload-id/workload-identity-federation-considerations"
AZURE_NAMES = _LEARN + "azure/azure-resource-manager/management/resource-name-rules"
APP_ROLES = _LEARN + "entra/identity-platform/howto-add-app-roles-in-apps"
PULUMI_STACK_FILE = "https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/"
AIRFLOW_FAB = "https://airflow.apache.org/docs/apache-airflow-providers-fab/stable/configurations-ref.html"
OWN = "airflow-entra"

FILE_BYTES = 1024 * 1024
FILE_NODES = 100_000  # values after aliases are followed; a thousand roles need about 20,000
FILE_DEPTH = 20

TOKEN_LIFETIME_MIN, TOKEN_LIFETIME_MAX = timedelta(minutes=10), timedelta(hours=23, minutes=59, seconds=59)
SIGN_IN_FREQUENCY_HOURS, SIGN_IN_FREQUENCY_DAYS = 23, 365
AIRFLOW_SESSION_MIN, AIRFLOW_SESSION_MAX = timedelta(minutes=1), timedelta(days=30)
SECRET_LIFETIME_MAX = timedelta(days=180)
ROTATE_EVERY_MIN = timedelta(days=1)

GROUP_NAME_LENGTH = 256
MAIL_NICKNAME_LENGTH = 64
DESCRIPTION_LENGTH = 1024
RULE_LENGTH = 3072
APPLICATION_NAME_LENGTH = 120
REDIRECT_URI_LENGTH = 256
LOGOUT_URL_LENGTH = 255
REDIRECT_URI_FORBIDDEN = "!$'(),;"
SUBJECT_LENGTH = 600
ISSUER_LENGTH = 600
OWNERS = 100
MANIFEST_ENTRIES = 1200
DAG_ID_LENGTH = 250
AIRFLOWS = 2
