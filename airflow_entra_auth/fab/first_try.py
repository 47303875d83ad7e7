"""With `revocation: refresh`: a new sign-in's refresh token, tried once before its session begins.

The watcher will try it every few minutes from this Airflow's own address, which Conditional Access may refuse although
it let the browser in. Then the session would end within five minutes, and again after each sign-in, and nobody would
see why. So it is found out here, where there is a page to say it on.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import lru_cache

import httpx

from airflow_entra_auth.credential import ClientCredential, CredentialError
from airflow_entra_auth.fab.entra import Arrival, SignInError
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.watch.answers import POLICY_FIX, TurnedDown
from airflow_entra_auth.watch.redeem import redeemed
from airflow_entra_auth.watch.token import TokenEndpoint

log = logging.getLogger(__name__)
_TIMEOUT = 10.0


def tried_once(arrival: Arrival, credential: ClientCredential, rules: SignOnRules) -> Arrival:
    """The same, with the newest refresh token; as it is where it has none. Raises SignInError where Entra refuses.

    No answer is no refusal: whoever Entra has just let in comes in, and the watcher tries again.
    """
    if not arrival.refresh_token:
        return arrival
    try:
        answer = redeemed(TokenEndpoint(rules, credential, _client()), rules, arrival.refresh_token)
    except (CredentialError, httpx.HTTPError) as error:
        log.warning("A new sign-in's refresh token could not be tried, and the watcher will: %s", error)
        return arrival
    if isinstance(answer, TurnedDown):
        raise _refused(answer, rules.contact or "the owners of this Airflow")
    return replace(arrival, refresh_token=str(answer.get("refresh_token") or arrival.refresh_token))


def _refused(answer: TurnedDown, contact: str) -> SignInError:
    what = f"Entra let the browser in and refused the refresh token at its first try from here: {answer.text}"
    if answer.about == "policy":
        return SignInError(
            "Your sign-in can't be followed from here",
            "The directory let you in, but one of its policies does not let this Airflow's own server ask later "
            "whether you may still be here, and without that nobody is signed in. It is not your device, password or "
            f"second factor: tell {contact}. They find AADSTS{answer.code} in Airflow's log.",
            f"{what} ({POLICY_FIX})",
            refusal=True,
        )
    return SignInError(
        "The directory did not let you in",
        f"It took back what it gave a moment ago. Start again; if it stays so, tell {contact}.",
        what,
        refusal=True,
    )


@lru_cache(maxsize=1)
def _client() -> httpx.Client:
    """One for this process: making one takes longer than the request."""
    return httpx.Client(timeout=_TIMEOUT)
