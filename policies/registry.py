"""Every policy of the pack, in the order of its documentation."""

from policies.application import SINGLE_TENANT, TWO_OWNERS
from policies.assignment import ASSIGNMENT_REQUIRED
from policies.credentials import SECRETS_EXPIRE
from policies.redirects import REDIRECT_URI_AIRFLOW, REDIRECT_URI_HTTPS

RULES = (
    SINGLE_TENANT,
    REDIRECT_URI_HTTPS,
    REDIRECT_URI_AIRFLOW,
    ASSIGNMENT_REQUIRED,
    TWO_OWNERS,
    SECRETS_EXPIRE,
)
