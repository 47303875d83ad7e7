"""Where secrets are kept, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies import resource_types as types
from policies.relations import Candidates
from policies.resources import Resource, of_type
from policies.rules import Finding, Rule, Setting, Settings

_SOURCE = "https://learn.microsoft.com/en-us/entra/identity-platform/security-best-practices-for-app-registration"
_APPLICATION = """\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
"""


def _password(name: str) -> str:
    return f"""\
  {name}:
    type: azuread:ApplicationPassword
    properties:
      applicationId: ${{airflow.id}}
      displayName: {name}
      startDate: "2030-01-01T00:00:00Z"
      endDate: "2030-04-01T00:00:00Z"
"""


def _elsewhere(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    kept = {
        urn for secret in of_type(resources, types.VAULT_SECRET) for urns in secret.sources.values() for urn in urns
    }
    for password in of_type(resources, types.APPLICATION_PASSWORD):
        if password.urn not in kept:
            yield Finding(
                resource=password,
                problem="its value goes into no key vault that the program declares",
                fix="Make an azure-native:keyvault:Secret of it, and read it from there",
            )
    for application in of_type(resources, types.APPLICATION):
        if application.get("password") is not None:
            yield Finding(
                resource=application,
                problem="password makes a secret inside the application, which goes into no vault",
                fix="Declare an ApplicationPassword and a keyvault Secret made of it",
            )
    for stack in of_type(resources, types.STACK):
        values = [password.get("value") for password in of_type(resources, types.APPLICATION_PASSWORD)]
        for output, value in stack.props.items():
            if isinstance(value, str) and value and value in values:
                yield Finding(
                    resource=stack,
                    problem=f"the output {output} is a client secret",
                    fix="Export the secret's address in the vault",
                )


SECRETS_IN_VAULT = Rule(
    name="secrets-in-vault",
    title="No secret outside Key Vault",
    description="Every client secret goes into a key vault, and nowhere else.",
    scope="stack",
    severity="critical",
    level="mandatory",
    reason="A secret that is in no vault is handed on by mail, chat or a pipeline's variables: nobody can say who has "
    "it, and rotating it means asking around.",
    remedy="Make an `azure-native:keyvault:Secret` of the password's `value`, and let Airflow read it there. Better: a "
    "federated credential.",
    controls=("SOC 2 CC6.1", "NIST 800-53 IA-5", "NIST 800-53 SC-12"),
    source=_SOURCE,
    types=(types.APPLICATION, types.APPLICATION_PASSWORD, types.VAULT_SECRET, types.STACK),
    check=_elsewhere,
    violation=_APPLICATION + _password("airflow-secret"),
    compliance=f"""{_APPLICATION}{_password("airflow-secret")}\
  airflow-secret-in-vault:
    type: azure-native:keyvault:Secret
    properties:
      resourceGroupName: rg-airflow
      vaultName: kv-airflow
      secretName: airflow-oauth-client-secret
      properties:
        value: ${{airflow-secret.value}}
        attributes: {{notBefore: 1893456000, expires: 1901232000}}
""",
)


def _few(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    most = settings.get("maxSecrets")
    applications = Candidates(of_type(resources, types.APPLICATION), "id")
    found: dict[str, tuple[Resource, int]] = {}
    for password in of_type(resources, types.APPLICATION_PASSWORD):
        for application in applications.of(password, "applicationId"):
            found[application.urn] = (application, found.get(application.urn, (application, 0))[1] + 1)
    for application, number in found.values():
        if isinstance(most, int) and number > most:
            yield Finding(
                resource=application,
                problem=f"it has {number} client secrets, where {most} are enough to rotate",
                fix="Remove those that nothing uses",
            )


FEW_SECRETS = Rule(
    name="few-secrets",
    title="At most two client secrets",
    description="An application has no more client secrets than rotating needs.",
    scope="stack",
    severity="low",
    level="advisory",
    reason="Each secret is one more that signs in as Airflow. Two overlap while one is replaced; a third is forgotten.",
    remedy="Keep two slots and replace the older one in turn.",
    controls=("SOC 2 CC6.1", "NIST 800-53 IA-5"),
    source=_SOURCE,
    types=(types.APPLICATION, types.APPLICATION_PASSWORD),
    check=_few,
    settings=(
        Setting(
            name="maxSecrets",
            schema={"type": "integer", "minimum": 0, "default": 2, "description": "The most client secrets."},
        ),
    ),
    violation=_APPLICATION + "".join(_password(f"slot-{slot}") for slot in "abc"),
    compliance=_APPLICATION + "".join(_password(f"slot-{slot}") for slot in "ab"),
)
