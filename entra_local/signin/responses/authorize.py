"""The authorization endpoint: the sign-in page, and the way back to the application."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from entra_local.service import Request
from entra_local.signin import pages, refusals
from entra_local.signin.exceptions import SignInError, correlation_id
from entra_local.signin.models import grants, log, people, requests, scopes, sessions
from entra_local.signin.models.clients import Client
from entra_local.signin.models.requests import PARAMETERS, AuthorizationRequest
from entra_local.signin.models.tenants import find_tenant
from entra_local.signin.responses.common import (
    NO_STORE,
    ascii_uri,
    cookie,
    form_of,
    parameters_of,
    set_cookie,
    with_headers,
)
from entra_local.store import Directory
from entra_local.wire import JsonObject, Reply

SESSION = "ENTRA_LOCAL_SESSION"
"""The cookie of single sign-on."""
BROWSER = "ENTRA_LOCAL_BROWSER"
"""The cookie that ties a sign-in page to the browser that asked for it."""
PAGE_SECONDS = 3600


def authorize(request: Request) -> Reply:
    """GET: a request of an application. POST: the same as a form, or the sign-in page's own form."""
    with request.world.store.transaction() as store:
        try:
            tenant = find_tenant(store, request["tenant"])
        except SignInError as error:
            return pages.refusal(None, error, correlation_id(request.call))
        attempt = _Attempt(request, tenant, store.of(tenant["id"]), correlation_id(request.call))
        form = form_of(request.call) if request.call.method == "POST" else {}
        if "ticket" in form:
            return attempt.submitted(form)
        given = parameters_of(request.call)
        return attempt.begun({name: given[name] for name in PARAMETERS if name in given})


@dataclass(frozen=True)
class _Attempt:
    """One attempt to sign in, in one tenant."""

    request: Request
    tenant: JsonObject
    directory: Directory
    correlation_id: str

    def begun(self, given: Mapping[str, str]) -> Reply:
        """An application's request: answered at once where somebody is signed in, else with the page."""
        try:
            reply = requests.find_reply(self.directory, given)
        except SignInError as error:
            return self._refused(error)
        try:
            wanted = requests.read(self.directory, given, reply)
        except SignInError as error:
            self._log(reply.client, error=error)
            return self._returned(reply, error)
        session = sessions.find(self.directory, cookie(self.request.call, SESSION))
        user = self.directory.get("user", session["userId"]) if session else None
        if session is None or user is None:
            if wanted.prompt == "none":
                return self._returned(reply, refusals.SessionRequired())
            return self._page(wanted, given)
        if wanted.prompt in ("login", "select_account"):
            return self._page(wanted, given)
        try:
            self._check(wanted, user.body)
        except SignInError as error:
            self._log(wanted.client, user=user.body, error=error, interactive=False)
            if wanted.prompt == "none":
                consent = isinstance(error, refusals.NoConsent)
                return self._returned(reply, error, "consent_required" if consent else "interaction_required")
            return self._page(wanted, given, name=user.body["userPrincipalName"], error=error)
        return self._admitted(wanted, user.body, session, interactive=False)

    def submitted(self, form: Mapping[str, str]) -> Reply:
        """The sign-in page's form."""
        given = self._ticket(form["ticket"])
        if given is None:
            return self._refused(refusals.StalePage())
        try:
            wanted = requests.read(self.directory, given, requests.find_reply(self.directory, given))
        except SignInError as error:
            # The application changed while the page was open.
            return self._refused(error)
        name = "" if "other" in form else form.get("username", "").strip()
        if not name:
            return self._page(wanted, given)
        user: JsonObject | None = None
        try:
            user = people.find_user(self.directory, wanted.client, name)
            if people.wants_password(self.directory, user) and not form.get("password"):
                return self._page(wanted, given, name=user["userPrincipalName"], password=True)
            people.check_password(self.directory, user, form.get("password", ""))
            self._check(wanted, user)
        except SignInError as error:
            self._log(wanted.client, user=user, name=name, error=error)
            wrong = isinstance(error, refusals.WrongPassword)
            return self._page(wanted, given, name=name, password=wrong, error=error)
        before = sessions.find(self.directory, cookie(self.request.call, SESSION))
        value, session = sessions.start(self.directory, user, before)
        answer = self._admitted(wanted, user, session, interactive=True)
        return with_headers(answer, set_cookie(self.request.call, self.request["tenant"], SESSION, value))

    def _check(self, wanted: AuthorizationRequest, user: JsonObject) -> None:
        """Raises SignInError when this person may not sign in to this application."""
        client = wanted.client
        people.check_access(self.directory, client, user)
        try:
            scopes.consented(self.directory, client, wanted.scopes, user["id"])
        except refusals.NoConsent as error:
            if client.principal["appRoleAssignmentRequired"]:
                raise refusals.AdminConsentRequired(client.name) from error
            raise

    def _admitted(
        self, wanted: AuthorizationRequest, user: JsonObject, session: JsonObject, *, interactive: bool
    ) -> Reply:
        """The code's way to the application."""
        code = grants.new_code(self.directory, wanted, user, session)
        sessions.used_for(self.directory, session, wanted.client.app_id)
        self._log(wanted.client, user=user, interactive=interactive)
        return send(wanted.reply, {"code": code, "session_state": session["sid"]})

    def _returned(self, reply: requests.Reply, error: SignInError, code: str = "") -> Reply:
        """An error that the application is told."""
        description = error.description(self.correlation_id)
        return send(reply, {"error": code or error.code, "error_description": description})

    def _refused(self, error: SignInError) -> Reply:
        """An error that stays here: there is no address that could be trusted with it."""
        self._log(None, error=error)
        return pages.refusal(self.tenant, error, self.correlation_id)

    def _page(
        self,
        wanted: AuthorizationRequest,
        given: Mapping[str, str],
        *,
        name: str = "",
        password: bool = False,
        error: SignInError | None = None,
    ) -> Reply:
        call = self.request.call
        browser = cookie(call, BROWSER) or secrets.token_urlsafe(24)
        content = {"given": dict(given), "browser": browser, "tenant": self.directory.tenant}
        page = pages.sign_in(
            self.tenant,
            action=call.path,
            application=wanted.client.name,
            redirect_uri=wanted.reply.redirect_uri,
            ticket=self.request.world.keys.ticket(content),
            accounts=people.few(self.directory),
            name=name or wanted.login_hint,
            password=password,
            error=error,
            correlation_id=self.correlation_id,
        )
        return with_headers(page, set_cookie(call, self.request["tenant"], BROWSER, browser))

    def _ticket(self, ticket: str) -> dict[str, str] | None:
        """The application's request that a page was shown for, in this browser and not long ago."""
        content = self.request.world.keys.read_ticket(ticket, PAGE_SECONDS)
        browser = cookie(self.request.call, BROWSER) or ""
        if content is None or content["tenant"] != self.directory.tenant:
            return None
        if not hmac.compare_digest(content["browser"].encode(), browser.encode()):
            return None
        given: dict[str, str] = content["given"]
        return given

    def _log(
        self,
        client: Client | None,
        *,
        user: JsonObject | None = None,
        name: str = "",
        error: SignInError | None = None,
        interactive: bool = True,
    ) -> None:
        log.write(
            self.directory,
            self.correlation_id,
            client=client,
            user=user,
            name=name,
            error=error,
            interactive=interactive,
        )


def send(reply: requests.Reply, answer: Mapping[str, str]) -> Reply:
    """An answer on its way to the application, through the browser."""
    if reply.state is not None:
        answer = {**answer, "state": reply.state}
    if reply.mode == "form_post":
        return pages.form_post(reply.redirect_uri, answer)
    parts = urlsplit(ascii_uri(reply.redirect_uri))
    encoded = urlencode(answer)
    if reply.mode == "fragment":
        parts = parts._replace(fragment=encoded)
    else:
        parts = parts._replace(query=f"{parts.query}&{encoded}" if parts.query else encoded)
    return Reply(302, None, {"Location": urlunsplit(parts), **NO_STORE, "Referrer-Policy": "no-referrer"})
