"""Every writer of the product, each with a name in every place where somebody else's words may stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from airflow_entra.access import DeclaredStack
from airflow_entra.access.compare import Compared, compare
from airflow_entra.access.explain import Explanation, Known, explain_groups, explain_role, explain_token
from airflow_entra.access.people import PersonDiff
from airflow_entra.access.picture import Picture, picture
from airflow_entra.access.requests import Ids, asks
from airflow_entra.audit.audit import Audit
from airflow_entra.bootstrap.outcome import outcome
from airflow_entra.commands import users
from airflow_entra.components import hand_over
from airflow_entra.directory.answered import Answered
from airflow_entra.directory.membership import Account
from airflow_entra.directory.who import Held, Missed, Standing
from airflow_entra.finding import Finding, InFile
from airflow_entra.importing import report as import_report
from airflow_entra.importing import review, stack_text
from airflow_entra.importing.airflow_users import AirflowUser
from airflow_entra.importing.changes import Property
from airflow_entra.importing.differences import Difference
from airflow_entra.importing.draft import Draft
from airflow_entra.importing.pairing import Pair
from airflow_entra.preview.result import ABSENT, Previewed, PropertyChange, StackPreview, Step
from airflow_entra.render import TARGETS
from airflow_entra.render import render as render_target
from airflow_entra.report import audit as audit_report
from airflow_entra.report import bootstrap as bootstrap_report
from airflow_entra.report import check, diff, explain, graph_mermaid, graph_svg, preview, summary
from airflow_entra.report import who as who_report
from airflow_entra.report.audit_tables import tables
from airflow_entra.report.bootstrap import Bootstrap
from airflow_entra.report.bootstrap import Step as Made
from airflow_entra.report.findings import as_text, placed
from airflow_entra.report.findings_annotations import workflow_commands
from airflow_entra.report.findings_sarif import sarif
from airflow_entra.rotation import report as rotation_report
from airflow_entra.rotation.rotate import Rotation
from airflow_entra.settings.check import Checked
from airflow_entra.settings.model import StackSettings
from airflow_entra.settings.sides import Side
from airflow_entra.settings.stack_file import StackFile
from tests.access.pipelines import declared
from tests.audit.test_report import whole as audit_of
from tests.components.harness import stack_settings
from tests.render.stacks import known
from tests.report.test_bootstrap import STACKS

Medium = Literal["text", "markdown", "html", "csv", "json", "svg", "mermaid", "yaml", "python", "env", "workflow"]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"
PARTS = ("groups", "assignments", "consent", "tokenLifetime", "vaultRoles")


@dataclass(frozen=True)
class Writer:
    """`command` and its `form` as somebody calls it; `module` is where it is written. `shows` says whether the name
    is in it; `accepts` makes of any name one that gets there."""

    command: str
    form: str
    medium: Medium
    module: str
    write: Callable[[str], str]
    shows: bool = True
    accepts: Callable[[str], str] = str

    def __str__(self) -> str:
        return f"{self.command} {self.form}".strip().replace(" ", "-")


def acceptable(name: str) -> str:
    """A name that a stack file may say."""
    return re.sub(r"[\x00-\x1f]", "\x85", name.replace("<{%", "<%")).strip()[:256].strip() or "x"


def a_contact(name: str) -> str:
    return re.sub(r"[\x7f\x85\u2028\u2029]", " ", acceptable(name))[:200].strip() or "x"


def settings(name: str) -> StackSettings:
    """A stack with groups of this name, all of it asked of others."""
    return stack_settings(
        {
            "tenant.manage": dict.fromkeys(PARTS, "request"),
            "roles": {
                "Admin": {"groups": [{"create": name, "description": name}]},
                "Viewer": {"groups": [{"id": ID, "name": name}]},
                "sales": {"groups": [{"create": "s"}], "dags": {"sales_*": ["read"]}},
            },
        }
    )


def handed_over(name: str) -> str:
    stack = DeclaredStack("dev", settings(name))
    ids = Ids("application", "client", "principal", {})
    asked = asks(stack, ids, "request")
    return hand_over.render(stack, Answered(asked[:1], asked, (f"{name}: Forbidden",)))


def outputs(name: str) -> dict[str, Any]:
    return {
        "tenantId": name,
        "clientId": name,
        "airflow": [{"version": "3.3", "url": name, "redirectUri": name, "logoutUrl": name}],
        "credential": {"mode": "federated", "issuer": name, "subject": name},
        "roles": {"Admin": [{"group": name, "id": "g1", "source": "created"}]},
        "handOver": {"file": "handover/x.md", "open": [f"Create the group {name}"]},
        "warnings": [name],
    }


def summarised(name: str) -> str:
    return summary.summary(name, outputs(name), {"create": 4, name: 1})


def compared(name: str) -> Compared:
    stacks = [StackFile(Path("Pulumi.dev.yaml"), "", settings(each)) for each in ("other", name)]
    before, after = (Side(each.stack, {"dev": each}) for each in stacks)
    found = compare(before, after)
    return replace(
        found,
        base=name,
        findings=(mistake(name), replace(mistake(name), where="access", stack="dev")),
        people=(PersonDiff("dev", name, ("Admin",), ()),),
    )


def mistake(name: str) -> Finding:
    place = InFile(Path("stacks") / re.sub(r"[/\0]", "_", name), 1, 2)
    return Finding(place, f"{name} is wrong", name, name, id="settings/invalid-value")


def found(command: str, name: str) -> list[Finding]:
    """What a command hands to a repository's host; with a name that can be a file's."""
    findings = {"audit": audited(name).findings, "check": [mistake(name)], "preview": previewed(name).findings}[command]
    return placed(findings, lambda _: Path("stacks") / "Pulumi.dev.yaml")


def checked(name: str) -> Checked:
    return Checked((Path("stacks"),), (mistake(name),))


def explained(name: str) -> list[Explanation]:
    stack = DeclaredStack("dev", settings(acceptable(name)))
    claims = {"name": name, "preferred_username": name, "aud": name, "oid": name, "tid": name, "roles": [name]}
    return [
        explain_groups(stack, [acceptable(name)]),
        explain_role(stack, "Admin"),
        explain_token(stack, claims, Known(), NOW),
    ]


def standings(name: str) -> list[Standing]:
    person = Account(ID, name, name)
    return [
        Standing(person, (Held("Admin", (name,)),), missed=(Missed("Viewer", name),)),
        Standing(person, (), "disabled", name),
    ]


def previewed(name: str) -> Previewed:
    changes = (PropertyChange(name, name, [name]), PropertyChange("b", ABSENT, name), PropertyChange("c", name, ABSENT))
    step = Step("update", name, name, changes, because=(name,))
    violation = Finding(name, name, name, name, id=f"policy/{name}", evidence=(("severity", name),))
    one = StackPreview(
        "dev",
        "previewed",
        steps=(step,),
        drift=(step,),
        violations=(violation, replace(violation, severity="warning")),
        warnings=(" ".join(name.splitlines()),),
    )
    one_line = " ".join(name.splitlines()).replace("\r", " ")  # an error of several lines is shown on several
    failed = StackPreview("qa", "failed", errors=(one_line,))
    return Previewed(stacks=(one, failed), compared=compared(acceptable(name)), left=(name,))


def bootstrapped(name: str) -> Bootstrap:
    made = outcome(declared(), STACKS, {}, [Made("create", "Application", name)], applied=False)
    ask = replace(made.asks[0], title=name, why=name, permission=name, afterwards=name)
    return replace(made, asks=(ask,), cautions=(name,), stacks={"production": [name]}, owners={"production": name})


def rotated(name: str) -> Rotation:
    finding = Finding(name, name, name, name)
    return Rotation(name, "vaultSecret", NOW, "refused", None, NOW + timedelta(days=1), findings=(finding,))


def imported(name: str) -> import_report.Report:
    found = Finding(where=name, what=name, right=name, fix=name)
    differs = Difference("update", "azuread:index/group:Group", name, (Property(name, name, name),))
    return import_report.Report("dev", name, written=True, found=(found,), imported=3, differing=(differs,))


def drafted(name: str) -> str:
    made = Draft({"airflow-entra:roles": {"Admin": {"groups": [{"create": name}]}}, "owners": [ID]}, {ID: name}, ())
    return stack_text.stack_text(made, name)


def to_review(name: str) -> str:
    user, account = AirflowUser(name, name, name, 1, True, (name,)), Account(ID, name, name)
    return review.review_text([Pair(user, "ambiguous", name, (account, account))], "dev", ID)


def links(name: str) -> str:
    return users.links_text(review.Reviewed(ID, name, (review.Link(name, name, 1, ID),), ()))


def pictures(name: str) -> list[Picture]:
    return [picture(DeclaredStack("dev", settings(name)))]


def audited(name: str) -> Audit:
    return replace(audit_of(name), denied=(name,))


def _forms(
    command: str, module: str, forms: tuple[Medium, ...], write: Callable[[str, Any], str], **more: Any
) -> list[Writer]:
    return [
        Writer(command, form, form, module, lambda name, form=form: write(name, form), **more)  # type: ignore[misc]
        for form in forms
    ]


_ALL: tuple[Medium, ...] = ("text", "json", "markdown")
_FROM_A_FILE: dict[str, Any] = {"accepts": acceptable}
_RENDERED: dict[str, Medium] = {
    "webserver-config": "python",
    "env": "env",
    "server-env": "env",
    "watcher-env": "env",
    "helm": "yaml",
    "helm-watcher": "yaml",
    "compose": "yaml",
    "roles": "json",
    "dag": "python",
}

WRITERS = [
    *(
        Writer(
            command,
            "sarif",
            "json",
            "report.findings_sarif",
            lambda name, command=command: sarif(found(command, name), Path(), "0", command),  # type: ignore[misc]
        )
        for command in ("audit", "check", "preview")
    ),
    *(
        Writer(
            command,
            "github",
            "workflow",
            "report.findings_annotations",
            lambda name, command=command: workflow_commands(found(command, name)[:1], Path()),  # type: ignore[misc]
            accepts=acceptable if command == "preview" else str,
        )
        for command in ("check", "preview")
    ),
    *_forms("audit", "report.audit", (*_ALL, "html"), lambda name, form: audit_report.render(audited(name), form)),
    *(
        Writer(
            "audit",
            f"csv {table.name}",
            "csv",
            "report.audit",
            lambda name, table=table: audit_report.render(audited(name), "csv", table.name),  # type: ignore[misc]
            shows=table.name not in ("findings", "checks", "left", "programs"),
        )
        for table in tables(audited("x"))
    ),
    *_forms(
        "bootstrap", "report.bootstrap", _ALL, lambda name, form: bootstrap_report.render(bootstrapped(name), form)
    ),
    *_forms("check", "report.check", _ALL, lambda name, form: check.render(checked(name), form)),
    *_forms("diff", "report.diff", _ALL, lambda name, form: diff.render(compared(name), form), **_FROM_A_FILE),
    *_forms("explain", "report.explain", _ALL, lambda name, form: explain.render(explained(name), form)),
    Writer(
        "graph",
        "mermaid",
        "mermaid",
        "report.graph_mermaid",
        lambda name: graph_mermaid.mermaid(pictures(name)),
        **_FROM_A_FILE,
    ),
    Writer("graph", "svg", "svg", "report.graph_svg", lambda name: graph_svg.svg(pictures(name)), **_FROM_A_FILE),
    *_forms("import", "importing.report", _ALL, lambda name, form: import_report.render(imported(name), form)),
    Writer("import", "the stack file", "yaml", "importing.stack_text", drafted, **_FROM_A_FILE),
    Writer("import", "the review file", "yaml", "importing.review", to_review),
    Writer(
        "import",
        "the findings",
        "text",
        "report.findings",
        lambda name: as_text((Finding(where=name, what=name, right=name, fix=name),)),
    ),
    Writer("import", "the links", "json", "report.findings", links),
    Writer("local deploy", "", "text", "report.summary", summarised),
    Writer("pulumi up", "the hand-over", "markdown", "components.hand_over", handed_over, **_FROM_A_FILE),
    *_forms("who", "report.who", _ALL, lambda name, form: who_report.render(name, standings(name), form)),
    *_forms(
        "preview",
        "report.preview",
        _ALL,
        lambda name, form: preview.render(previewed(name), form),
        accepts=lambda name: name[:600],  # a longer one shortens the comment
    ),
    *(
        Writer(
            "render",
            target,
            _RENDERED[target],
            "render.targets",
            lambda name, target=target: render_target(target, known(contact=name)),  # type: ignore[misc]
            shows=target == "roles",
            accepts=a_contact,
        )
        for target in TARGETS
    ),
    *_forms("rotate", "rotation.report", _ALL, lambda name, form: rotation_report.render([rotated(name)], form)),
]
MEDIA: tuple[Medium, ...] = get_args(Medium)
