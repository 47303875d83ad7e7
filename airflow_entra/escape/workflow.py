"""What CI systems read out of what a step prints or hands over: commands in its log, links in its findings.

GitHub: a line that begins with ::name ::, and ##[name] anywhere in a line
(https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
Azure DevOps: ##vso[area.action ...] and ##[name] anywhere in a line
(https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands).
"""

from __future__ import annotations

import re

_NOTHING = "\u200b"
_ANYWHERE = re.compile(r"#(?=#(?:vso)?\[)", re.IGNORECASE)
_AT_THE_START = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)


def without_commands(text: str) -> str:
    """`text` for a step's log: what would begin a command is parted by a blank of no width."""
    if "##" not in text and "::" not in text:
        return text
    return _AT_THE_START.sub(rf"\1:{_NOTHING}", _ANYWHERE.sub(rf"\g<0>{_NOTHING}", text))


def message(text: str) -> str:
    """What a workflow command says after its second ::, line ends included."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_value(text: str) -> str:
    """A property of a workflow command, such as its file."""
    return message(text).replace(":", "%3A").replace(",", "%2C")


def sarif_text(text: str) -> str:
    """A message of SARIF without the form of an embedded link, [words](address), that a host would draw."""
    return text.replace("](", "] (")
