"""Rules over several stacks: which group counts as the same, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_entra.finding import exit_code
from airflow_entra.report.check import conclusion
from airflow_entra.settings.check import Checked, check

TENANT, OTHER_TENANT = (f"7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a{end}" for end in (11, 12))
ID = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03"
STACK = """config:
  azuread:tenantId: {tenant}
  airflow-entra:environment: {environment}
  airflow-entra:tenant: {{licence: P1}}
  airflow-entra:airflow: [{{version: "3.3", url: https://airflow.contoso.com}}]
  airflow-entra:signIn: {{guests: refuse, tokenLifetime: 8h, revocation: watch}}
  airflow-entra:owners: {{application: [9e6e5e3a-533d-5916-9361-192d95b35083], contacts: [data-platform@contoso.com]}}
  airflow-entra:credential:
    {{mode: federated, federated: {{issuer: https://issuer.contoso.com, subject: "system:serviceaccount:airflow:api"}}}}
  airflow-entra:roles:
    {role}:
      groups:
        - {group}
"""
ADMINS = "create: admins"


def checked(
    folder: Path,
    one: str,
    other: str,
    *,
    environments: tuple[str, str] = ("development", "production"),
    tenant: str = TENANT,
    role: str = "Admin",
) -> Checked:
    files = []
    for name, group, environment, where in (
        ("a", one, environments[0], TENANT),
        ("b", other, environments[1], tenant),
    ):
        file = folder / f"Pulumi.{name}.yaml"
        file.write_text(STACK.format(tenant=where, environment=environment, role=role, group=group), "utf-8")
        files.append(file)
    return check(files)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ADMINS, ADMINS),
        (ADMINS, "{create: bosses, was: admins}"),
        (f"{{id: {ID}, name: admins}}", f"{{id: {ID.upper()}, name: bosses}}"),
    ],
)
def test_the_same_group_is_found_at_its_place_in_both_files(tmp_path: Path, one: str, other: str) -> None:
    found = checked(tmp_path, one, other)
    assert [finding.position for finding in found.findings] == [(13, 11)] * 2
    assert f"in production ({tmp_path / 'Pulumi.b.yaml'}:13:11)" in found.findings[0].what
    assert f"in development ({tmp_path / 'Pulumi.a.yaml'}:13:11)" in found.findings[1].what
    assert exit_code(found.findings) == 1
    assert not found.unusable
    assert conclusion(found).startswith("2 errors between 2 files, each usable")


def test_what_is_not_the_same_group_or_not_two_environments_is_fine(tmp_path: Path) -> None:
    fine = [
        checked(tmp_path, ADMINS, "create: other-admins"),
        checked(tmp_path, ADMINS, ADMINS, tenant=OTHER_TENANT),
        checked(tmp_path, ADMINS, ADMINS, environments=("production", "production")),
        checked(tmp_path, ADMINS, ADMINS, environments=("local", "production")),
        checked(tmp_path, ADMINS, ADMINS, role="Viewer"),
        checked(tmp_path, ADMINS, f"{{id: {ID}, name: admins}}"),
    ]
    assert [exit_code(one.findings) for one in fine] == [0] * len(fine)


def test_a_file_that_is_wrong_by_itself_is_exit_code_2(tmp_path: Path) -> None:
    found = checked(tmp_path, ADMINS, ADMINS, environments=("development", "nowhere"))
    assert exit_code(found.findings) == 2
    assert found.unusable == {tmp_path / "Pulumi.b.yaml"}
