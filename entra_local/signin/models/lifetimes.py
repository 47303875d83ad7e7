"""How long tokens live: the policies that say so, in the order in which Entra asks them."""

import json
import random
from collections.abc import Iterator

from entra_local.graph.models.policies import lifetime
from entra_local.store import Directory
from entra_local.wire import JsonObject

ID_TOKEN = 3600
"""Seconds, where no policy says otherwise."""
ACCESS_TOKEN = (3600, 5400)
"""Seconds: Entra picks one between these two, so that not everybody comes back at once."""
_KIND = "tokenLifetimePolicy"
_LINK = "tokenLifetimePolicies"


def of_id_token(directory: Directory, resource: JsonObject, application: JsonObject | None) -> int:
    """Seconds."""
    return _by_policy(directory, resource, application) or ID_TOKEN


def of_access_token(directory: Directory, resource: JsonObject, application: JsonObject | None) -> int:
    """Seconds; `resource` is the token's audience, `application` the one behind it, where it is the tenant's own."""
    return _by_policy(directory, resource, application) or random.randint(*ACCESS_TOKEN)  # noqa: S311 - no secret


def _by_policy(directory: Directory, resource: JsonObject, application: JsonObject | None) -> int | None:
    for policy in _policies(directory, resource, application):
        wanted = json.loads(policy["definition"][0])["TokenLifetimePolicy"].get("AccessTokenLifetime")
        if wanted is not None:
            return int(lifetime(wanted).total_seconds())
    return None


def _policies(directory: Directory, resource: JsonObject, application: JsonObject | None) -> Iterator[JsonObject]:
    """The service principal's own policy, the organisation's default, and only then the application's."""
    yield from _assigned(directory, resource["id"])
    for policy in list(directory.scan(_KIND)):
        if policy.body["isOrganizationDefault"]:
            yield policy.body
    if application is not None:
        yield from _assigned(directory, application["id"])


def _assigned(directory: Directory, owner_id: str) -> Iterator[JsonObject]:
    for id_ in directory.targets(_LINK, owner_id):
        found = directory.get(_KIND, id_)
        if found is not None:
            yield found.body
