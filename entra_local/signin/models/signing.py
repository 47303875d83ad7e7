"""Which key signs an application's tokens, where its claims are mapped or it brought a key of its own.

An application with a claims mapping policy gets tokens only with a key of its own (AADSTS50146), or where it says that
it takes mapped claims signed as everybody's. What its own key signs is verified with the keys that are listed for it
alone, by `appid`: https://learn.microsoft.com/entra/identity-platform/jwt-claims-customization
"""

from entra_local import clock
from entra_local.graph.entities import CLAIMS_MAPPING_POLICY
from entra_local.graph.models.policies import link_name
from entra_local.keys import Keys, SigningKey
from entra_local.signin import refusals
from entra_local.store import Directory
from entra_local.wire import JsonObject


def signer(directory: Directory, keys: Keys, principal: JsonObject, application: JsonObject | None) -> SigningKey:
    """The key that signs tokens for an application. Raises SigningKeyRequired."""
    if has_own_key(principal):
        return keys.of_application(principal["appId"])
    accepts = application is not None and application["api"]["acceptMappedClaims"]
    if is_mapped(directory, principal, application) and not accepts:
        raise refusals.SigningKeyRequired
    return keys.signing_keys[0]


def is_mapped(directory: Directory, principal: JsonObject, application: JsonObject | None) -> bool:
    """Whether a claims mapping policy is assigned to the application or its service principal."""
    link = link_name(CLAIMS_MAPPING_POLICY)
    owners = [principal["id"], *([application["id"]] if application else [])]
    return any(directory.targets(link, owner) for owner in owners)


def has_own_key(principal: JsonObject) -> bool:
    """Whether the service principal has a key of its own that signs now."""
    now = clock.now()
    return any(
        key["usage"] == "Sign" and clock.parse(key["startDateTime"]) <= now < clock.parse(key["endDateTime"])
        for key in principal["keyCredentials"]
    )
