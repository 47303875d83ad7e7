"""What is known of the platforms whose tokens Entra takes: how GitHub, Azure DevOps and AKS write their issuers.

What a platform's tokens say is the platform's own: it is asked for (decision 30). This module only recognises what was
answered, and says where a form is one that its platform never writes.
"""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

GITHUB = "github.com"
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
GITHUB_TOKENS = "https://docs.github.com/en/actions/reference/security/oidc"
_GITHUB_HOSTS = re.compile(
    rf"{re.escape(GITHUB_ISSUER.removeprefix('https://'))}|token\.actions\.([a-z0-9-]+\.ghe\.com)"
)
_GITHUB_SERVER_PATH = "/_services/token"

DEVOPS_ISSUER = "https://vstoken.dev.azure.com/"
DEVOPS_ISSUER_ENDS = date(2027, 7, 1)
DEVOPS_CONVERSION = "https://learn.microsoft.com/en-us/azure/devops/pipelines/release/convert-service-connections"

_AKS_HOST = re.compile(r"[a-z0-9-]+\.oic\.prod-aks\.azure\.com")
_REPOSITORY = re.compile(r"repo:([^/@:]+)(@\d+)?/([^/@:]+)(@\d+)?(?::.*)?")


def github_host(issuer: str) -> str | None:
    """The GitHub whose tokens have this issuer: github.com, NAME.ghe.com or a server's host; None for another platform.

    An enterprise may have its slug behind github.com's and ghe.com's.
    """
    parts = urlsplit(issuer)
    host = parts.hostname or ""
    if known := _GITHUB_HOSTS.fullmatch(host):
        return known[1] or GITHUB
    return host if parts.path == _GITHUB_SERVER_PATH else None


def is_github_server(issuer: str) -> bool:
    """Whether it is the issuer of a GitHub Enterprise Server, which Entra has to be able to reach."""
    return github_host(issuer) is not None and not _GITHUB_HOSTS.fullmatch(urlsplit(issuer).hostname or "")


def retires(issuer: str) -> date | None:
    """The day from which Entra takes no token of this issuer any more, where its platform announced one."""
    return DEVOPS_ISSUER_ENDS if issuer.startswith(DEVOPS_ISSUER) else None


def repository(subject: str) -> tuple[str, str] | None:
    """(owner, name) in a subject of GitHub's default form, `repo:O/R:...` or `repo:O@ID/R@ID:...`; None for another.

    A form with one id of the two is none that GitHub writes.
    """
    found = _REPOSITORY.fullmatch(subject)
    return (found[1], found[3]) if found and (found[2] is None) == (found[4] is None) else None


def never_written(issuer: str) -> str | None:
    """What is wrong with an issuer that its platform never writes like this: Entra compares character by character."""
    if github_host(issuer) and issuer.endswith("/"):
        return "GitHub's issuers have no slash at their end"
    if _AKS_HOST.fullmatch(urlsplit(issuer).hostname or "") and not issuer.endswith("/"):
        return "AKS's issuers end with a slash"
    return None
