"""Stands in for a CLI that says everything it knows, on both streams and in its events.

That is each secret variable, in each way that a program may write one, every other variable, its arguments, what it is
told on standard input, and the configuration of its stacks with the secrets opened. Where a secret is among its
arguments, which any user of the machine can read, it leaves a file in CHATTY_NOTES.

CHATTY says how it ends: "fails" in every command; "fails later" in all that do or plan something; "babbles" instead of
JSON and succeeds; "answers" properly, with secrets in what it says.
"""

import base64
import json
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import yaml


def install(folder: Path) -> Path:
    """Makes it the `pulumi` of a folder that is to be put on PATH, with a language host beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pulumi", "pulumi-language-python"):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(__file__)} "$@"\n')
        program.chmod(0o755)
    return folder


def secrets(environment: dict[str, str]) -> dict[str, str]:
    """What must never be shown: the variables that are named in SECRETS, and what the named files hold."""
    named = {name: environment[name] for name in environment.get("SECRETS", "").split() if name in environment}
    for name in ("PULUMI_CONFIG_PASSPHRASE_FILE", "ARM_OIDC_TOKEN_FILE_PATH"):
        if file := environment.get(name):
            named[name] = Path(file).read_text()
    if "ARM_CLIENT_SECRET" in environment:
        named["ARM_CLIENT_SECRET"] = environment["ARM_CLIENT_SECRET"]
    return named


def ways(value: str) -> Iterator[str]:
    yield f"plain {value} and done"
    yield f"headers: map[Authorization:[Bearer {value}]]"
    yield f"as JSON {json.dumps({'it': value})} and {json.dumps({'it': value}, ensure_ascii=False)}"
    yield f"in a JSON text {json.dumps(json.dumps({'it': value}))}"
    yield f"as Python {value!r}"
    yield f"in a form client_id=x&it={quote(value, safe='')}&y=z and https://user:{quote(value, safe='')}@host/"
    yield f"in base64 {base64.b64encode(value.encode()).decode()}"
    half = len(value) // 2
    yield f"over two lines {value[:half]}\n    {value[half:]}"


def everything(arguments: list[str]) -> str:
    known = secrets(dict(os.environ))
    if any(value and value in argument for value in known.values() for argument in arguments):
        Path(os.environ["CHATTY_NOTES"], "a secret was an argument").touch()
    told = "" if sys.stdin.isatty() else sys.stdin.read()
    return "\n".join(
        [
            *(f"error: {name}: {way}" for name, value in known.items() for way in ways(value)),
            *(f"error: {name}={value}" for name, value in os.environ.items()),
            f"error: called with {arguments!r} and told {told!r}",
            *(f"error: {line}" for line in configuration()),
        ]
    )


def configuration() -> Iterator[str]:
    """What the stack files here say. The CLI masks what it has opened itself; a provider says a name with a value."""
    for file in Path().glob("**/Pulumi.*.yaml"):
        for key, value in (yaml.safe_load(file.read_text()) or {}).get("config", {}).items():
            opened = opened_by_nobody(value["secure"]) if "secure" in str(value) else value
            yield f'{key.rpartition(":")[2]}={opened} {{"{key}": "{opened}"}} {key}: {opened}'


def opened_by_nobody(text: str) -> str:
    """Seals a secret of a stack file, and opens it."""
    return text[::-1]


def main() -> int:
    how, arguments = os.environ["CHATTY"], sys.argv[1:]
    if arguments == ["version"]:
        print("v3.256.0")  # noqa: T201
        return 0
    words, said = tuple(arguments[:2]), everything(arguments)
    first = ("stack", "export"), ("stack", "init")
    print(said, file=sys.stderr, flush=True)  # noqa: T201
    if how == "fails" or (how == "fails later" and words not in first):
        print(said, flush=True)  # noqa: T201
        return 255
    if how == "babbles":
        print(said, flush=True)  # noqa: T201
        return 0
    answer(words, arguments, said)
    return 0


def answer(words: tuple[str, ...], arguments: list[str], said: str) -> None:
    if words == ("stack", "export"):
        sys.stdout.write(Path(os.environ["CHATTY_EXPORT"]).read_text())
    elif words == ("stack", "output"):
        show({"note": said, said: [said], "clientId": said})
    elif words[0] == "preview" and os.environ.get("PULUMI_ENABLE_STREAMING_JSON_PREVIEW"):
        metadata = {
            "op": "update",
            "urn": "urn:pulumi:local::airflow-entra::azuread:index/group:Group::a-group",
            "type": "azuread:index/group:Group",
            "logical": True,
            "keys": [said],
            "old": {"inputs": {"description": "x"}, "outputs": {}, "id": said},
            "new": {"inputs": {"description": said, said: said}, "outputs": {}},
            "detailedDiff": {said: {}},
        }
        show({"preludeEvent": {"config": {"it": said}}})
        show({"diagnosticEvent": {"severity": "warning", "message": said}})
        show({"diagnosticEvent": {"severity": "error", "message": said}})
        show({"policyEvent": {"message": said, "policyName": "a-policy", "enforcementLevel": "advisory"}})
        show({"resourcePreEvent": {"metadata": metadata}})
        show({"summaryEvent": {"resourceChanges": {"update": 1}, "result": "succeeded"}})
    elif "--json" in arguments:
        step = {
            "op": "update",
            "urn": "urn:pulumi:local::airflow-entra::azuread:index/group:Group::a-group",
            "oldState": {"type": "azuread:index/group:Group", "inputs": {"description": "x"}},
            "newState": {"type": "azuread:index/group:Group", "inputs": {"description": said}},
        }
        show({"steps": [step], "diagnostics": [{"severity": "error", "message": said}]})
    else:
        print(said, flush=True)  # noqa: T201


def show(value: object) -> None:
    print(json.dumps(value), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
