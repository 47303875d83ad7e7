"""Every check of an audit, in the order of the report."""

from __future__ import annotations

from dataclasses import replace

from airflow_entra.audit.checks import airflow, credentials, directory, mapped_claims, registration
from airflow_entra.audit.checks.check import Facts, Result, Skipped
from airflow_entra.finding import Finding

CHECKS = (*directory.CHECKS, *registration.CHECKS, *mapped_claims.CHECKS, *credentials.CHECKS, *airflow.CHECKS)


def run(facts: Facts) -> list[Result]:
    """What came of every check."""
    results = []
    for check in CHECKS:
        looked = check.look(facts)
        came = [looked] if isinstance(looked, Skipped) else list(looked)
        findings = [replace(part, id=check.id, controls=check.controls) for part in came if isinstance(part, Finding)]
        skipped = dict.fromkeys(part.because for part in came if isinstance(part, Skipped))
        results.append(Result(check, tuple(findings), "; ".join(skipped) or None))
    return results
