"""What counts as Entra's yes, no and silence at the token endpoint, and which ID tokens are believed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from airflow_entra_auth.credential import ClientCredential
from airflow_entra_auth.watch.answers import TurnedDown
from airflow_entra_auth.watch.redeem import NoAnswerError, Redeemer, Renewed
from airflow_entra_auth.watch.token import TokenEndpoint
from tests.auth.answers_page import page
from tests.auth.sign_on import CLIENT, OTHER_TENANT, PERSON, TENANT, claims, rules

KEY, STRANGER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"


class Entra:
    """Metadata, keys and a token endpoint, whose next answer is `status` and `body`."""

    def __init__(self) -> None:
        self.status, self.body, self.headers = 200, dict[str, Any](), dict[str, str]()
        self.keys, self.issuer = {"one": KEY}, ISSUER
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        client = httpx.Client(transport=httpx.MockTransport(self._answer))
        said = rules(revocation="refresh")
        self.redeemer = Redeemer(said, TokenEndpoint(said, ClientCredential.of(said.credential), client), client)

    def renews(self, key: rsa.RSAPrivateKey = KEY, kid: str = "one", **changes: Any) -> None:
        now = int(time.time())
        token = jwt.encode(claims(**({"iat": now, "exp": now + 3600} | changes)), key, "RS256", {"kid": kid})
        self.status, self.body = 200, {"id_token": token, "access_token": "access", "refresh_token": "next"}

    def refuses(self, error: str, *numbers: int, status: int = 400) -> None:
        described = f"AADSTS{numbers[0]}: no.\r\nTrace ID: x" if numbers else ""
        self.status = status
        self.body = {"error": error, "error_description": described, "error_codes": list(numbers)}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.rpartition("/")[2])
        if request.method == "POST":
            self.forms.append(dict(httpx.QueryParams(request.content.decode())))
            return httpx.Response(self.status, json=self.body, headers=self.headers)
        if request.url.path.endswith("openid-configuration"):
            return httpx.Response(
                200, json={"issuer": self.issuer, "jwks_uri": "https://login.microsoftonline.com/keys"}
            )
        keys = [
            jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        return httpx.Response(200, json={"keys": keys})


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Entra:
    monkeypatch.setenv("AIRFLOW_ENTRA_CLIENT_SECRET", "a secret")
    return Entra()


def test_a_yes_is_new_claims_and_the_next_token(entra: Entra) -> None:
    entra.renews(roles=["Viewer"])
    answer = entra.redeemer.redeem("first")
    assert isinstance(answer, Renewed)
    assert (answer.claims["oid"], answer.claims["roles"], answer.refresh_token) == (PERSON, ["Viewer"], "next")
    (form,) = entra.forms
    assert (form["grant_type"], form["refresh_token"], form["client_id"]) == ("refresh_token", "first", CLIENT)
    assert "offline_access" in form["scope"].split()


def test_keys_are_fetched_once(entra: Entra) -> None:
    for _ in range(3):
        entra.renews()
        entra.redeemer.redeem("first")
    assert entra.asked.count("keys") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"key": STRANGER},
        {"kid": "another"},
        {"aud": TENANT},
        {"iss": f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"},
        {"exp": 1},
        {"sub": None},
    ],
    ids=["signature", "key", "audience", "issuer", "expired", "subject"],
)
def test_a_token_that_is_not_entras_for_this_airflow_says_nothing(entra: Entra, changes: dict[str, Any]) -> None:
    entra.renews(**changes)
    with pytest.raises(NoAnswerError):
        entra.redeemer.redeem("first")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_other_algorithm_is_believed(entra: Entra, algorithm: str) -> None:
    entra.renews()
    key = "" if algorithm == "none" else "x" * 32
    entra.body["id_token"] = jwt.encode(claims(iat=1), key, algorithm, {"kid": "one"})
    with pytest.raises(NoAnswerError):
        entra.redeemer.redeem("first")


def test_metadata_of_another_issuer_says_nothing(entra: Entra) -> None:
    entra.renews()
    entra.issuer = f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"
    with pytest.raises(NoAnswerError, match="its issuer is"):
        entra.redeemer.redeem("first")


@pytest.mark.parametrize(
    ("error", "number"),
    [
        ("invalid_grant", 50057),
        ("invalid_grant", 50173),
        ("interaction_required", 50076),
        ("invalid_grant", 65001),
        ("unauthorized_client", 7000112),
        ("unauthorized_client", 700016),
        ("invalid_client", 7000112),
    ],
)
def test_a_no_says_which(entra: Entra, error: str, number: int) -> None:
    entra.refuses(error, number)
    assert entra.redeemer.redeem("first") == TurnedDown(number, f"AADSTS{number}: no.")


@pytest.mark.parametrize(
    ("error", "number", "status"),
    [
        ("invalid_client", 7000222, 401),
        ("invalid_client", 7000215, 401),
        ("invalid_grant", 700027, 400),
        ("invalid_grant", 700024, 401),
        ("invalid_request", 70021, 400),
        ("unauthorized_client", 700213, 400),
        ("unauthorized_client", 7000112, 503),
        ("invalid_grant", 7000112, 429),
        ("temporarily_unavailable", 90033, 503),
        ("invalid_grant", 50196, 400),
        ("invalid_grant", 50057, 503),
        ("server_error", 90055, 500),
    ],
)
def test_what_is_about_the_application_or_entra_itself_is_silence(
    entra: Entra, error: str, number: int, status: int
) -> None:
    entra.refuses(error, number, status=status)
    entra.headers = {"Retry-After": "17"}
    with pytest.raises(NoAnswerError) as silence:
        entra.redeemer.redeem("first")
    assert silence.value.retry_after == 17.0
    assert "first" not in str(silence.value)


def test_the_number_is_read_from_the_words_where_it_stands_nowhere_else(entra: Entra) -> None:
    entra.refuses("invalid_grant", status=400)
    entra.body["error_description"] = "AADSTS50105: not assigned.\r\nTrace ID: AADSTS50057"
    answer = entra.redeemer.redeem("first")
    assert isinstance(answer, TurnedDown)
    assert answer.code == 50105


@pytest.mark.parametrize("body", ["<html>blocked</html>", [], {"error": "invalid_grant_of_a_proxy"}, {}], ids=str)
def test_a_refusal_that_is_not_entras_is_silence(entra: Entra, body: Any) -> None:
    entra.status, entra.body = 400, body
    with pytest.raises(NoAnswerError):
        entra.redeemer.redeem("first")


@pytest.mark.parametrize("body", [[], {}, "no", {"id_token": "x"}, {"id_token": None}], ids=str)
def test_an_answer_that_says_nothing_is_silence(entra: Entra, body: Any) -> None:
    entra.body = body
    with pytest.raises(NoAnswerError):
        entra.redeemer.redeem("first")


def test_the_page_of_entras_answers_is_current() -> None:
    written = (Path(__file__).parents[2] / "docs" / "entra-answers.md").read_text("utf-8")
    assert written == page(), "make docs"
