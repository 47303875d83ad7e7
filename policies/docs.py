"""Writes docs/policies.md out of the declarations: `python -m policies.docs > docs/policies.md`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from policies.registry import RULES
from policies.resource_types import EVERY
from policies.rules import Rule

_OPENING = """\
# Policies

<!-- Written by `python -m policies.docs > docs/policies.md`; a test compares. Change the declarations in policies/. -->

What every Airflow sign-on with Entra ID must satisfy. The pack runs with the project's own program and with any other
Pulumi program that declares azuread and azure-native resources:

```sh
pulumi preview --policy-pack policies
```

A mandatory policy stops the preview and the update; an advisory one only says so. A value that a preview can't know yet
is left alone and checked again by the update. Policies of scope *resource* read what the program asks for, before
anything is touched; those of scope *stack* see all resources together, once per preview and update.

A stack holds only types of resources that the policies read: any other is refused (`known-types-only`), unless its type
is listed with a reason. How a value is spelled makes no difference
([decision 33](decisions/0033-policies-judge-what-a-program-can-do.md)).

To change a policy's level or its settings for every stack, write `policies/configuration.json`; for one run, pass
another file with `--policy-pack-config FILE`, which comes first:

```json
{
  "secrets-expire": {"maxDays": 90},
  "known-types-only": {"allowed": {"random:RandomId": "part of the vault's name"}},
  "no-implicit-grant": {"enforcementLevel": "remediate"}
}
```

With the level `remediate` a policy that can puts the right value in place itself, and Pulumi shows what it changed; the
table says which can. None does so unasked: the program would go on saying something else than what is deployed.

Some policies hold in production only. Which stack that is, says the stack's output `environment`, else a tag
`production` or `environment:production` of the application or `environment: production` of the vault; the
policy's setting `environment` comes before all of them. Lifetimes that azuread has no resource for are read from
the stack's outputs `tokenLifetime`, `signInFrequency` and `airflowSession`, such as `8h`.
"""


def page() -> str:
    """The whole page, Markdown."""
    return "\n".join([_OPENING, *_overview(), *(line for rule in RULES for line in _section(rule))])


def _overview() -> Iterator[str]:
    yield "| Policy | Level | Severity | Scope | Remediates |"
    yield "|---|---|---|---|---|"
    for rule in RULES:
        repairs = "yes" if rule.repair else ""
        yield f"| [{rule.title}](#{rule.name}) | {rule.level} | {rule.severity} | {rule.scope} | {repairs} |"
    yield ""


def _section(rule: Rule) -> Iterator[str]:
    yield f"## {rule.name}"
    yield ""
    yield f"**{rule.description}** {rule.level.capitalize()}, severity {rule.severity}."
    yield ""
    yield f"- **Why**: {rule.reason}"
    yield f"- **Fix**: {rule.remedy}"
    yield f"- **Controls**: {', '.join(rule.controls)}"
    yield f"- **Source**: <{rule.source}>"
    yield f"- **Reads**: {', '.join('every resource' if type_ == EVERY else f'`{type_}`' for type_ in rule.types)}"
    for setting in rule.settings:
        yield (
            f"- **Setting** `{setting.name}`: {setting.schema['description']} "
            f"Default: `{json.dumps(setting.schema['default'])}`."
        )
    yield ""
    for heading, example in (("Violates it", rule.violation), ("Satisfies it", rule.compliance)):
        yield f"{heading}:"
        yield ""
        yield f"```yaml\n{example}```"
        yield ""


if __name__ == "__main__":
    sys.stdout.write(page().rstrip("\n") + "\n")
