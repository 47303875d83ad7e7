"""An answer counts once; what a person corrected since, in the tenant or in the file, stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_entra.access.pipeline import Pipeline
from airflow_entra.access.repository import PipelineError
from airflow_entra.bootstrap.corrections import corrected
from airflow_entra.bootstrap.workspace import Workspace
from airflow_entra.commands.bootstrap import Call
from airflow_entra.errors import UserError
from airflow_entra_auth.graph import GraphError
from tests.access.pipelines import ISSUER, connected, declared, stack

STACKS = {"prod": stack(), "staging": stack("staging")}
NAMES = "repo:contoso/airflow-sign-on"
IDS = "repo:contoso@12/airflow-sign-on@345"
GITHUB = Call(github="contoso/airflow-sign-on")
DEVOPS = Call(azure_devops="contoso/data platform")


def subjects(pipeline: Pipeline) -> dict[str, list[str]]:
    return {identity.key: [trust.subject for trust in identity.trusts] for identity in pipeline.identities}


def test_an_answer_counts_once_and_the_file_stands_after_it(tmp_path: Path) -> None:
    first, standing = replace(GITHUB, subject=NAMES).pipeline(STACKS, None)
    assert standing == frozenset()
    workspace = Workspace(tmp_path / "bootstrap", tmp_path)
    workspace.prepare(first)

    file = workspace.folder / "Pulumi.bootstrap.yaml"
    file.write_text(file.read_text().replace(f"{NAMES}:environment:production", f"{IDS}:environment:production"))
    for said in (None, NAMES):
        again, standing = replace(GITHUB, subject=said).pipeline(STACKS, workspace.earlier())
        assert subjects(again)["production"] == [f"{IDS}:environment:production"]
        assert standing == {"preview", "production", "staging"}
        workspace.prepare(again)

    anew, standing = replace(GITHUB, subject=IDS).pipeline(STACKS, workspace.earlier())
    assert subjects(anew)["staging"] == [f"{IDS}:environment:staging"]
    assert standing == frozenset()


def test_an_environment_that_is_new_gets_what_was_answered_before() -> None:
    before, _ = replace(GITHUB, subject=IDS).pipeline({"prod": stack()}, None)
    after, standing = GITHUB.pipeline(STACKS, before)
    assert subjects(after)["staging"] == [f"{IDS}:environment:staging"]
    assert standing == {"preview", "production"}


def test_what_an_older_release_wrote_stands_and_only_a_new_environment_asks() -> None:
    """It wrote no answer, only what it had made of names."""
    before = declared()
    older = replace(before, repository=replace(before.repository, subject=""))  # type: ignore[arg-type]
    again, _ = GITHUB.pipeline(STACKS, older)
    assert subjects(again) == subjects(before)
    with pytest.raises(PipelineError, match=r"^--subject-prefix: "):
        GITHUB.pipeline(STACKS | {"dev": stack("development")}, older)


def test_azure_devops_in_two_steps_and_one_identity_said_anew() -> None:
    with pytest.raises(PipelineError, match=r"^--azure-devops: .* airflow-entra-preview, airflow-entra-production say"):
        DEVOPS.pipeline({"prod": stack()}, None)
    shown = [(key, ISSUER, trust.subject) for key, (trust,) in connected("production").items()]
    first, _ = replace(DEVOPS, trusts=shown).pipeline({"prod": stack()}, None)
    assert subjects(first) == {key: [subject] for key, _, subject in shown}
    again, standing = replace(DEVOPS, trusts=[("airflow-entra-production", ISSUER, "/eid1/other")]).pipeline(
        {"prod": stack()}, first
    )
    assert subjects(again) == subjects(first) | {"production": ["/eid1/other"]}
    assert standing == {"preview"}
    with pytest.raises(PipelineError, match=r"^--trust: prod is no identity"):
        replace(DEVOPS, trusts=[("prod", ISSUER, "s")]).pipeline({"prod": stack()}, None)


def test_a_runner_s_own_platform_takes_the_place_of_github_s_tokens() -> None:
    cluster = "https://westeurope.oic.prod-aks.azure.com/a/b/"
    trusts = [(key, cluster, f"system:serviceaccount:runners:{key}") for key in ("preview", "production")]
    found, _ = replace(GITHUB, trusts=trusts).pipeline({"prod": stack()}, None)
    assert subjects(found) == {key: [subject] for key, _, subject in trusts}
    assert {trust.name for identity in found.identities for trust in identity.trusts} == {"workload"}


def test_a_file_that_cannot_be_read_any_more_is_not_written_over(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "bootstrap", tmp_path)
    assert workspace.earlier() is None
    workspace.prepare(declared())
    file = workspace.folder / "Pulumi.bootstrap.yaml"
    content = yaml.safe_load(file.read_text())
    for broken in ("{", "config: {}", yaml.safe_dump({"config": {next(iter(content["config"])): 1}})):
        file.write_text(broken)
        with pytest.raises(UserError, match=r"Pulumi\.bootstrap\.yaml: it can't be read any more"):
            workspace.earlier()


class Tenant:
    """A Graph that knows one application for each tag, each with these federated credentials."""

    def __init__(self, trusts: list[dict[str, Any]] | int) -> None:
        self._trusts = trusts

    def pages(self, path: str, query: dict[str, str] | None = None) -> list[dict[str, Any]]:
        if isinstance(self._trusts, int):
            raise GraphError("GET", path, self._trusts, "Authorization_RequestDenied", "no", "")
        return [{"id": "an-application"}] if path == "/applications" else self._trusts


def test_what_somebody_corrected_in_the_tenant_is_kept_and_told() -> None:
    said: list[str] = []
    live = [{"name": "environment", "issuer": ISSUER, "subject": f"{IDS}:environment:x"}, {"name": "by-hand"}]
    found = corrected(declared(), {"production"}, Tenant(live), said.append)  # type: ignore[arg-type]
    assert subjects(found) == subjects(declared()) | {"production": [f"{IDS}:environment:x"]}
    (line,) = said
    assert line.startswith(f"airflow-entra-production trusts {IDS}:environment:x of {ISSUER} in the tenant")
    assert f"The last run had said {NAMES}:environment:production" in line


def test_a_credential_that_trusts_by_a_rule_is_left_alone() -> None:
    live = [{"name": "environment", "issuer": ISSUER, "subject": None}]
    assert corrected(declared(), {"production"}, Tenant(live), print) == declared()  # type: ignore[arg-type]


def test_where_the_tenant_may_not_be_read_the_file_stands() -> None:
    assert corrected(declared(), {"production"}, Tenant(403), print) == declared()  # type: ignore[arg-type]
    with pytest.raises(GraphError):
        corrected(declared(), {"production"}, Tenant(500), print)  # type: ignore[arg-type]
