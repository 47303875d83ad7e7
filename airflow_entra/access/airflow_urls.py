"""The URLs at which Airflow answers during sign-on, by version."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_entra_auth.airflow_paths import REDIRECTS, SIGN_OUTS


@dataclass(frozen=True, slots=True)
class AirflowUrls:
    """One Airflow's URLs; all of them below its public base URL, a path prefix included."""

    version: str
    url: str
    redirect_uri: str
    logout_url: str


def urls(version: str, base_url: str) -> AirflowUrls:
    """The URLs of Airflow `version` ("2.11", "3.3", "3.3.2") at `base_url`. Case is kept: Entra compares it."""
    base, major = base_url.rstrip("/"), int(version.split(".")[0])
    return AirflowUrls(version, base, base + REDIRECTS[major], base + SIGN_OUTS[major])


def front_channel_logout(airflows: tuple[AirflowUrls, ...]) -> str | None:
    """The one logout URL that an application can have: the newest Airflow's that has https, which Entra requires."""
    secure = [airflow for airflow in airflows if airflow.logout_url.startswith("https://")]
    newest = max(secure, key=lambda airflow: [int(part) for part in airflow.version.split(".")], default=None)
    return newest.logout_url if newest else None
