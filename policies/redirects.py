"""Where Entra may send people, and their authorization codes, after they signed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from policies.application import BEST_PRACTICES
from policies.resource_types import APPLICATION, APPLICATION_REDIRECT_URIS, STACK
from policies.resources import PLATFORMS, UNKNOWN, Resource, Value, of_type
from policies.rules import Finding, Rule, Setting, Settings

_WITH_URIS = (APPLICATION, APPLICATION_REDIRECT_URIS)
_AIRFLOW_2 = "/oauth-authorized/azure"
_AIRFLOW_3 = "/auth/oauth-authorized/azure"


def _uris(resource: Resource, *platforms: str) -> Sequence[Value]:
    if resource.type == APPLICATION_REDIRECT_URIS:
        web_only = platforms == ("web",)
        return [] if web_only and resource.get("type") != "Web" else resource.items("redirectUris")
    return [uri for platform in platforms for uri in resource.items(platform, "redirectUris")]


def _https(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for resource in resources:
        for uri in _uris(resource, *PLATFORMS):
            if not isinstance(uri, str):
                continue
            if "*" in uri:
                yield Finding(
                    resource=resource,
                    problem=f"the redirect URI {uri} has a wildcard",
                    fix="Write the full address of each Airflow",
                )
            elif not _secure(uri):
                yield Finding(
                    resource=resource,
                    problem=f"the redirect URI {uri} is not https",
                    fix="Use https; plain http is for localhost only",
                )


def _secure(uri: str) -> bool:
    address = _split(uri)
    return address.scheme == "https" or (address.scheme == "http" and address.hostname == "localhost")


def _split(uri: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError:  # such as brackets that hold no IPv6 address
        return SplitResult("", "", "", "", "")


REDIRECT_URI_HTTPS = Rule(
    name="redirect-uri-https",
    title="Redirect URIs are https, without wildcards",
    description="Every redirect URI is one https address; http is for localhost only.",
    scope="resource",
    severity="critical",
    level="mandatory",
    reason="The authorization code travels to the redirect URI: over http anyone on the way reads it, and with a "
    "wildcard any forgotten host name under the domain receives it.",
    remedy="Register the full https address of each Airflow and nothing else.",
    controls=("SOC 2 CC6.7", "NIST 800-53 SC-8", "NIST 800-53 SC-23"),
    source=BEST_PRACTICES,
    types=_WITH_URIS,
    check=_https,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      web:
        redirectUris: [http://airflow.contoso.com/auth/oauth-authorized/azure]
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      web:
        redirectUris:
          - https://airflow.contoso.com/auth/oauth-authorized/azure
          - http://localhost:8080/auth/oauth-authorized/azure
""",
)


@dataclass(frozen=True)
class DeclaredAirflow:
    """An Airflow that this application serves: its version and public base URL, a path prefix included."""

    version: str
    url: str

    @property
    def redirect_uri(self) -> str:
        """Where Airflow's FAB listens for the provider named "azure": measured on Airflow 2.11.2 and 3.3.2."""
        return self.url.rstrip("/") + (_AIRFLOW_2 if self.version.startswith("2.") else _AIRFLOW_3)


def declared_airflows(resources: Sequence[Resource], settings: Settings) -> list[DeclaredAirflow]:
    """The Airflows in the pack's configuration; without any, those in the stack's `airflow` output.

    An output counts where it is a list of objects with `version` and `url`, as this project's program exports it.
    """
    configured = settings["airflow"]
    stacks = of_type(resources, STACK)
    sources = [configured] if configured else [stack.get("airflow") for stack in stacks]
    declared = [
        DeclaredAirflow(version, url)
        for source in sources
        if isinstance(source, Sequence) and not isinstance(source, str)
        for item in source
        if isinstance(item, Mapping)
        and isinstance(version := item.get("version"), str)
        and isinstance(url := item.get("url"), str)
    ]
    return list(dict.fromkeys(declared))


def _airflow(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    with_uris = of_type(resources, *_WITH_URIS)
    declared = declared_airflows(resources, settings)
    registered = [(resource, uri) for resource in with_uris for uri in _uris(resource, "web")]
    for resource, uri in registered:
        if isinstance(uri, str) and not _fits(uri, declared):
            yield Finding(
                resource=resource,
                problem=f"Airflow doesn't listen at the redirect URI {uri}",
                fix=f"Use {_expected(declared)}",
            )
    known = {uri for _, uri in registered}
    if UNKNOWN not in known and with_uris:
        for airflow in declared:
            if airflow.redirect_uri not in known:
                yield Finding(
                    resource=with_uris[0],
                    problem=f"nothing is registered for Airflow {airflow.version} at {airflow.url}",
                    fix=f"Add the redirect URI {airflow.redirect_uri}",
                )


def _fits(uri: str, declared: Sequence[DeclaredAirflow]) -> bool:
    if declared:
        return uri in {airflow.redirect_uri for airflow in declared}
    address = _split(uri)
    return address.path.endswith(_AIRFLOW_2) and not address.query and not address.fragment


def _expected(declared: Sequence[DeclaredAirflow]) -> str:
    if declared:
        return " or ".join(f"{airflow.redirect_uri} (Airflow {airflow.version})" for airflow in declared)
    return f"<base URL>{_AIRFLOW_3} for Airflow 3 or <base URL>{_AIRFLOW_2} for 2.11"


REDIRECT_URI_AIRFLOW = Rule(
    name="redirect-uri-airflow",
    title="Redirect URIs match the Airflow version",
    description="Every web redirect URI is exactly where the declared Airflow listens.",
    scope="stack",
    severity="high",
    level="mandatory",
    reason="Entra compares redirect URIs character by character, and Airflow 3 listens elsewhere than 2.11: a URI that "
    "is off by a prefix stops every sign-in, and one that no Airflow answers is only of use to an attacker.",
    remedy="Register `<base URL>/auth/oauth-authorized/azure` for Airflow 3 and `<base URL>/oauth-authorized/azure` "
    "for 2.11, with the base URL's path prefix. The versions come from the stack's `airflow` output (this project's "
    "program has it) or from this policy's configuration; without either, both forms pass.",
    controls=("SOC 2 CC6.1", "NIST 800-53 SC-23"),
    source=BEST_PRACTICES,
    types=(*_WITH_URIS, STACK),
    check=_airflow,
    settings=(
        Setting(
            name="airflow",
            schema={
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"version": {"type": "string"}, "url": {"type": "string"}},
                    "required": ["version", "url"],
                },
                "default": [],
                "description": "The Airflows that may sign people in, each with `version` and `url` (the base URL).",
            },
        ),
    ),
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      web:
        redirectUris: [https://airflow.contoso.com/oauth-authorized/azure]
outputs:
  airflow:
    - {version: "3.3", url: https://airflow.contoso.com}
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      web:
        redirectUris: [https://airflow.contoso.com/auth/oauth-authorized/azure]
outputs:
  airflow:
    - {version: "3.3", url: https://airflow.contoso.com}
""",
)
