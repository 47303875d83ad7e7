"""Helm's own answer: a team's values and the rendered ones live side by side, in whichever order they are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_entra.render import Facts, render
from tests.render.helm import official_chart, template
from tests.render.stacks import CREDENTIALS, known

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # Helm is built the first time

DATA = Path(__file__).parent / "data"
TEAMS = sorted(file.name for file in DATA.glob("team-values*.yaml"))
EVERY_TEAM = pytest.mark.parametrize("team", TEAMS)
EITHER_ORDER = pytest.mark.parametrize("ours_last", [True, False], ids=["ours last", "ours first"])
BOTH = pytest.mark.parametrize("version", ["3.3", "2.11"])
EVERY_MODE = pytest.mark.parametrize("mode", sorted(CREDENTIALS))
SERVER = {"3.3": "api-server", "2.11": "webserver"}
ALL_OF_THE_VALUES = "values: {{ .Values | toYaml | nindent 2 }}\n"


def texts(facts: Facts, team: str, ours_last: bool) -> list[str]:
    both = [(DATA / team).read_text("utf-8"), render("helm", facts)]
    return both if ours_last else both[::-1]


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What values say, a list as a whole: it is replaced as a whole."""
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from leaves(below, (*path, key))
    else:
        yield path, value


@pytest.fixture(scope="module")
def any_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that shows the values that reached it."""
    folder = tmp_path_factory.mktemp("chart")
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: any\nversion: 1.0.0\n")
    (folder / "templates").mkdir()
    (folder / "templates" / "all.yaml").write_text(ALL_OF_THE_VALUES)
    return folder


@BOTH
@EVERY_MODE
@EVERY_TEAM
@EITHER_ORDER
def test_nothing_is_lost_of_either_file(
    any_chart: Path, version: str, mode: str, team: str, ours_last: bool, tmp_path: Path
) -> None:
    facts = known(version, mode)
    (shown,) = template(any_chart, texts(facts, team, ours_last), tmp_path)
    reached = dict(leaves(shown["values"]))

    for source in texts(facts, team, ours_last):
        for path, value in leaves(yaml.safe_load(source)):
            assert reached[path] == value, path


def container(deployment: dict[str, Any], name: str) -> dict[str, Any]:
    pod = deployment["spec"]["template"]["spec"]
    return next(found for found in pod["containers"] if found["name"] == name)


def named(things: Any) -> set[str]:
    return {thing["name"] for thing in things or ()}


@BOTH
@EVERY_TEAM
@EITHER_ORDER
def test_the_official_chart_makes_both_of_it(version: str, team: str, ours_last: bool, tmp_path: Path) -> None:
    made = template(official_chart(), texts(known(version), team, ours_last), tmp_path)
    deployments = {item["metadata"]["labels"]["component"]: item for item in made if item["kind"] == "Deployment"}
    server = deployments[SERVER[version]]
    pod, main = server["spec"]["template"]["spec"], container(server, SERVER[version])
    config_maps = {item["metadata"]["name"]: item["data"] for item in made if item["kind"] == "ConfigMap"}
    accounts = {item["metadata"]["name"]: item["metadata"] for item in made if item["kind"] == "ServiceAccount"}

    # The team's.
    assert "company-ca" in named(pod["volumes"])
    assert {"name": "company-ca", "mountPath": "/etc/company-ca"} in main["volumeMounts"]
    if team == "team-values.yaml":
        assert {"name": "HTTPS_PROXY", "value": "http://proxy.example.internal:3128"} in main["env"]
        assert {"secretRef": {"name": "team-secrets"}} in main["envFrom"]
        if version == "3.3":
            assert "log-shipper" in named(pod["containers"])
    else:
        assert {"REQUESTS_CA_BUNDLE", "COMPANY"} <= named(main["env"])
        assert "wait" in named(pod["initContainers"])
        assert "company" in config_maps
        assert "remote_logging = True" in config_maps["airflow-config"]["airflow.cfg"]
        assert server["spec"]["template"]["metadata"]["labels"]["team"] == "data"

    # Ours.
    mounts = {mount["mountPath"]: mount["name"] for mount in main["volumeMounts"]}
    assert mounts["/opt/airflow/webserver_config.py"] == f"{SERVER[version]}-config"
    assert "configuration()" in config_maps[f"airflow-{SERVER[version]}-config"]["webserver_config.py"]
    said = config_maps["airflow-config"]["airflow.cfg"]
    assert "session_key = kubernetes:secret/airflow-entra-session/key" in said
    assert "auth_manager = airflow_entra_auth.fab.manager.EntraFabAuthManager" in said
    assert "airflow-entra-sign-on" in config_maps
    account = pod["serviceAccountName"]
    assert "azure.workload.identity/client-id" in accounts[account]["annotations"]
    assert server["spec"]["template"]["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    bound = [*yaml.safe_load_all(render("helm-watcher", known(version)))]
    assert account in {subject["name"] for item in bound for subject in item.get("subjects", ())}

    # Nobody else has any of it, and nobody is made with a password.
    assert [item for item in made if item["kind"] == "Job" and "create-user" in item["metadata"]["name"]] == []
    for component, deployment in deployments.items():
        if component != SERVER[version]:
            template_of = deployment["spec"]["template"]
            assert "azure.workload.identity/use" not in template_of["metadata"].get("labels", {}), component
            assert template_of["spec"]["serviceAccountName"] != account, component
