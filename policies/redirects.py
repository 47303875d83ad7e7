"""Where Entra may send people, and their authorization codes, after they signed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from policies.application import BEST_PRACTICES
from policies.resource_types import APPLICATION, STACK
from policies.resources import PLATFORMS, UNKNOWN, Resource, Value, of_type
from policies.rules import Finding, Rule, Setting, Settings

_AIRFLOW_2 = "/oauth-authorized/azure"
_AIRFLOW_3 = "/auth/oauth-authorized/azure"


def _uris(application: Resource) -> list[Value]:
    return [uri for platform in PLATFORMS for uri in application.items(platform, "redirectUris")]


def _https(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for resource in resources:
        for uri in _uris(resource):
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
    types=(APPLICATION,),
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
    applications = of_type(resources, APPLICATION)
    declared = declared_airflows(resources, settings)
    fitting = {airflow.redirect_uri for airflow in declared}
    registered = [(application, uri) for application in applications for uri in _uris(application)]
    said_later = any(UNKNOWN in (stack.get("airflow"), *stack.items("airflow")) for stack in of_type(resources, STACK))
    for application, uri in registered:
        if isinstance(uri, str) and uri not in fitting and not said_later:
            yield Finding(
                resource=application,
                problem=f"Airflow doesn't listen at the redirect URI {uri}"
                if declared
                else f"no Airflow is declared for the redirect URI {uri}",
                fix=f"Use {_expected(declared)}" if declared else _UNDECLARED,
            )
    known = {uri for _, uri in registered}
    if UNKNOWN not in known and applications:
        for airflow in declared:
            if airflow.redirect_uri not in known:
                yield Finding(
                    resource=applications[0],
                    problem=f"nothing is registered for Airflow {airflow.version} at {airflow.url}",
                    fix=f"Add the redirect URI {airflow.redirect_uri}",
                )


_UNDECLARED = (
    "Say which Airflow it is, with version and url, in the stack's output `airflow` or in this policy's configuration"
)


def _expected(declared: Sequence[DeclaredAirflow]) -> str:
    return " or ".join(f"{airflow.redirect_uri} (Airflow {airflow.version})" for airflow in declared)


REDIRECT_URI_AIRFLOW = Rule(
    name="redirect-uri-airflow",
    title="Redirect URIs match the Airflow version",
    description="Every redirect URI is exactly where a declared Airflow listens.",
    scope="stack",
    severity="high",
    level="mandatory",
    reason="Entra compares redirect URIs character by character, and Airflow 3 listens elsewhere than 2.11: a URI that "
    "is off by a prefix stops every sign-in, and one that no Airflow answers is only of use to an attacker.",
    remedy="Register `<base URL>/auth/oauth-authorized/azure` for Airflow 3 and `<base URL>/oauth-authorized/azure` "
    "for 2.11, with the base URL's path prefix. The Airflows come from the stack's `airflow` output (this project's "
    "program has it) or from this policy's configuration; an address of no declared Airflow is refused.",
    controls=("SOC 2 CC6.1", "NIST 800-53 SC-23"),
    source=BEST_PRACTICES,
    types=(APPLICATION, STACK),
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
