"""Why a rotation did not happen."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_entra.errors import UserError


@dataclass(frozen=True)
class Finding:
    where: str
    what: str
    right: str
    fix: str


class RefusedError(UserError):
    """The rotation stops here; nothing that works was taken away."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*findings)
        self.findings = findings
