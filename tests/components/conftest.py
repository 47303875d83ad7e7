from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.components import AirflowSignOn
from tests.components.harness import NOW, Deploy, Deployment, Entra, FakeTenant, Monitor, Registered, stack_settings


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Deploy]:
    """Declares a stack: `deploy({"signIn.guests": "allow"}, tenant=..., preview=...)`."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def run(
        changes: Mapping[str, Any] | None = None,
        *,
        tenant: FakeTenant | None = None,
        stack: str = "dev",
        preview: bool = False,
        deploys: bool = True,
        held: Sequence[str] = (),
    ) -> Deployment:
        tenant = tenant or FakeTenant()
        registered: list[Registered] = []
        mocks = Entra()
        pulumi.runtime.set_mocks(mocks, "airflow-entra", stack, preview, monitor=Monitor(mocks, registered))
        outputs: dict[str, Any] = {}

        @pulumi.runtime.test  # type: ignore[untyped-decorator]
        def program() -> pulumi.Output[None]:
            sign_on = AirflowSignOn(
                DeclaredStack(stack, stack_settings(changes or {})),
                folder=tmp_path,
                hand_over_file=tmp_path / "handover" / f"{stack}.md",
                tenant=tenant,  # type: ignore[arg-type]
                now=NOW,
                deploys=deploys,
                held=held,
            )
            return pulumi.Output.all(**sign_on.outputs).apply(outputs.update)

        program()
        return Deployment(registered, outputs, tenant)

    yield run
    asyncio.set_event_loop(None)
    loop.close()
