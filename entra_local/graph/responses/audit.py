"""/auditLogs: sign-ins and changes of the directory, the newest first."""

from dataclasses import replace

from entra_local.graph.entities import DIRECTORY_AUDIT, SIGN_IN, Entity
from entra_local.graph.listing import read_options, reply
from entra_local.graph.models import logs
from entra_local.graph.models.objects import load
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import one
from entra_local.wire import Reply

_SIGNED_IN = "createdDateTime"
_CHANGED = "activityDateTime"


def list_sign_ins(request: GraphRequest) -> Reply:
    logs.require_premium(request.directory)
    return _list(request, SIGN_IN, _SIGNED_IN)


def read_sign_in(request: GraphRequest) -> Reply:
    logs.require_premium(request.directory)
    return one(request, SIGN_IN, load(request.directory, SIGN_IN, request["id"]))


def list_directory_audits(request: GraphRequest) -> Reply:
    return _list(request, DIRECTORY_AUDIT, _CHANGED)


def read_directory_audit(request: GraphRequest) -> Reply:
    return one(request, DIRECTORY_AUDIT, load(request.directory, DIRECTORY_AUDIT, request["id"]))


def _list(request: GraphRequest, entity: Entity, moment: str) -> Reply:
    options = read_options(request.call, entity)
    if options.order == (moment, True):
        options = replace(options, order=None)  # the order that they are in
    ordered = options.order is not None
    rows = logs.entries(request.directory, entity.kind, moment, 0 if ordered else options.after)
    if ordered:
        rows = reversed(list(rows))  # what has the same moment stays in its order
    return reply(request, entity, options, rows, skipped=not ordered)
