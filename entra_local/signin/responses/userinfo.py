"""The userinfo endpoint, which OpenID Connect's discovery names: https://graph.microsoft.com/oidc/userinfo."""

from entra_local.service import Request
from entra_local.signin import exceptions as errors
from entra_local.signin.models import claims
from entra_local.tokens import GRAPH_AUDIENCES, TokenError, read
from entra_local.wire import JsonObject, Reply


def userinfo(request: Request) -> Reply:
    """Who an access token for Microsoft Graph speaks for. Raises TokenError or InvalidToken."""
    caller = read(request.world.keys, request.call.headers.get("authorization"), GRAPH_AUDIENCES)
    found = request.store.of(caller.tenant).get("user", caller.object_id) if caller.person else None
    if found is None or found.body["accountEnabled"] is False:
        raise TokenError("The token speaks for nobody who is here.")
    if not caller.holds("openid"):
        raise errors.InsufficientScope
    user = found.body
    answer: JsonObject = {"sub": claims.subject(caller.tenant, caller.app_id, user)}
    if caller.holds("profile"):
        given = {"name": "displayName", "family_name": "surname", "given_name": "givenName"}
        answer |= {claim: user[name] for claim, name in given.items() if user[name]}
    if caller.holds("email") and user["mail"]:
        answer["email"] = user["mail"]
    return Reply(200, answer)
