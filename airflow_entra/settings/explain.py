"""What pydantic found, in the words of the stack file: what is wrong, what would be right, how to fix it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from airflow_entra.finding import At, Finding, Loc
from airflow_entra.settings import model
from airflow_entra.settings.document import Document, Scalar
from airflow_entra.settings.forms import Form, Span, quote
from airflow_entra.settings.secrets import is_secret_key, secret_at

_LATER = {
    "agents": "agents that sign in with workload identities",
    "eligible": "eligible (time-limited) membership",
}
_KINDS = {
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "a section of keys",
    "model_type": "a section of keys",
    "model_attributes_type": "a section of keys",
}
_KIND_OF = {
    **dict.fromkeys(_KINDS, "settings/wrong-type"),
    "missing": "settings/missing-key",
    "extra_forbidden": "settings/unknown-key",
    "literal_error": "settings/not-one-of",
    "union_tag_not_found": "settings/not-one-of",
    "too_short": "settings/count",
    "too_long": "settings/count",
}
_HOW = {
    "a list": "write one entry per line, each after a hyphen, or [a, b]",
    "a section of keys": "write its keys below it, indented by two spaces",
    "text": "put the value in quotes",
    "true or false": "write true or false without quotes",
}


def explain(errors: list[ErrorDetails], document: Document) -> list[Finding]:
    """One finding for each cause: a misspelt key is not also a missing one."""
    extra = [error for error in errors if error["type"] == "extra_forbidden"]
    misspelt = {(*error["loc"][:-1], _meant(error)) for error in extra}
    return [
        _of_its_kind(error, _finding(error, document))
        for error in errors
        if error["type"] != "missing" or tuple(error["loc"]) not in misspelt
    ]


def closest(word: str, known: list[str]) -> str | None:
    """The one of `known` that `word` is probably meant to be."""
    plain = {_letters(name): name for name in known}
    letters = _letters(word)
    if letters in plain:
        return plain[letters]
    starting = [name for short, name in plain.items() if len(letters) > 2 and short.startswith(letters)]
    if len(starting) == 1:
        return starting[0]
    near = difflib.get_close_matches(letters, list(plain), n=1, cutoff=0.7)
    return plain[near[0]] if near else None


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9:]", "", name.lower())


def said(loc: Loc) -> str:
    """`loc` as people say it: signIn.tokenLifetime, roles.Admin.groups[0]."""
    words = ""
    for step in loc:
        words += f"[{step}]" if isinstance(step, int) else f".{step.removeprefix('airflow-entra:')}"
    return words.removeprefix(".")


def in_file(loc: tuple[int | str, ...]) -> tuple[Loc, bool]:
    """pydantic's location as a path in the file, and whether it means the key rather than the value."""
    steps = [step for step in loc if not (isinstance(step, str) and re.fullmatch(r"<\w+>", step))]
    at_key = bool(steps) and steps[-1] == "[key]"
    return ("config", *(steps[:-1] if at_key else steps)), at_key


def _of_its_kind(error: ErrorDetails, finding: Finding) -> Finding:
    if finding.id:
        return finding
    if error["input"] is None and error["type"] not in ("missing", "extra_forbidden", "mistake"):
        return replace(finding, id="settings/no-value")
    return replace(finding, id=_KIND_OF.get(error["type"], "settings/invalid-value"))


def _finding(error: ErrorDetails, document: Document) -> Finding:
    loc, at_key = in_file(error["loc"])
    name = said(loc[1:])
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    if kind == "mistake":
        label = "" if at_key or len(loc) == 2 else f"{name}: "
        return Finding(At(loc, key=at_key), label + str(context["what"]), str(context["right"]), str(context["fix"]))
    if kind == "missing":
        return _missing(error, loc)
    if kind == "extra_forbidden":
        return _unknown_key(error, loc)
    if value is None:
        return Finding(At(loc, key=True), f"{name} has no value", _right(error), "write one, or delete the key")
    if kind == "literal_error":
        return _not_one_of(loc, name, value, re.findall(r"'([^']*)'", str(context["expected"])))
    if kind == "union_tag_not_found":
        return _no_mode(loc, name, value)
    if kind in ("too_short", "too_long"):
        return _count(loc, name, kind, context)
    if kind in _KINDS:
        return _wrong_type(error, loc, name, document)
    return Finding(At(loc, key=at_key), f"{name}: {error['msg']}", _right(error), "see docs/stack-file.md")


def _missing(error: ErrorDetails, loc: Loc) -> Finding:
    key = str(loc[-1])
    section = said(loc[1:-1]) or "config"
    return Finding(
        At(loc[:-1], key=True),
        f"{key} is missing",
        f"{section} has the key {key}",
        f"add {key}: {_example(error['loc'])}",
    )


def _unknown_key(error: ErrorDetails, loc: Loc) -> Finding:
    key, short = str(loc[-1]), str(loc[-1]).removeprefix("airflow-entra:")
    if is_secret_key(short):
        return secret_at(loc, f"{short} has no place in a stack file", at_key=True)
    meant = _meant(error)
    if short in _LATER:
        what = f"{short} is not available yet"
        right = f"{_LATER[short]}: a later version will read it"
        fix = "delete the key for now"
    elif short == "<<":
        what, right, fix = "the merge key << is not read", "keys are written out", "copy the keys of the alias here"
    elif meant:
        what = f"{short} is no key of {said(loc[1:-1]) or 'config'}"
        right, fix = f"did you mean {meant}?", f"write {meant} instead of {key}"
    elif homes := _homes(short):
        what = f"{short} is no key of {said(loc[1:-1]) or 'config'} as it is written here"
        right, fix = f"{short} belongs to {' or '.join(homes)}", "move it there, or delete it"
    else:
        what = f"{short} is no key of {said(loc[1:-1]) or 'config'}"
        right = f"its keys are {', '.join(sorted(keys(section_at(error['loc'][:-1]))))}"
        fix = "delete it, or move it to the section that it belongs to"
    return Finding(At(loc, key=True), what, right, fix)


def _meant(error: ErrorDetails) -> str | None:
    key = str(error["loc"][-1])
    if is_secret_key(key) or key.removeprefix("airflow-entra:") in _LATER:
        return None
    return closest(key, keys(section_at(error["loc"][:-1])))


def _homes(key: str) -> list[str]:
    """The sections that have the key which stands in a wrong one."""
    sections = [one for one in vars(model).values() if isinstance(one, type) and issubclass(one, model.Section)]
    return [title(section.__name__) for section in sections if key in keys(section)]


def title(name: str) -> str:
    """The name of a section of the model as people read it: CreatedGroup is "created group"."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


def _not_one_of(loc: Loc, name: str, value: object, known: list[str]) -> Finding:
    meant = closest(value, known) if isinstance(value, str) else None
    return Finding(
        At(loc),
        f"{name} is {quote(value)}",
        f"it is one of {', '.join(known)}",
        f"did you mean {meant}?" if meant else "write one of them",
    )


def _no_mode(loc: Loc, name: str, value: object) -> Finding:
    modes = ["vaultSecret", "certificate", "federated"]
    if not isinstance(value, dict):
        return Finding(At(loc), f"{name} is {quote(value)}", "it is a section of keys", _HOW["a section of keys"])
    if "mode" not in value:
        near = closest("mode", [key for key in value if key not in modes])
        fix = f"write mode instead of {near}" if near else "add mode: vaultSecret"
        return Finding(At(loc, key=True), f"{name} has no mode", f"mode is one of {', '.join(modes)}", fix)
    return _not_one_of((*loc, "mode"), f"{name}.mode", value["mode"], modes)


def _count(loc: Loc, name: str, kind: str, context: dict[str, Any]) -> Finding:
    if kind == "too_long":
        most = context["max_length"]
        return Finding(
            At(loc, key=True),
            f"{name} has {context['actual_length']} entries",
            f"at most {most} are allowed",
            "keep the ones that are needed",
        )
    what = "a role without groups gives nobody anything" if loc[-1] == "groups" else "it has at least one entry"
    return Finding(At(loc, key=True), f"{name} is empty", what, "add an entry, or delete the role or key")


def _wrong_type(error: ErrorDetails, loc: Loc, name: str, document: Document) -> Finding:
    kind = _KINDS[error["type"]]
    node = document.node(loc)
    if isinstance(node, Scalar):
        what = f"{name} is {_type_of(node.value)}, {node.text[:40]}"
        form = _form(error["loc"]) if kind == "text" else None
        if form and not form.fits(node.text):  # in quotes it would be refused as well
            return Finding(At(loc), what, form.rule, form.fix)
        # Repeats what the file says: 3.10 would be shown as the number 3.1.
        fix = f'write "{node.text}" in quotes' if kind == "text" and len(node.text) < 40 else _HOW[kind]
        return Finding(At(loc), what, f"it is {kind}", fix)
    found = "a list" if isinstance(error["input"], list) else "a section of keys"
    return Finding(At(loc), f"{name} is {found}", f"it is {kind}", _HOW[kind])


def _type_of(value: object) -> str:
    return {bool: "a yes or no", int: "a number", float: "a number"}.get(type(value), "text")


def _right(error: ErrorDetails) -> str:
    kind = _KINDS.get(error["type"])
    return f"it is {kind}" if kind else f"for example {_example(error['loc'])}"


def section_at(loc: tuple[int | str, ...]) -> type[model.Section]:
    """The section of the model that `loc` (pydantic's, with the tags of unions) lies in."""
    section: type[model.Section] = model.StackSettings
    for step in loc:
        if isinstance(step, str):
            section = _tagged(step) or _below(section, step) or section
    return section


def keys(section: type[model.Section]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _tagged(step: str) -> type[model.Section] | None:
    found = getattr(model, step[1:-1], None) if step.startswith("<") else None
    return found if isinstance(found, type) else None


def _below(section: type[model.Section], key: str) -> type[model.Section] | None:
    for field in section.model_fields.values():
        if field.alias == key:
            return next(iter(_sections(field.annotation)), None)
    return None


def _sections(annotation: object) -> list[type[model.Section]]:
    if isinstance(annotation, type) and issubclass(annotation, model.Section):
        return [annotation]
    return [section for inner in get_args(annotation) for section in _sections(inner)]


def _form(loc: tuple[int | str, ...]) -> Form | None:
    """What a text at `loc` has to be like; of a list that of its entries."""
    keys = [step for step in loc if isinstance(step, str) and not step.startswith("<")]
    field = _field(loc[: loc.index(keys[-1])], keys[-1]) if keys else None
    metadata = (*field.metadata, *_metadata(field.annotation)) if field else ()
    return next((one for one in metadata if isinstance(one, Form)), None)


def _field(loc: tuple[int | str, ...], key: str) -> FieldInfo | None:
    return next((field for field in section_at(loc).model_fields.values() if field.alias == key), None)


def _metadata(annotation: object) -> list[object]:
    return [one for inner in get_args(annotation) for one in getattr(inner, "__metadata__", ())]


def _example(loc: tuple[int | str, ...]) -> str:
    """A value that would do at `loc`, as the file would say it on one line."""
    field = _field(loc[:-1], str(loc[-1]))
    if field is None:
        return "..."
    choices = [one for one in get_args(field.annotation) if isinstance(one, str)]
    return " or ".join(choices) or _sample(field.annotation, field.metadata)


def _sample(annotation: object, metadata: Iterable[object] = ()) -> str:
    """The smallest value of a type: of a section what it can't do without."""
    known = next((one for one in metadata if isinstance(one, Form | Span)), None)
    if known:
        return f'"{known.example}"' if re.fullmatch(r"[\d.]+", known.example) else known.example
    kind, inner = get_origin(annotation), get_args(annotation)
    if kind is Annotated:
        return _sample(inner[0], inner[1:])
    if kind is list:
        return f"[{_sample(inner[0])}]"
    if kind is dict:
        return f"{{{_sample(inner[0])}: {_sample(inner[1])}}}"
    if isinstance(annotation, type) and issubclass(annotation, model.Section):
        required = {name: field for name, field in annotation.model_fields.items() if field.is_required()}
        said = (f"{field.alias}: {_sample(field.annotation, field.metadata)}" for field in required.values())
        return f"{{{', '.join(said)}}}"
    return inner[0] if inner and isinstance(inner[0], str) else _sample(inner[0]) if inner else "..."
