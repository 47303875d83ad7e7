"""The tokens that a person's sign-in ends in."""

from entra_local import clock
from entra_local.azure import v1_issuer
from entra_local.keys import Keys
from entra_local.signin.addresses import issuer
from entra_local.signin.models import claims, lifetimes, people
from entra_local.signin.models.clients import Client
from entra_local.signin.models.scopes import Scopes, application_behind
from entra_local.signin.models.signing import signer
from entra_local.store import Directory
from entra_local.wire import JsonObject


def tokens(
    directory: Directory,
    keys: Keys,
    client: Client,
    user: JsonObject,
    scopes: Scopes,
    granted: list[str],
    grant: JsonObject,
) -> JsonObject:
    """The token response, but for the refresh token. `grant` says when and in which session the person signed in."""
    behind = application_behind(directory, scopes.resource)
    access, seconds = _access_token(directory, client, user, scopes, granted, grant)
    answer: JsonObject = {
        "token_type": "Bearer",
        "scope": " ".join(granted),
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": keys.sign(access, signer(directory, keys, scopes.resource, behind)),
    }
    if "openid" in scopes:
        key = signer(directory, keys, client.principal, client.application)
        answer["id_token"] = keys.sign(_id_token(directory, client, user, scopes, grant), key)
    return answer


def _id_token(directory: Directory, client: Client, user: JsonObject, scopes: Scopes, grant: JsonObject) -> JsonObject:
    seconds = lifetimes.of_id_token(directory, client.principal, client.application)
    token = _times(seconds) | {
        "aud": client.app_id,
        "iss": issuer(directory.tenant),
        "sid": grant["sid"],
        "sub": claims.subject(directory.tenant, client.app_id, user),
        "tid": directory.tenant,
        "uti": claims.token_id(),
        "ver": "2.0",
    }
    if grant.get("nonce"):
        token["nonce"] = grant["nonce"]
    home = people.home_of(directory, user)
    if home != directory.tenant:
        token["idp"] = v1_issuer(home)
    if "profile" in scopes:
        token |= _profile(user)
    if user["mail"] and ("email" in scopes or people.is_guest(user)):
        token["email"] = user["mail"]
    token |= claims.optional(user, client.application, "idToken", grant)
    return token | claims.roles_and_groups(directory, user, client.principal, client.application, "idToken")


def _access_token(
    directory: Directory, client: Client, user: JsonObject, scopes: Scopes, granted: list[str], grant: JsonObject
) -> tuple[JsonObject, int]:
    application = application_behind(directory, scopes.resource)
    seconds = lifetimes.of_access_token(directory, scopes.resource, application)
    token = _times(seconds) | {
        "scp": " ".join(granted),
        "sid": grant["sid"],
        "sub": claims.subject(directory.tenant, scopes.resource["appId"], user),
        "tid": directory.tenant,
        "uti": claims.token_id(),
    }
    if application is not None and application["api"]["requestedAccessTokenVersion"] == 2:
        token |= _profile(user) | {
            "aud": application["appId"],
            "azp": client.app_id,
            "azpacr": "1",
            "iss": issuer(directory.tenant),
            "ver": "2.0",
        }
    else:
        token |= {
            "acct": int(people.is_guest(user)),
            "acr": "1",
            "amr": ["pwd"],
            "app_displayname": client.name,
            "appid": client.app_id,
            "appidacr": "1",
            "aud": scopes.audience,
            "idp": v1_issuer(people.home_of(directory, user)),
            "idtyp": "user",
            "ipaddr": "127.0.0.1",
            "iss": v1_issuer(directory.tenant),
            "name": user["displayName"],
            "oid": user["id"],
            "unique_name": user["userPrincipalName"],
            "upn": user["userPrincipalName"],
            "ver": "1.0",
        }
    token |= claims.optional(user, application, "accessToken", grant)
    return token | claims.roles_and_groups(directory, user, scopes.resource, application, "accessToken"), seconds


def _times(seconds: int) -> JsonObject:
    now = clock.seconds()
    return {"iat": now, "nbf": now, "exp": now + seconds}


def _profile(user: JsonObject) -> JsonObject:
    return {"name": user["displayName"], "oid": user["id"], "preferred_username": user["userPrincipalName"]}
