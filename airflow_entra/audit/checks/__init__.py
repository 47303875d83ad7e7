"""Every check of an audit, in the order of the report."""

from __future__ import annotations

from airflow_entra.audit.checks import airflow, credentials, directory
from airflow_entra.audit.checks.check import SEVERITIES, Facts, Result, Skipped

CHECKS = (*directory.CHECKS, *credentials.CHECKS, *airflow.CHECKS)


def run(facts: Facts) -> list[Result]:
    """What came of every check; the findings of each by severity."""
    results = []
    for check in CHECKS:
        found = check.look(facts)
        if isinstance(found, Skipped):
            results.append(Result(check, skipped=found.because))
        else:
            results.append(Result(check, tuple(sorted(found, key=lambda one: SEVERITIES.index(one.severity)))))
    return results
