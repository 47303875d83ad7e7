"""What Pulumi and its SDK write down of a run: nothing, unless they are asked to."""

from __future__ import annotations

import pytest

from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.engine
FROM_THE_SDK = "debug: registering resource: ty=azuread:index/application:Application"


def test_the_sdks_debug_messages_are_there_for_who_asks(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FROM_THE_SDK not in deployment.pulumi("preview --debug")
    assert (deployment.world.pulumi_home / "logs").is_file()
    monkeypatch.setenv("AIRFLOW_ENTRA_DEBUG", "true")
    assert FROM_THE_SDK in deployment.pulumi("preview --debug")
