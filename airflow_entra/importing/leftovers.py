"""What an application has beside what a stack file says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_entra.access import names
from airflow_entra.access.kept import KEPT
from airflow_entra.access.permissions import APP_ROLE_IDS, GIVEN_BY_0_1, ID_TOKEN_CLAIMS, SCOPE_IDS
from airflow_entra.directory.registered import Registered
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding
from airflow_entra.words import many

_UP = "the next `pulumi up` turns it off"
_NO_HARM = {"offline_access"}


def leftovers(application: Registered, stack: str, roles_from: str, credential: dict[str, Any]) -> Iterator[Finding]:
    """Everything that the next `pulumi up` takes away, and what it can't see."""
    where = f"application {line(application.name)}"
    *_, ours = names.application_tags(stack)
    for tag in application.tags:
        if tag.startswith("airflow-entra:") and tag != ours:
            yield Finding(
                where,
                f"is the application of stack {line(tag.partition(':')[2])} already",
                "one application belongs to one stack: two would undo each other's changes",
                f"import it into that stack; or go on, if that stack is gone: the next `pulumi up` says {stack}",
                id="import/other-stack",
            )
    for tokens in application.implicit:
        yield Finding(
            where,
            f"the implicit grant issues {tokens}",
            "Airflow uses the authorization code with PKCE; a token in a URL ends up in logs and histories",
            _UP,
            id="import/implicit-grant",
        )
    if application.public_client:
        yield Finding(
            where,
            "public client flows are allowed: anybody may ask for tokens in its name without a secret",
            "Airflow proves who it is",
            _UP,
            id="import/public-client",
        )
    if application.audience != "AzureADMyOrg":
        yield Finding(
            where,
            f"accounts of other tenants may sign in ({line(application.audience)})",
            "this tenant's alone: AzureADMyOrg",
            "the next `pulumi up` limits it to this tenant; people with other accounts are shut out then",
            id="import/other-tenants",
        )
    if application.principal_id is None:
        yield Finding(
            where,
            "there is no service principal: nobody can have signed in yet",
            "one in this tenant",
            "the next `pulumi up` makes it",
            severity="warning",
            id="import/no-service-principal",
        )
    elif not application.assignment_required:
        yield Finding(
            where,
            "everybody in the tenant gets a token: no assignment is required",
            "signIn.assignmentRequired: true, so that only those who are assigned reach Airflow at all",
            "write it once everybody who needs Airflow is in an assigned group; the policy pack insists on it",
            severity="warning",
            id="import/assignment-not-required",
        )
    if roles_from == "appRoles" and application.group_claims:
        yield Finding(
            where,
            f"tokens carry groups as well ({line(application.group_claims)})",
            "roles come from app roles; nothing reads the groups",
            _UP,
            severity="note",
            id="import/unused-group-claims",
        )
    yield from _beside(application)
    asked = {*application.application_permissions, *(one.app_role for one in application.granted)}
    if asked:
        yield Finding(
            where,
            f"has or asks for {many(len(asked), 'application permission')}, usable without a person",
            "the application that people sign in to needs none; with signIn.revocation: watch the stack makes an "
            "identity of its own that reads the directory",
            "the next `pulumi up` stops asking; what an administrator has granted is revoked in the portal "
            "(Enterprise applications, Permissions). Give what needs them an application of its own first",
            id="import/application-permissions",
        )
    yield from _consents(application)
    yield from _other_proofs(application, credential)
    for what in application.unread:
        yield Finding(
            where,
            f"{what} could not be read",
            "the importing identity may read it: Application.Read.All, Group.Read.All, Policy.Read.All and "
            "DelegatedPermissionGrant.Read.All are enough for all",
            "grant it and import again with --overwrite; or write what you know into the stack file",
            severity="warning",
            id="import/unreadable",
        )


def _beside(application: Registered) -> Iterator[Finding]:
    """What has nothing to do with Airflow's sign-in: kept, or named with what goes."""
    where = f"application {line(application.name)}"
    for part, called in application.beside.items():
        yield Finding(
            where,
            f"{part}: {line(', '.join(called))}",
            "it stays as it is: application.keep names it, and neither `pulumi up` nor drift says anything of it",
            f"leave it so; where nobody needs it, delete {part} from application.keep, and the next `pulumi up` takes "
            f"it away: {KEPT[part].lost}",
            severity="note",
            id="import/kept",
        )
    more = [claim for claim in application.id_token_claims if claim not in (*ID_TOKEN_CLAIMS, "groups")]
    if more:
        yield _lost(where, f"id tokens carry {line(', '.join(more))}", "code of Airflow's that reads them finds none")
    if application.mapped_claims:
        yield _lost(where, "claims mapping policies may change its tokens", "what they add is refused: AADSTS50146")
    if application.token_version != 2 and "exposedScopes" in application.beside:
        yield _lost(
            where,
            "access tokens for it are of version 1",
            "version 2 has another issuer and audience: whoever checks such tokens has to accept these before",
        )
    others = [f"{scope} of {resource}" for resource, scope in application.delegated if scope not in SCOPE_IDS.values()]
    if others:
        yield _lost(
            where,
            f"it asks for {many(len(others), 'delegated permission')} beyond a sign-in: {', '.join(others)}",
            "code of Airflow's that calls an API with a person's token gets none",
        )


def _lost(where: str, what: str, lost: str) -> Finding:
    return Finding(
        where,
        what,
        "the stack says what a sign-in to Airflow takes, and nothing else",
        f"{_UP}: {lost}. Give what needs it an application of its own first",
        severity="warning",
        id="import/would-be-lost",
    )


def watched(application: Registered) -> bool:
    """Whether the application was granted what following the tenant's changes took when it did so itself."""
    return {one.app_role for one in application.granted} >= {APP_ROLE_IDS[name] for name in GIVEN_BY_0_1}


def _consents(application: Registered) -> Iterator[Finding]:
    where = f"application {line(application.name)}"
    known = set(SCOPE_IDS) | _NO_HARM
    for consent in application.consents:
        more = sorted(consent.scopes - known)
        if consent.everybody and more:
            yield Finding(
                where,
                f"an administrator consented to more than Airflow asks for: {line(', '.join(more))}",
                f"at most {', '.join(sorted(SCOPE_IDS))}",
                "the next `pulumi up` takes the others back",
                severity="warning",
                id="import/more-consents",
            )
    personal = sum(not consent.everybody for consent in application.consents)
    if personal:
        yield Finding(
            where,
            f"{many(personal, 'person', 'people')} consented for themselves",
            "an administrator consents once for everybody, and to known permissions",
            "nothing has to be done; revoke them in the portal (Enterprise applications, Permissions) to tidy up",
            severity="note",
            id="import/personal-consents",
        )


def _other_proofs(application: Registered, credential: dict[str, Any]) -> Iterator[Finding]:
    """Certificates and federated credentials beside the one that the stack file says."""
    if credential["mode"] != "certificate":
        for one in application.certificates:
            yield _proof(f"certificate {line(one.name)} ({one.key_id})", f"is valid until {line(one.ends)}")
    federated = credential.get("federated") or []
    said = [(one["issuer"], one["subject"]) for one in (federated if isinstance(federated, list) else [federated])]
    for trust in application.trusts:
        if (trust.issuer, trust.subject) not in said:
            what = f"lets {line(trust.subject)} of {line(trust.issuer)} sign in as Airflow"
            yield _proof(f"federated credential {line(trust.name)}", what)


def _proof(where: str, what: str) -> Finding:
    return Finding(
        where,
        what,
        "a stack has one way to prove itself; what is beside it isn't watched, rotated or removed",
        "delete it in the portal (Certificates & secrets) if nothing needs it; neither import nor `pulumi up` does",
        severity="warning",
        id="import/other-credential",
    )
