"""/auditLogs/signIns: the sign-in log."""

from entra_local.graph.entities import SIGN_IN
from entra_local.graph.models.objects import load
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import items, one
from entra_local.wire import Reply


def list_sign_ins(request: GraphRequest) -> Reply:
    """The latest first."""
    return items(request, SIGN_IN, reversed([found.body for found in request.directory.scan(SIGN_IN.kind)]))


def read_sign_in(request: GraphRequest) -> Reply:
    return one(request, SIGN_IN, load(request.directory, SIGN_IN, request["id"]))
