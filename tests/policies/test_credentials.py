from datetime import UTC, datetime, timedelta

import pytest

from policies.credentials import SECRETS_EXPIRE
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding

SECRETS = [
    "azuread:ApplicationPassword",
    "azuread:ApplicationCertificate",
    "azuread:ServicePrincipalPassword",
    "azuread:ServicePrincipalCertificate",
]


def problems(type_: str, **props: Value) -> list[str]:
    resource = Resource(urn="secret", type=type_, name="secret", props=props)
    results = SECRETS_EXPIRE.check([resource], {"maxDays": 180})
    return [f"{result.problem}. {result.fix}" for result in results if isinstance(result, Finding)]


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


@pytest.mark.parametrize("type_", SECRETS)
def test_a_secret_without_an_end_is_refused(type_: str) -> None:
    assert problems(type_) == [
        "endDate is missing, so it may live for years. Set endDate to at most 180 days after the start"
    ]


@pytest.mark.parametrize("type_", SECRETS)
def test_a_secret_that_ends_late_is_refused(type_: str) -> None:
    start, end = "2030-01-01T00:00:00Z", "2030-07-01T00:00:00Z"
    assert problems(type_, startDate=start, endDate=end) == [
        "endDate allows 181 days. Set endDate to at most 180 days after the start"
    ]


def test_180_days_are_allowed() -> None:
    assert problems(SECRETS[0], startDate="2030-01-01T00:00:00Z", endDate="2030-06-30T00:00:00Z") == []


@pytest.mark.parametrize(("days", "refused"), [(97, False), (180, False), (181, True), (-30, False)])
def test_without_a_start_it_counts_from_now(days: int, refused: bool) -> None:
    assert bool(problems(SECRETS[0], endDate=in_days(days).isoformat())) is refused


@pytest.mark.parametrize(("relative", "refused"), [("4320h", False), ("4320h30m", True), ("8760h", True)])
def test_a_relative_end(relative: str, refused: bool) -> None:
    assert bool(problems(SECRETS[0], endDateRelative=relative)) is refused


def test_an_end_that_is_no_date_is_refused() -> None:
    assert problems(SECRETS[0], endDate="soon")[0].startswith("endDate is 'soon', which is not a date. ")
    assert problems(SECRETS[0], endDateRelative="90d")[0].startswith("endDateRelative is '90d', which is not a date. ")


@pytest.mark.parametrize("props", [{"endDate": UNKNOWN}, {"endDateRelative": UNKNOWN}])
def test_an_end_not_known_yet_is_left_alone(props: dict[str, Value]) -> None:
    assert problems(SECRETS[0], **props) == []
    assert problems(SECRETS[0], startDate=UNKNOWN, endDate="2090-01-01T00:00:00Z") == []


def test_a_password_inside_the_application() -> None:
    assert problems("azuread:Application") == []
    (message,) = problems("azuread:Application", password={"displayName": "secret"})
    assert message.startswith("password.endDate is missing, ")


def in_vault(expires: Value) -> list[str]:
    return problems("azure-native:keyvault:Secret", properties={"attributes": {"expires": expires}})


def test_a_secret_in_key_vault() -> None:
    expires = "properties.attributes.expires"
    assert in_vault(int(in_days(90).timestamp())) == []
    assert in_vault(UNKNOWN) == []
    assert in_vault(None)[0].startswith(f"{expires} is missing, ")
    assert in_vault(int(in_days(200).timestamp()))[0].startswith(f"{expires} allows 199 days. ")
    assert in_vault(1e30)[0].startswith(f"{expires} is '1e+30', which is not a date. ")
    assert problems("azure-native:keyvault:Secret", properties={"value": "x"})[0].startswith(f"{expires} is missing, ")
