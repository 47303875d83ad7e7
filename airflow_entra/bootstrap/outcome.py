"""From what has been made, or would be, to what there is to tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_entra.access.ci_variables import variables
from airflow_entra.access.grants import Made, asks
from airflow_entra.access.pipeline import Pipeline
from airflow_entra.access.repository import GitHub
from airflow_entra.report.bootstrap import Bootstrap, Step
from airflow_entra.settings.issuers import is_github_server, retires
from airflow_entra.settings.model import StackSettings, VaultSecret


def outcome(
    pipeline: Pipeline,
    stacks: Mapping[str, StackSettings],
    outputs: Mapping[str, Any],
    steps: Sequence[Step],
    *,
    applied: bool,
) -> Bootstrap:
    """`outputs` are the program's, empty before anything is made."""
    made = {key: Made(one["clientId"], one["objectId"]) for key, one in outputs.get("identities", {}).items()}
    providers = {str(key): str(value) for key, value in outputs.get("secretsProviders", {}).items()}
    ours = {name: one for name, one in stacks.items() if one.environment in pipeline.environments}
    by_environment = {
        key: sorted(name for name, one in ours.items() if one.environment == key) for key in pipeline.environments
    }
    return Bootstrap(
        pipeline=pipeline,
        steps=steps,
        applied=applied,
        asks=asks(pipeline, stacks, made),
        variables=variables(pipeline, made, providers, by_environment),
        providers={key: providers[key] for key in pipeline.environments if key in providers},
        stacks=by_environment,
        owners={
            key: who.service_principal
            for key, who in made.items()
            if any(
                one.environment == key and who.service_principal not in one.owners.application for one in ours.values()
            )
        },
        cautions=cautions(pipeline, ours),
    )


def cautions(pipeline: Pipeline, stacks: Mapping[str, StackSettings]) -> tuple[str, ...]:
    """What whoever runs this should know before they go on: nothing of it is a mistake."""
    found = []
    readable = [
        name
        for name, one in stacks.items()
        if isinstance(one.credential, VaultSecret) and one.environment not in pipeline.without_preview
    ]
    if readable:
        found.append(
            f"A preview decrypts the state: whoever can start one (a push of a branch is enough) can read Airflow's "
            f"client secret of {', '.join(readable)}. `credential.mode: federated` keeps no secret; "
            f"--without-preview ENVIRONMENT takes an environment out of previews"
        )
    for environment in pipeline.without_preview:
        found.append(
            f"Pull requests aren't previewed for {environment}: {pipeline.preview.name} has no right on its key, and "
            f"PREVIEW_STACKS names the other stacks. The access diff needs neither"
        )
    if isinstance(pipeline.repository, GitHub):
        found.append(
            f"Give {', '.join(pipeline.environments)} required reviewers and let main alone deploy to them (Settings, "
            f"Environments): the environment's name is all that Entra sees, its approval is GitHub's. drift gets none: "
            f"it only reads"
        )
        if is_github_server(pipeline.repository.issuer):
            found.append(
                f"Entra fetches the keys of {pipeline.repository.issuer} from the internet. Where it can't reach that "
                f"server nobody signs in with its tokens: let the runners sign in with the workload identity of their "
                f"own platform, such as a service account of AKS (--trust IDENTITY ISSUER SUBJECT), and take id-token: "
                f"write from the workflows"
            )
    else:
        found.append(
            "Give each service connection an approval check and let only these pipelines use it: whoever may use the "
            "connection is the identity"
        )
    found += [
        f"{identity.name} trusts tokens of {trust.issuer}, which Azure DevOps retires on {ends:%Y-%m-%d}: convert the "
        f"service connection, then run this again with --connections and what it shows"
        for identity in pipeline.identities
        for trust in identity.trusts
        if (ends := retires(trust.issuer))
    ]
    found.append(
        f"The owners of {pipeline.state.resource_group} can give themselves the state and its keys: keep them few. Its "
        f"vault, keys and storage are protected from deletion here, and a deleted vault can't be purged"
    )
    found.append(
        "What Pulumi knows of all this lies in the folder bootstrap (on the local tenant in .local/bootstrap). Nothing "
        "in it is secret: commit it, and the next person's run goes on from there"
    )
    if not pipeline.owners:
        found.append(
            "The identities have no owner on purpose: an owner can add a secret to them. Application Administrators can"
        )
    return tuple(found)
