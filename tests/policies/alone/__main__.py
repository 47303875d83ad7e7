"""The pack with one thing changed: of many programs in one stack it judges each by itself, and says whose a finding is.

A resource is its program's whose name stands before `--` in its own; the stack has the outputs of each by its name.
"""

import sys
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[3])

from google.protobuf import json_format  # type: ignore[import-untyped]  # noqa: E402
from pulumi.runtime.proto import analyzer_pb2  # noqa: E402

from policies.pack import as_policy  # noqa: E402
from policies.registry import RULES  # noqa: E402
from policies.resource_types import STACK  # noqa: E402
from policies.servicer import Servicer  # noqa: E402
from policies.serving import serve_until_interrupted  # noqa: E402


class EachAlone(Servicer):
    def Analyze(self, request: Any, _context: Any) -> Any:  # noqa: N802 -- gRPC's name
        return _said_of(request.name.partition("--")[0], super().Analyze(request, _context))

    def AnalyzeStack(self, request: Any, _context: Any) -> Any:  # noqa: N802
        programs: dict[str, list[Any]] = {}
        (stack,) = (one for one in request.resources if one.type == STACK)
        for one in request.resources:
            if "--" in one.name:
                programs.setdefault(one.name.partition("--")[0], []).append(one)
        outputs = json_format.MessageToDict(stack.properties)
        answer = analyzer_pb2.AnalyzeResponse()
        for program, resources in programs.items():
            alone = analyzer_pb2.AnalyzeStackRequest(resources=resources)
            root = alone.resources.add(type=STACK, urn=stack.urn, name=stack.name)
            root.properties.update(outputs.get(program, {}))
            answer.MergeFrom(_said_of(program, super().AnalyzeStack(alone, _context)))
        return answer


def _said_of(program: str, answer: Any) -> Any:
    for found in answer.diagnostics:
        found.message = f"{program}: {found.message}"
    return answer


if __name__ == "__main__":
    serve_until_interrupted(EachAlone("airflow-entra", "0.0.1", [as_policy(rule) for rule in RULES]))
