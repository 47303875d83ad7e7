"""Every check of an audit, in the order of the report."""

from __future__ import annotations

from airflow_entra.audit.checks import airflow, credentials, directory
from airflow_entra.audit.checks.check import SEVERITIES, Facts, Finding, Result, Skipped

CHECKS = (*directory.CHECKS, *credentials.CHECKS, *airflow.CHECKS)


def run(facts: Facts) -> list[Result]:
    """What came of every check; the findings of each by severity."""
    results = []
    for check in CHECKS:
        looked = check.look(facts)
        came = [looked] if isinstance(looked, Skipped) else list(looked)
        findings = [finding for finding in came if isinstance(finding, Finding)]
        skipped = dict.fromkeys(part.because for part in came if isinstance(part, Skipped))
        findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
        results.append(Result(check, tuple(findings), "; ".join(skipped) or None))
    return results
