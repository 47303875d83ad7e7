"""The scripts of a deployment and of a preview, run against the local tenant: signed in by a job's token alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from airflow_entra.local import tenant as tenants
from airflow_entra.local.identities import FULL, Identity, identities
from airflow_entra.local.run import Session
from airflow_entra.local.world import World
from tests.deploy.deployment import Deployment, Live, assert_no_process_left
from tests.pipelines.shell import MARKER, Runner, edit, git, unpacked
from tests.pipelines.token_service import TokenService, token_service
from tests.pipelines.workflows import PROJECT, env_of, job

pytestmark = pytest.mark.engine

TENANT, SUBSCRIPTION = (
    "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11",
    "e3f5a7b9-2c4d-4e6f-8a1b-9d0c7f5e3b07",
)  # of the stack file
REPOSITORY = "repo:contoso/airflow-access"
DEPLOYER = f"{REPOSITORY}:environment:production"
PULL_REQUEST = f"{REPOSITORY}:pull_request"
READER = Identity("reader", permissions=("Directory.Read.All", "Policy.Read.All"), azure_roles=("Reader",))


@pytest.fixture
def github() -> Iterator[TokenService]:
    with token_service() as service:
        yield service


@pytest.fixture
def deployment(tmp_path: Path, engine: Path) -> Iterator[Deployment]:
    """A world of a clean clone that has one stack, `prod`."""
    assert (engine / "pulumi").exists()
    clone = tmp_path / "repository"
    git(PROJECT, "clone", "--quiet", "--shared", str(PROJECT), str(clone))
    git(clone, "rm", "--quiet", *(f"stacks/Pulumi.{stack}.yaml" for stack in ("dev", "local", "staging")))
    git(clone, *("-c", "user.name=Ada", "-c", "user.email=ada@contoso.com"), "commit", "--quiet", "-m", "One stack")
    git(clone, "update-ref", "refs/remotes/origin/main", "HEAD")
    (clone / ".venv").symlink_to(Path(sys.prefix))  # what "Set up" makes
    world = World(clone, clone / ".local", clone / "stacks")
    deployment = Deployment(world)
    yield deployment
    for live in deployment.lives:
        live.close()
    tenants.stop(world)
    assert_no_process_left(world)


class Job:
    """A runner in the local world, with no credential but the token that GitHub would give it."""

    def __init__(self, session: Session, github: TokenService, folder: Path) -> None:
        inherited = {name: value for name, value in session.environment.items() if not name.startswith("ARM_")}
        path = f"{Path(sys.executable).parent}:{inherited['PATH']}"
        self.session = session
        self.github = github
        self.runner = Runner(folder, inherited | github.job | {"PATH": path, "RUNNER_TEMP": str(folder)})
        self.values = {
            "vars.AZURE_TENANT_ID": session.environment["ARM_TENANT_ID"],
            "vars.AZURE_SUBSCRIPTION_ID": "",
            "vars.AZURE_CLIENT_ID": session.environment["ARM_CLIENT_ID"],
            "vars.AZURE_CLIENT_ID_PREVIEW": READER.client_id,
            "vars.PREVIEW_STACKS": "",
            "vars.PULUMI_BACKEND_URL": session.environment["PULUMI_BACKEND_URL"],
            "vars.PULUMI_SECRETS_PROVIDER": "passphrase",
            "inputs.stack": "prod",
            "matrix.stack": "prod",
        }

    def run(self, workflow: str, name: str, step: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        told = job(workflow, name)
        env = env_of(told.content, self.values) | env_of(told.step(step), self.values)
        return self.runner.run(told.step(step)["run"], env, cwd)

    def deploys(self, *steps: str) -> str:
        """Each step in a checkout of its own: what Pulumi wrote into a stack file is gone again."""
        said = ""
        for step in steps:
            file = self.session.world.workspace / "stacks" / "Pulumi.prod.yaml"
            content = yaml.safe_load(file.read_text())
            file.write_text(yaml.safe_dump({"config": content["config"]}, sort_keys=False))
            done = self.run("deploy-stack.yml", "up", step, self.session.world.workspace)
            said += done.stdout + done.stderr
            assert done.returncode == 0, said
        return said


def trusting(identity: Identity, github: TokenService, subject: str) -> dict[str, object]:
    """An application of the tenant that a job with this subject signs in as; it has no secret of its own to give."""
    federated = {"tenantId": TENANT, "federatedCredentials": [github.trusted(subject)]}
    return identity.as_seed([SUBSCRIPTION]) | federated


def test_a_job_s_token_deploys_what_its_environment_may_and_previews_what_a_pull_request_may(
    deployment: Deployment, github: TokenService, tmp_path: Path
) -> None:
    world = deployment.world
    session = deployment.session("prod")
    trust = {identities(world)[FULL]: DEPLOYER, READER: PULL_REQUEST}
    tenants.seed(world, {"applications": [trusting(one, github, subject) for one, subject in trust.items()]})
    runner = Job(session, github, tmp_path / "runner")

    github.subject = DEPLOYER
    runner.deploys("The stack, made at its first deployment", "What an interrupted run left")
    assert "created" in runner.deploys("Up")
    assert " created" not in runner.deploys("What an interrupted run left", "Up")  # a second run of the same commit
    deployment.lives.append(Live(session))
    assert len(deployment.lives[-1].applications()) == 1

    github.subject = PULL_REQUEST
    refused = runner.run("deploy-stack.yml", "up", "Up", world.workspace)
    assert refused.returncode != 0
    assert "AADSTS70021" in refused.stdout + refused.stderr

    edit(
        world.project,
        "prod",
        "- create: airflow-prod-admins\n",
        "- create: airflow-prod-admins\n        - create: crew\n",
    )
    deployment.session("prod")
    runner.runner.env["GITHUB_BASE_REF"] = "main"
    previewed = runner.run("preview.yml", "preview", "Preview", world.project)
    assert previewed.returncode == 0, previewed.stdout + previewed.stderr
    comment = unpacked(runner.runner.outputs["comment"])
    assert comment.endswith(f"{MARKER}\n")
    assert comment in runner.runner.summary
    assert "crew" in comment
    assert "of-the-job" not in comment
