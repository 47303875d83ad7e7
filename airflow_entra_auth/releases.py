"""The releases of Airflow that this is tested with, and why any other is refused.

Standard library alone, for Python 3.10.
"""

from airflow_entra_auth.ending import StopError

TESTED = {"2.11": "2.11.2", "3.3": "3.3.2"}
"""The release that the tests run, by the minor version that it stands for."""

_TRIED = {
    "3.0": "3.0.6 does not start with it",
    "3.1": "3.1.7 answers the way back from Entra with HTTP 500",
    "3.2": "3.2.2 does not start with it",
}
"""What happened with each, installed with its own constraint file."""


def refusal(version: str) -> str | None:
    """Why Airflow `version` ("3.1", "3.4.0rc1") is refused; None for a release of a tested minor version."""
    minor = ".".join(version.split(".")[:2])
    if minor in TESTED:
        return None
    return _TRIED.get(minor, f"airflow-entra was never tried with Airflow {minor}")


def must_be_tested(version: str) -> None:
    """Raises StopError with the reason where this Airflow is of another release."""
    if why := refusal(version):
        raise StopError(
            f"Airflow {version} is not an Airflow that airflow-entra-auth is tested with ({why}): bring Airflow to "
            f"{' or '.join(TESTED)}"
        )
