import pytest

from policies.redirects import REDIRECT_URI_AIRFLOW, REDIRECT_URI_HTTPS
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding

BASE = "https://airflow.contoso.com"


def application(*uris: Value, platform: str = "web") -> Resource:
    props: dict[str, Value] = {platform: {"redirectUris": [*uris]}}
    return Resource(urn="app", type="azuread:Application", name="airflow", props=props)


def stack(*airflows: tuple[str, str]) -> Resource:
    declared: list[Value] = [{"version": version, "url": url} for version, url in airflows]
    return Resource(urn="stack", type="pulumi:pulumi:Stack", name="stack", props={"airflow": declared})


def secure(*resources: Resource) -> list[str]:
    return [result.problem for result in REDIRECT_URI_HTTPS.check(resources, {}) if isinstance(result, Finding)]


def exact(*resources: Resource, airflow: Value = ()) -> list[str]:
    results = REDIRECT_URI_AIRFLOW.check(resources, {"airflow": airflow})
    return [f"{result.problem}. {result.fix}" for result in results if isinstance(result, Finding)]


@pytest.mark.parametrize("platform", ["web", "singlePageApplication", "publicClient"])
@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("http://airflow.contoso.com/x", "the redirect URI http://airflow.contoso.com/x is not https"),
        ("http://localhost.contoso.com/x", "the redirect URI http://localhost.contoso.com/x is not https"),
        ("urn:ietf:wg:oauth:2.0:oob", "the redirect URI urn:ietf:wg:oauth:2.0:oob is not https"),
        ("https://*.contoso.com/x", "the redirect URI https://*.contoso.com/x has a wildcard"),
        ("https://airflow.contoso.com/*", "the redirect URI https://airflow.contoso.com/* has a wildcard"),
    ],
)
def test_insecure_addresses_are_refused(uri: str, problem: str, platform: str) -> None:
    assert secure(application(uri, platform=platform)) == [problem]


@pytest.mark.parametrize("uri", [f"{BASE}/x", "http://localhost:8080/x", "http://localhost/x", UNKNOWN])
def test_secure_addresses_pass(uri: Value) -> None:
    assert secure(application(uri)) == []


@pytest.mark.parametrize(
    ("version", "url", "uri"),
    [
        ("3.3", BASE, f"{BASE}/auth/oauth-authorized/azure"),
        ("3.0.1", f"{BASE}/", f"{BASE}/auth/oauth-authorized/azure"),
        ("3.3", f"{BASE}/af", f"{BASE}/af/auth/oauth-authorized/azure"),
        ("2.11", BASE, f"{BASE}/oauth-authorized/azure"),
        ("2.11.2", f"{BASE}/af", f"{BASE}/af/oauth-authorized/azure"),
        ("3.3", "http://localhost:8080", "http://localhost:8080/auth/oauth-authorized/azure"),
    ],
)
def test_the_address_of_the_declared_airflow_passes(version: str, url: str, uri: str) -> None:
    assert exact(application(uri), stack((version, url))) == []


def test_the_other_versions_path_is_refused_and_the_right_one_missed() -> None:
    uri = f"{BASE}/oauth-authorized/azure"
    assert exact(application(uri), stack(("3.3", BASE))) == [
        f"Airflow doesn't listen at the redirect URI {uri}. Use {BASE}/auth/oauth-authorized/azure (Airflow 3.3)",
        f"nothing is registered for Airflow 3.3 at {BASE}. Add the redirect URI {BASE}/auth/oauth-authorized/azure",
    ]


@pytest.mark.parametrize(
    "uri",
    [
        f"{BASE}/auth/oauth-authorized/azure/",
        f"{BASE}/Auth/oauth-authorized/azure",
        f"{BASE}/auth/oauth-authorized/azure?x=1",
        f"{BASE}:8443/auth/oauth-authorized/azure",
        "https://other.contoso.com/auth/oauth-authorized/azure",
    ],
)
def test_nothing_but_the_exact_address_passes(uri: str) -> None:
    right = f"{BASE}/auth/oauth-authorized/azure"
    (message,) = exact(application(right, uri), stack(("3.3", BASE)))
    assert message.startswith(f"Airflow doesn't listen at the redirect URI {uri}. ")


def test_two_airflows_while_migrating() -> None:
    both = stack(("2.11", BASE), ("3.3", "https://new.contoso.com"))
    old, new = f"{BASE}/oauth-authorized/azure", "https://new.contoso.com/auth/oauth-authorized/azure"
    assert exact(application(old, new), both) == []
    assert exact(application(old), both) == [
        f"nothing is registered for Airflow 3.3 at https://new.contoso.com. Add the redirect URI {new}"
    ]


def test_addresses_not_known_yet_are_left_alone() -> None:
    assert exact(application(UNKNOWN), stack(("3.3", BASE))) == []


def test_the_pack_can_be_told_the_airflows() -> None:
    uri = f"{BASE}/oauth-authorized/azure"
    assert exact(application(uri), airflow=[{"version": "2.11", "url": BASE}]) == []
    assert len(exact(application(uri), airflow=[{"version": "3.3", "url": BASE}])) == 2


def test_an_address_of_no_declared_airflow_is_refused() -> None:
    uri = f"{BASE}/auth/oauth-authorized/azure"
    (message,) = exact(application(uri))
    assert message == (
        f"no Airflow is declared for the redirect URI {uri}. Say which Airflow it is, with version and url, in the "
        "stack's output `airflow` or in this policy's configuration"
    )
    later = Resource(urn="stack", type="pulumi:pulumi:Stack", name="stack", props={"airflow": UNKNOWN})
    assert exact(application(uri), later) == []


@pytest.mark.parametrize("platform", ["web", "singlePageApplication", "publicClient"])
@pytest.mark.parametrize(
    "host", ["airflow.contoso.com.evil.example", "airflow.contoso.com@evil.example", "xn--airflw-dxa.contoso.com"]
)
def test_a_host_that_looks_like_it_is_another(host: str, platform: str) -> None:
    right = f"{BASE}/auth/oauth-authorized/azure"
    wrong = application(f"https://{host}/auth/oauth-authorized/azure", platform=platform)
    assert len(exact(application(right), wrong, stack(("3.3", BASE)))) == 1
