"""Which templates for the names of tasks' logs Airflow's server believes: its database has them, and it runs them.

Whoever writes into that table may have the server show any file of its own machine as a task's log, or run what they
like. Airflow's own templates only put together a run's names and numbers and end in ".log"; so must every other.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import jinja2
from jinja2 import nodes

_KINDS = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.If,
    nodes.Compare,
    nodes.Operand,
    nodes.Const,
    nodes.Filter,
)
_FIELD = re.compile(r"\{[a-z_]*\}")
_END = ".log"

log = logging.getLogger(__name__)


def is_harmless(template: str) -> bool:
    """Whether it only puts names and numbers together, into the name of a log. Pure."""
    if "{{" not in template:  # Airflow formats it
        return template.endswith(_END) and not re.search(r"[{}]", _FIELD.sub("", template))
    try:
        tree = jinja2.Environment(autoescape=False).parse(template)  # noqa: S701 -- it is never rendered
    except jinja2.TemplateError:
        return False
    return template.endswith(_END) and all(map(_is_harmless, _all_of(tree)))


def _all_of(tree: nodes.Node) -> list[nodes.Node]:
    return [tree, *tree.find_all(nodes.Node)]


def _is_harmless(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Getattr):
        return isinstance(node.node, nodes.Name) and not node.attr.startswith("_")
    if isinstance(node, nodes.Filter):
        return node.name == "default"
    return isinstance(node, _KINDS)


def believe_no_others() -> None:
    """From now on, in this process: another one is as if it were the configured one."""
    import sqlalchemy as sa
    from airflow.models.tasklog import LogTemplate

    if not sa.event.contains(LogTemplate, "load", _loaded):
        sa.event.listen(LogTemplate, "load", _loaded)


def _loaded(found: Any, _context: Any) -> None:
    from airflow.configuration import conf
    from sqlalchemy.orm.attributes import set_committed_value

    if not is_harmless(found.filename):
        log.error("Row %s of log_template does more than name a log, so it is not used: somebody wrote it", found.id)
        set_committed_value(found, "filename", conf.get("logging", "log_filename_template"))
