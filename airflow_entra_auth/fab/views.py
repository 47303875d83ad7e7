"""Signing in and out: the pages that a browser goes through. FAB's own view of the kind is replaced as a whole."""

from __future__ import annotations

import logging
import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, g, redirect, request, session
from flask_appbuilder import expose
from flask_appbuilder.security.views import AuthView
from flask_login import logout_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import Forbidden

from airflow_entra_auth import audit
from airflow_entra_auth.airflow_paths import CALLBACK, PROVIDER, SIGN_OUT
from airflow_entra_auth.claims import Refused
from airflow_entra_auth.fab import signed_in, versions
from airflow_entra_auth.fab.begun import LIFETIME, Beginnings, Begun
from airflow_entra_auth.fab.ending import end_session, end_sessions_of_sid
from airflow_entra_auth.fab.entra import EntraClient, SignInError
from airflow_entra_auth.fab.first_try import tried_once
from airflow_entra_auth.fab.next_url import safe_next
from airflow_entra_auth.fab.pages import page
from airflow_entra_auth.fab.sign_in import SignIn
from airflow_entra_auth.fab.standing import stamp, standing
from airflow_entra_auth.sessions import WhyEnded
from airflow_entra_auth.sign_on import secure, sign_on

log = logging.getLogger(__name__)

_ANOTHER = "select_account"
_OF_NOBODY = audit.Bounded(most=100, a_minute=10)
"""Refusals of a token that could not be believed: it is nobody's, whatever it says."""


class EntraAuthView(AuthView):
    """/login/, /oauth-authorized/azure and /logout/; on 3.x Airflow mounts them under /auth."""

    @expose("/login/")
    @expose(f"/login/{PROVIDER}")
    def login(self) -> Response:
        """Straight to Entra: there is one way to sign in. Whoever is signed in goes on, or to the start page: FAB's
        pages send a person here who may not see them, and the way back would lead here again."""
        rules = sign_on()
        next_url = safe_next(request.args.get("next"), rules.base_url)
        another = request.args.get("prompt") == _ANOTHER
        if g.user is not None and g.user.is_authenticated and not another:
            refused = next_url.startswith(f"{versions.pages_url(rules.base_url)}/")
            return signed_in.enter(redirect(f"{rules.base_url}/" if refused else next_url), g.user)
        try:
            url, begun = self._client().leave(next_url, _ANOTHER if another else None)
        except SignInError as error:
            return self._no(error)
        name, value = Beginnings(request.cookies).room_for(begun, start_page=f"{rules.base_url}/")
        response: Response = redirect(url)
        response.set_cookie(name, value, max_age=LIFETIME, **_of_sign_in())
        response.headers["Cache-Control"] = "no-store"
        return response

    @expose(f"{CALLBACK}/{PROVIDER}")
    def oauth_authorized(self) -> Response:
        """Entra's answer: a session, or a page that says why not. Never back to Entra by itself, which would loop."""
        found = Beginnings(request.cookies).of(request.args.get("state"))
        if found is None:
            return self._arrived(None)
        response = self._arrived(found[1])
        response.delete_cookie(found[0], **_of_sign_in())  # an answer counts once
        return response

    def _arrived(self, begun: Begun | None) -> Response:
        """The same, by what this browser kept of the sign-in."""
        rules, client = sign_on(), self._client()
        manager = self.appbuilder.sm
        sign_in = SignIn(manager.appbuilder.session, manager.user_model, manager.role_model, rules)
        try:
            arrival = client.arrive(begun)
            decision = sign_in.decide(arrival, client)
            if isinstance(decision, Refused):
                return self._refuse(sign_in, decision)
            arrival = tried_once(arrival, client.credential, rules)
            manager.make_sure_of_roles(decision.roles)
            user, entered = sign_in.admit(decision, arrival)
        except SignInError as error:
            return self._no(error)
        except (SQLAlchemyError, audit.AuditError):
            log.exception("A sign-in could not be written to Airflow's database")
            return self._no(
                SignInError("Airflow can't write down that you sign in", "Try again in a minute.", "See above.", 503)
            )
        self._end_sessions("replaced")
        session.clear()
        found = standing(entered.handle, rules.tenant_id)
        if found is None:
            raise Forbidden
        return signed_in.enter(redirect(safe_next(arrival.next_url, rules.base_url)), stamp(user, found, rules))

    @expose(SIGN_OUT, methods=["GET", "POST"])
    @expose(f"{SIGN_OUT}/", methods=["GET", "POST"])
    def logout(self) -> Response:
        """A person signs out; or Entra says, in a GET without cookies, that its session `sid` ended."""
        if request.method == "GET" and "sid" in request.args:
            return self._signed_out_in_entra(request.args["sid"], request.args.get("iss"))
        if request.method == "GET" and not versions.SIGN_OUT_BY_GET:
            abort(405)
        self._end_sessions("signed out")
        logout_user()
        session.clear()
        url = self._client().sign_out_url()
        response = redirect(url) if url else page("You are signed out of Airflow", "You are still signed in to Entra.")
        return signed_in.leave(response)

    def _end_sessions(self, why: WhyEnded) -> None:
        """Ends the sessions whose handles this browser's cookies have."""
        for handle in signed_in.handles():
            end_session(handle, why)

    def _signed_out_in_entra(self, sid: str, issuer: str | None) -> Response:
        """https://openid.net/specs/openid-connect-frontchannel-1_0.html; Entra may leave the issuer out."""
        rules = sign_on()
        if issuer in (None, rules.issuer):
            end_sessions_of_sid(rules.tenant_id, sid)
        # The same answer whether or not there was a session: nobody learns which ids exist.
        response = Response("", status=200, mimetype="text/plain")
        response.headers["Cache-Control"] = "no-store"
        return response

    def _client(self) -> EntraClient:
        return EntraClient(self.appbuilder.sm.oauth_remotes[PROVIDER], sign_on())

    def _refuse(self, sign_in: SignIn, refused: Refused) -> Response:
        sign_in.refuse(refused)
        self._end_sessions("refused")
        session.clear()
        return signed_in.leave(self._no(SignInError("You can't sign in to this Airflow", refused.message, refused.fix)))

    def _no(self, error: SignInError) -> Response:
        reference = secrets.token_hex(4)
        log.warning("Sign-in %s: %s", reference, error.fix)
        if error.refusal and _OF_NOBODY.allows():
            audit.record("entra_sign_in_refused", reason=f"{reference}: {error.fix}")
        login = f"{versions.pages_url(sign_on().base_url)}/login/"
        links = [("Start again", login), ("Try another account", f"{login}?prompt={_ANOTHER}")]
        return page(error.title, error.message, links=links, reference=reference, status=error.status)


def _of_sign_in() -> dict[str, Any]:
    """The cookies of a sign-in that has begun go to the pages of signing in alone, as far as those have a path."""
    rules = sign_on()
    path = f"{urlsplit(versions.pages_url(rules.base_url)).path}/"
    return {"path": path, "secure": secure(rules), "httponly": True, "samesite": "Lax"}
