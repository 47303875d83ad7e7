"""The token endpoint."""

from entra_local.service import Request
from entra_local.signin import exceptions as errors
from entra_local.signin.addresses import origin
from entra_local.signin.exceptions import SignInError, correlation_id
from entra_local.signin.models import app_only, grants, log
from entra_local.signin.models.clients import authenticate, find_client, with_basic
from entra_local.signin.models.tenants import find_tenant
from entra_local.signin.responses.common import NO_STORE, form_of
from entra_local.store import Directory
from entra_local.wire import Reply

_GRANTS = {"authorization_code": grants.redeem_code, "refresh_token": grants.redeem_refresh_token}


def token(request: Request) -> Reply:
    """A token response, or OAuth's error."""
    tenant = find_tenant(request.store, request["tenant"])
    directory = request.store.of(tenant["id"])
    form = with_basic(form_of(request.call), request.call.headers.get("authorization"))
    grant = form.get("grant_type")
    if not grant:
        raise errors.MissingParameter("grant_type")
    if grant == "client_credentials":
        client = authenticate(directory, form, origin(request.call))
        return Reply(200, app_only.client_credentials(directory, request.world.keys, client, form), NO_STORE)
    redeem = _GRANTS.get(grant)
    if redeem is None:
        raise errors.UnsupportedGrant(grant)
    try:
        client = authenticate(directory, form, origin(request.call))
        return Reply(200, redeem(directory, request.world.keys, client, form), NO_STORE)
    except SignInError as error:
        # Returned, not raised: what was revoked and what is in the log must stay.
        _note(directory, request, form.get("client_id", ""), error)
        return error.reply(request.call)


def _note(directory: Directory, request: Request, app_id: str, error: SignInError) -> None:
    """Put a refusal at the token endpoint into the sign-in log: an expired secret, a revoked grant."""
    try:
        client = find_client(directory, app_id)
    except SignInError:
        client = None
    log.write(directory, correlation_id(request.call), client=client, error=error, interactive=False)
