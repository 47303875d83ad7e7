"""The directory's audit log, in the shape in which Graph shows it at /auditLogs/directoryAudits.

It is written by the store, together with each change, whoever makes it; the activities have Entra's own names.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from uuid import uuid4

from entra_local import actors, clock
from entra_local.wire import JsonObject

KIND = "directoryAudit"
_KEPT_DAYS = 30
"""What is older is forgotten. Source: Entra's retention of audit logs with a P1 or P2 licence."""

_ROUND = 64
"""Every so many positions the old ones are looked for."""

_CATEGORIES = {"user": "UserManagement", "group": "GroupManagement"}
_APPLICATIONS = "ApplicationManagement"
_POLICY = "Policy"
_NAMES = {
    "user": "user",
    "group": "group",
    "application": "application",
    "servicePrincipal": "service principal",
    "tokenLifetimePolicy": "policy",
    "claimsMappingPolicy": "policy",
    "conditionalAccessPolicy": "conditional access policy",
}
_TYPES = {"user": "User", "group": "Group", "application": "Application", "servicePrincipal": "ServicePrincipal"}
_PRINCIPALS = {"User": "user", "Group": "group", "ServicePrincipal": "servicePrincipal"}
_POLICY_LINKS = {"tokenLifetimePolicies": "tokenLifetimePolicy", "claimsMappingPolicies": "claimsMappingPolicy"}
_LINKS = frozenset({"members", "owners", "manager", *_POLICY_LINKS})
_CREDENTIALS = ("passwordCredentials", "keyCredentials")
_SECRETS = "Update application – Certificates and secrets management "  # noqa: RUF001 - Entra's dash and space
_SESSIONS = "signInSessionsValidFromDateTime"
_UNTOLD = frozenset({"id", "createdDateTime", "securityIdentifier", "renewedDateTime", _SESSIONS, *_CREDENTIALS})

OBSERVED = frozenset(_NAMES) | {"appRoleAssignment", "oauth2PermissionGrant", "userPassword"}
"""The kinds of documents whose changes are noted."""

Body = Mapping[str, object]


class Audit:
    """The log of one tenant."""

    def __init__(self, connection: sqlite3.Connection, tenant: str) -> None:
        self.connection = connection
        self.tenant = tenant

    def wrote(self, kind: str, id_: str, before: JsonObject | None, after: JsonObject) -> None:
        """Note that a document was written; `before` is None of a new one."""
        if kind == "userPassword":
            self._note("Reset password", _CATEGORIES["user"], "Update", self._target("user", id_))
        elif kind == "appRoleAssignment":
            if before is None:
                self._assigned(after, "Add app role assignment", "to", "Assign", added=True)
        elif kind == "oauth2PermissionGrant":
            if before != after:
                self._granted("Add delegated permission grant", "Assign", before, after)
        elif kind in _NAMES:
            self._wrote_object(kind, id_, before, after)

    def ended(self, kind: str, id_: str, body: JsonObject, *, hard: bool) -> None:
        """Note that a document was deleted; `hard` when it was soft-deleted before, or is gone at once for good."""
        if kind == "appRoleAssignment":
            self._assigned(body, "Remove app role assignment", "from", "Unassign", added=False)
        elif kind == "oauth2PermissionGrant":
            self._granted("Remove delegated permission grant", "Unassign", body, None)
        elif kind in _NAMES:
            verb = "Hard Delete" if hard else "Remove" if kind == "servicePrincipal" else "Delete"
            self._note(f"{verb} {_NAMES[kind]}", _category(kind), "Delete", _target(kind, id_, body))

    def restored(self, kind: str, id_: str, body: JsonObject) -> None:
        """Note that a document came back."""
        if kind in _NAMES:
            self._note(f"Restore {_NAMES[kind]}", _category(kind), "Update", _target(kind, id_, body))

    def linked(self, link: str, source: str, target: str, *, added: bool) -> None:
        """Note that an object gained or lost a member, an owner, a manager or a policy."""
        if link not in _LINKS:
            return
        verb, way = ("Add", "to") if added else ("Remove", "from")
        operation = "Assign" if added else "Unassign"
        owner_kind, owner = self._find(source)
        name = _NAMES.get(owner_kind, "object")
        if link in _POLICY_LINKS:
            policy = self._target(_POLICY_LINKS[link], target)
            self._note(
                f"{verb} policy {way} {name}", _APPLICATIONS, operation, _target(owner_kind, source, owner), policy
            )
            return
        inner_kind, inner = self._find(target)
        if link == "manager":
            first, activity = _target(owner_kind, source, owner), "Set user manager"
            self._note(activity, _CATEGORIES["user"], "Update", first, _target(inner_kind, target, inner))
            return
        label = _TYPES.get(owner_kind, "Object")
        told = {f"{label}.ObjectID": source, f"{label}.DisplayName": owner.get("displayName")}
        first = _target(inner_kind, target, inner, _modified({} if added else told, told if added else {}))
        second = _target(owner_kind, source, owner)
        self._note(f"{verb} {link[:-1]} {way} {name}", _category(owner_kind), operation, first, second)

    def _wrote_object(self, kind: str, id_: str, before: JsonObject | None, after: JsonObject) -> None:
        category, name = _category(kind), _NAMES[kind]
        changed = _changed(before or {}, after)
        if before is None:
            self._note(f"Add {name}", category, "Add", _target(kind, id_, after, changed))
            if after.get("passwordCredentials") or after.get("keyCredentials"):
                self._credentials(kind, id_, {}, after)
            return
        if kind == "user" and before.get("accountEnabled") != after.get("accountEnabled"):
            activity = "Enable account" if after.get("accountEnabled") else "Disable account"
            only = _modified(*({"AccountEnabled": body.get("accountEnabled")} for body in (before, after)))
            self._note(activity, category, "Update", _target(kind, id_, after, only))
        if before.get(_SESSIONS) != after.get(_SESSIONS):
            only = _modified(*({"StsRefreshTokensValidFrom": body.get(_SESSIONS)} for body in (before, after)))
            activity = "Update StsRefreshTokenValidFrom Timestamp"
            self._note(activity, category, "Update", _target(kind, id_, after, only))
        if any(before.get(name) != after.get(name) for name in _CREDENTIALS):
            self._credentials(kind, id_, before, after)
        if changed:
            self._note(f"Update {name}", category, "Update", _target(kind, id_, after, changed))

    def _credentials(self, kind: str, id_: str, before: Body, after: JsonObject) -> None:
        if kind == "application":
            activity = _SECRETS
        else:
            gone = len(_described(after)) < len(_described(before))
            activity = f"{'Remove' if gone else 'Add'} service principal credentials"
        told = {"displayName": "KeyDescription"}
        told |= {"oldValue": json.dumps(_described(before)), "newValue": json.dumps(_described(after))}
        self._note(activity, _APPLICATIONS, "Update", _target(kind, id_, after, [told]))

    def _assigned(self, body: JsonObject, activity: str, way: str, operation: str, *, added: bool) -> None:
        kind = _PRINCIPALS[body["principalType"]]
        grant = " grant" if kind == "user" and added else ""
        resource = self._body("servicePrincipal", body["resourceId"]) or {}
        principal = self._body(kind, body["principalId"]) or {}
        told = {"AppRole.Id": body["appRoleId"], "AppRole.Value": self._role(resource, body["appRoleId"])}
        told |= {f"{_TYPES[kind]}.ObjectID": body["principalId"]}
        told |= {f"{_TYPES[kind]}.DisplayName": principal.get("displayName")}
        first = _target(
            "servicePrincipal", body["resourceId"], resource, _modified({} if added else told, told if added else {})
        )
        second = _target(kind, body["principalId"], principal)
        category = _CATEGORIES.get(kind, _APPLICATIONS)
        self._note(f"{activity}{grant} {way} {_NAMES[kind]}", category, operation, first, second)

    def _role(self, resource: JsonObject, role_id: str) -> str | None:
        """The value of an app role, which stands in the application where there is one."""
        row = self.connection.execute(
            "SELECT d.body FROM lookups l JOIN documents d ON d.position = l.position"
            " WHERE l.kind = 'application' AND l.property = 'appId' AND l.value = ? AND d.tenant = ?",
            (resource.get("appId"), self.tenant),
        ).fetchone()
        roles = (json.loads(row[0]) if row else resource).get("appRoles") or []
        return next((role["value"] for role in roles if role["id"] == role_id), None)

    def _granted(self, activity: str, operation: str, before: JsonObject | None, after: JsonObject | None) -> None:
        body = after or before or {}
        old, new = (
            {
                "DelegatedPermissionGrant.Scope": given["scope"],
                "DelegatedPermissionGrant.ConsentType": given["consentType"],
                "ServicePrincipal.ObjectID": given["clientId"],
            }
            if given
            else {}
            for given in (before, after)
        )
        resource = self._target("servicePrincipal", body["resourceId"], _modified(old, new))
        client = self._target("servicePrincipal", body["clientId"])
        self._note(activity, _APPLICATIONS, operation, resource, client)

    def _note(self, activity: str, category: str, operation: str, *targets: JsonObject) -> None:
        actor = actors.current()
        id_ = f"Directory_{actor.correlation_id}_{uuid4().hex[:8]}"
        entry: JsonObject = {
            "id": id_,
            "category": category,
            "correlationId": actor.correlation_id,
            "result": "success",
            "resultReason": "",
            "activityDisplayName": activity,
            "activityDateTime": clock.stamp(),
            "loggedByService": "Core Directory",
            "operationType": operation,
            "initiatedBy": self._initiated_by(actor),
            "targetResources": list(targets),
            "additionalDetails": [],
        }
        added = self.connection.execute(
            "INSERT INTO documents (tenant, kind, id, body) VALUES (?, ?, ?, ?)",
            (self.tenant, KIND, id_, json.dumps(entry, ensure_ascii=False, separators=(",", ":"))),
        )
        if (added.lastrowid or 0) % _ROUND == 0:
            self._forget_old()

    def _forget_old(self) -> None:
        """Remove the oldest entries whose time has come, more than have been added since the last time."""
        self.connection.execute(
            "DELETE FROM documents WHERE position IN (SELECT position FROM documents WHERE kind = ? AND tenant = ?"
            " AND deleted_at IS NULL ORDER BY position LIMIT ?) AND json_extract(body, '$.activityDateTime') < ?",
            (KIND, self.tenant, 2 * _ROUND, clock.stamp(clock.at(clock.seconds() - _KEPT_DAYS * 24 * 3600))),
        )

    def _initiated_by(self, actor: actors.Actor) -> JsonObject:
        kind = "user" if actor.person else "servicePrincipal"
        known = (self._body(kind, actor.object_id) if actor.object_id else None) or {}
        name = known.get("displayName") or actor.name
        if actor.person:
            user = {"id": actor.object_id or None, "displayName": name, "ipAddress": "127.0.0.1"}
            return {"user": user | {"userPrincipalName": known.get("userPrincipalName") or actor.name}, "app": None}
        app = {"appId": actor.app_id or None, "displayName": name, "servicePrincipalId": actor.object_id or None}
        return {"user": None, "app": app | {"servicePrincipalName": None}}

    def _target(self, kind: str, id_: str, modified: Iterable[JsonObject] = ()) -> JsonObject:
        return _target(kind, id_, self._body(kind, id_) or {}, modified)

    def _find(self, id_: str) -> tuple[str, JsonObject]:
        for kind in _TYPES:
            if (body := self._body(kind, id_)) is not None:
                return kind, body
        return "", {}

    def _body(self, kind: str, id_: str) -> JsonObject | None:
        row = self.connection.execute(
            "SELECT body FROM documents WHERE kind = ? AND tenant = ? AND id = ?", (kind, self.tenant, id_)
        ).fetchone()
        return json.loads(row[0]) if row else None


def _category(kind: str) -> str:
    return _CATEGORIES.get(kind, _POLICY if _NAMES.get(kind, "").endswith("policy") else _APPLICATIONS)


def _target(kind: str, id_: str, body: Body, modified: Iterable[JsonObject] = ()) -> JsonObject:
    """An entry's target: what it is, how it is called, and what of it changed."""
    target: JsonObject = {
        "id": id_,
        "displayName": body.get("displayName"),
        "type": _TYPES.get(kind, "Policy" if "Policy" in kind else "Other"),
        "userPrincipalName": body.get("userPrincipalName"),
        "groupType": None,
        "modifiedProperties": list(modified),
    }
    if kind == "group":
        types = body.get("groupTypes")
        target["groupType"] = "unifiedGroups" if isinstance(types, list) and "Unified" in types else "azureAD"
    return target


def _changed(before: Body, after: Body) -> list[JsonObject]:
    """The properties that differ, and their names, as Entra tells them."""
    names = [name for name in after if name not in _UNTOLD and "@" not in name]
    names = [name for name in names if (after[name] or before.get(name)) and after[name] != before.get(name)]
    if not names:
        return []
    told = _modified(*({f"{name[0].upper()}{name[1:]}": body.get(name) for name in names} for body in (before, after)))
    included = ", ".join(f"{name[0].upper()}{name[1:]}" for name in names)
    return [*told, *_modified({}, {"Included Updated Properties": included})]


def _modified(before: Body, after: Body) -> list[JsonObject]:
    """Values as Entra writes them: as JSON in text, null where there is none."""
    return [
        {"displayName": name, "oldValue": _value(before.get(name)), "newValue": _value(after.get(name))}
        for name in dict.fromkeys((*before, *after))
    ]


def _value(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _described(body: Body) -> list[str]:
    """The credentials of an application as an entry names them; never a secret or a key."""
    found = []
    for name, kind in zip(_CREDENTIALS, ("Password", "AsymmetricX509Cert"), strict=True):
        credentials = body.get(name)
        for credential in credentials if isinstance(credentials, list) else []:
            id_, title = credential["keyId"], credential["displayName"]
            found.append(f"[KeyIdentifier={id_},KeyType={kind},KeyUsage=Verify,DisplayName={title}]")
    return found
