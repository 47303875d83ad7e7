"""Every kind of mistake that a check can find: its name, which never changes, what it means and where it comes from.

`settings/`, `yaml/` and `file/` are about the text, `across/` about several files together; the others are the rules of
checks/, by module and function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_entra.settings import issuers, limits

_YAML = "https://yaml.org/spec/1.2.2/"
_STACK_FILE = "https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/"
_SECRETS = "https://learn.microsoft.com/en-us/azure/key-vault/secrets/secrets-best-practices"
_CLOUDS = "https://learn.microsoft.com/en-us/entra/identity-platform/authentication-national-cloud"
_LICENCES = "https://learn.microsoft.com/en-us/entra/fundamentals/licensing"
_ASSIGNMENT = "https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/assign-user-or-group-access-portal"
_CONSENT = (
    "https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/application-sign-in-unexpected-user-consent-error"
)
_OWNERS = "https://learn.microsoft.com/en-us/entra/identity-platform/security-best-practices-for-app-registration"
_APP_ROLES = "https://learn.microsoft.com/en-us/entra/identity-platform/howto-add-app-roles-in-apps"
_ROLES = "https://airflow.apache.org/docs/apache-airflow-providers-fab/stable/auth-manager/access-control.html"
_CERTIFICATES = "https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials"
_VAULT = "https://learn.microsoft.com/en-us/azure/key-vault/general/overview"
_SEPARATION = "https://learn.microsoft.com/en-us/azure/role-based-access-control/best-practices"
_VAULT_ROLES = "https://learn.microsoft.com/en-us/azure/key-vault/general/rbac-guide"
_WORKLOADS = "https://learn.microsoft.com/en-us/entra/workload-id/workload-identities-overview"


@dataclass(frozen=True, slots=True)
class Kind:
    """`title` is a phrase, `why` a sentence or two for who meets it first, `link` the source."""

    name: str
    title: str
    why: str
    link: str


_ALL = (
    Kind(
        "file/unreadable",
        "The file is no readable stack file",
        "A stack file exists, is UTF-8 text of at most 1 MiB, and has the section config.",
        _STACK_FILE,
    ),
    Kind("yaml/not-yaml", "The text is not YAML", "Brackets and quotes are closed, and blanks indent.", _YAML),
    Kind(
        "yaml/nests-too-deep", "The text nests too deep", "A stack file nests a few levels; more is a mistake.", _YAML
    ),
    Kind("yaml/too-many-values", "Aliases multiply", "Aliases of aliases can make a small file huge.", _YAML),
    Kind("yaml/second-document", "A second YAML document", "A stack file is one document.", _YAML),
    Kind("yaml/unknown-alias", "An alias stands for nothing", "An alias follows its anchor.", _YAML),
    Kind("yaml/key-is-no-word", "A key is not a plain word", "Keys are text.", _YAML),
    Kind("yaml/tag", "A YAML tag", "Values are plain text, numbers, lists and mappings.", _YAML),
    Kind("yaml/repeated-key", "A key is written twice", "YAML keeps one of the two, and nobody sees which.", _YAML),
    Kind(
        "settings/unknown-key",
        "A key that nothing reads",
        "A misspelt key is a setting that doesn't hold.",
        _STACK_FILE,
    ),
    Kind("settings/missing-key", "A key is missing", "Without it nobody knows what is meant.", _STACK_FILE),
    Kind("settings/no-value", "A key has no value", "An empty value could mean none or forgotten.", _STACK_FILE),
    Kind("settings/not-one-of", "A value that is none of the known ones", "It is one of a few words.", _STACK_FILE),
    Kind("settings/wrong-type", "A value of the wrong type", "YAML reads yes, 3.10 and 1e3 as no text.", _YAML),
    Kind("settings/count", "Too few or too many entries", "Entra and Airflow set the limits.", limits.ENTRA_LIMITS),
    Kind(
        "settings/invalid-value",
        "A value that Entra, Azure or Airflow would refuse",
        "Their rules are checked here, before anything is touched.",
        limits.ENTRA_LIMITS,
    ),
    Kind("settings/encrypted", "A setting is encrypted", "Whoever reviews access reads the settings.", _STACK_FILE),
    Kind(
        "settings/other-cloud",
        "Another cloud than Azure's public one",
        "Azure for governments and Azure in China sign people in at other addresses, where this was never run.",
        _CLOUDS,
    ),
    Kind(
        "settings/plain-secret",
        "A secret in the stack file",
        "Whoever reads the repository has it, in every old version too. Replace it at its source.",
        _SECRETS,
    ),
    Kind(
        "tenant/token-lifetime-licence",
        "A token lifetime policy needs P1",
        "Entra ID Free has no token lifetime policies.",
        _LICENCES,
    ),
    Kind(
        "tenant/sign-in-frequency-licence",
        "A sign-in frequency needs P1",
        "It is a session control of Conditional Access, which Entra ID Free has not.",
        _LICENCES,
    ),
    Kind(
        "tenant/dynamic-group-licence",
        "A dynamic group needs P1",
        "Entra ID Free has no dynamic membership.",
        limits.DYNAMIC_GROUPS,
    ),
    Kind(
        "tenant/group-assignment-licence",
        "Assigning groups needs P1",
        "In Entra ID Free only people can be assigned to an application.",
        _ASSIGNMENT,
    ),
    Kind(
        "tenant/existing-parts-are-named",
        "An existing part is not named, or a named one not existing",
        "What exists is named by its object id, so that the right one is found and left alone.",
        _STACK_FILE,
    ),
    Kind(
        "tenant/consent-has-somebody",
        "A consent without which nobody signs in",
        "Where people have to be assigned to an application, they can't consent to it themselves.",
        _CONSENT,
    ),
    Kind(
        "tenant/token-lifetime-has-somebody",
        "Nobody makes the token lifetime policy",
        "The lifetime in the file would never hold.",
        limits.TOKEN_LIFETIMES,
    ),
    Kind(
        "tenant/sign-in-frequency-has-somebody",
        "Nobody makes the Conditional Access policy",
        "The frequency in the file would never hold.",
        limits.SIGN_IN_FREQUENCIES,
    ),
    Kind(
        "tenant/created-groups-have-somebody",
        "Nobody creates the group",
        "A group is created by the stack, by the identity team, or exists already.",
        limits.GROUP,
    ),
    Kind(
        "tenant/vault-roles-have-somebody",
        "Nobody lets the readers read the vault",
        "Airflow couldn't read its secret.",
        _VAULT_ROLES,
    ),
    Kind(
        "lifetimes/one-of-two-lifetimes",
        "Token lifetime and sign-in frequency together",
        "Entra does not support both for one application.",
        limits.TOKEN_LIFETIMES,
    ),
    Kind(
        "lifetimes/longest-run-outlasts",
        "A lifetime shorter than the longest DAG run",
        "The run goes on, as DAG runs don't use people's tokens; whoever watches it signs in again.",
        limits.TOKEN_LIFETIMES,
    ),
    Kind(
        "lifetimes/session-outlasts-frequency",
        "Airflow's session outlasts the sign-in frequency",
        "Airflow asks Entra only when its own session ends.",
        limits.SIGN_IN_FREQUENCIES,
    ),
    Kind(
        "lifetimes/external-session-is-shorter",
        "A session of other tenants' people that is no shorter",
        "It bounds the sessions of people of other tenants, where those get in at all.",
        limits.AIRFLOW_FAB,
    ),
    Kind(
        "lifetimes/refresh-is-judged-by-address",
        "Refresh tokens where policies judge addresses",
        "Conditional Access judges who redeems a refresh token, which is Airflow's server and not the browser.",
        limits.NETWORK_CONDITIONS,
    ),
    Kind(
        "ownership/somebody-answers",
        "Production without a contact",
        "No person owns it: without a contact nobody is asked before a secret ends or an access goes on.",
        _OWNERS,
    ),
    Kind("ownership/owners-once", "An owner is listed twice", "Each one stands once.", _OWNERS),
    Kind("ownership/readers-once", "A reader is listed twice", "Each one stands once.", _VAULT_ROLES),
    Kind(
        "ownership/airflows-differ",
        "Two Airflows with one address or version",
        "Two Airflows in one stack are an old and a new one.",
        limits.REDIRECT_URIS,
    ),
    Kind(
        "ownership/production-is-reachable",
        "A production Airflow on this machine alone",
        "Codes for production would be sent to localhost.",
        limits.REDIRECT_URIS,
    ),
    Kind(
        "credential/overlap-fits",
        "Rotation and overlap don't fit",
        "The old secret ends before the next rotation, and no secret lives longer than the policy pack allows.",
        _SECRETS,
    ),
    Kind("credential/vault-has-a-place", "The vault has no place", "It has a subscription and a location.", _VAULT),
    Kind(
        "credential/private-endpoint-has-a-record",
        "Nobody keeps the private endpoint's DNS record",
        "Without a record in its zone, the vault's name still leads to the public address, which is closed.",
        limits.PRIVATE_ENDPOINTS,
    ),
    Kind(
        "credential/certificate-file",
        "The certificate can't be used",
        "One certificate in PEM form, its public part alone: a private key never comes near the repository.",
        _CERTIFICATES,
    ),
    Kind(
        "credential/certificate-lifetime",
        "The certificate has ended, or lives too long",
        "The policy pack stops a deployment that declares a certificate of more than 180 days.",
        _CERTIFICATES,
    ),
    Kind(
        "federation/trusts-differ",
        "Two workloads in one list are one",
        "Entra refuses a second federated credential with the issuer and subject, or with the name, of another.",
        limits.FEDERATION,
    ),
    Kind(
        "federation/issuer-as-written",
        "An issuer that no token has",
        "Entra compares the issuer character by character; each platform writes its own in one way.",
        limits.FEDERATION,
    ),
    Kind(
        "federation/github-subject",
        "A subject that GitHub never writes",
        "GitHub's subjects name owner and repository, both with their ids or both without.",
        issuers.GITHUB_TOKENS,
    ),
    Kind(
        "federation/issuer-retires",
        "An issuer that ends on a known day",
        "After it Entra takes no token of Azure DevOps's own issuer: its service connections get Entra's.",
        issuers.DEVOPS_CONVERSION,
    ),
    Kind(
        "watcher/one-identity",
        "The watcher is said to be two identities",
        "One identity reads the directory: a workload, a certificate's, or one that exists.",
        _WORKLOADS,
    ),
    Kind(
        "watcher/two-ids",
        "The watcher's identity has one id for both",
        "A service principal's object id is never its application's client id: with one of them nobody gets a token.",
        _WORKLOADS,
    ),
    Kind(
        "watcher/somebody-watches",
        "An identity for a watcher that there isn't",
        "With revocation: refresh nothing reads the directory.",
        _WORKLOADS,
    ),
    Kind(
        "watcher/watcher-apart",
        "The watcher shares the application's proof",
        "Whoever can sign in as Airflow's application could read the directory as well.",
        _WORKLOADS,
    ),
    Kind(
        "watcher/watcher-secret-has-a-name",
        "The watcher's secret would have too long a name",
        "It lies in the same vault, under the sign-on's name and its own ending.",
        limits.AZURE_NAMES,
    ),
    Kind("groups/once-in-a-role", "A group is listed twice in a role", "A group stands once in a role.", limits.GROUP),
    Kind(
        "groups/created-alike",
        "One group described in two ways",
        "A group that gives several roles is one group, with one set of properties.",
        limits.GROUP,
    ),
    Kind("groups/one-id-one-name", "One id with two names", "One of them misleads the reviewer.", limits.GROUP),
    Kind(
        "groups/former-names-are-free",
        "A group's former name is taken",
        "By its former name a group keeps its object id and members.",
        limits.GROUP,
    ),
    Kind(
        "access/custom-roles-name-dags",
        "A custom role without DAGs, or Airflow's own role with some",
        "A custom role says what it may do; what Airflow's own roles may do is Airflow's.",
        _ROLES,
    ),
    Kind(
        "access/names-differ-by-more-than-case",
        "Roles that differ only in case",
        "Airflow tells them apart, some of its databases do not.",
        _ROLES,
    ),
    Kind(
        "access/former-names-are-free",
        "A role's former name is taken",
        "By its former name a role keeps its app role and whoever has it.",
        _APP_ROLES,
    ),
    Kind(
        "access/app-roles-differ",
        "One app role stands for two roles",
        "One app role is one role.",
        limits.APPLICATION,
    ),
    Kind("access/actions-once", "An action is listed twice", "Each action stands once.", limits.AIRFLOW_DAG),
    Kind(
        "access/manifest-has-room",
        "More app roles than fit into one application",
        "App roles and redirect URIs share Entra's limit of entries.",
        limits.ENTRA_LIMITS,
    ),
    Kind(
        "access/nested-members-get-in",
        "Members of nested groups are kept out",
        "Entra counts direct members of assigned groups as assigned, nobody else.",
        _ASSIGNMENT,
    ),
    Kind(
        "access/somebody-assigns",
        "Nobody assigns the groups",
        "Without an assignment no group gets its role in the application.",
        _ASSIGNMENT,
    ),
    Kind(
        "across/admin-of-two-environments",
        "One group is Admin of two environments",
        "Whoever gets into the group for the laxer environment is Admin of the other one too.",
        _SEPARATION,
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
