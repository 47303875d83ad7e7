"""`$filter`: parsed by odata-query, evaluated over documents, with a way to the store's lookups for the common ones."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser

from entra_local import clock
from entra_local.graph.exceptions import BadQuery
from entra_local.wire import JsonObject

_ADVANCED_FUNCTIONS = frozenset({"endswith"})


@dataclass(frozen=True)
class Filter:
    """One parsed filter over a type with these properties."""

    expression: ast._Node
    properties: frozenset[str]

    def matches(self, body: JsonObject) -> bool:
        """Whether an object passes. Raises BadQuery for what Graph does not filter by."""
        try:
            return bool(_value(self.expression, body, {}))
        except (TypeError, ValueError) as error:
            raise BadQuery("Invalid filter clause: its operands are of types that do not compare.") from error

    @cached_property
    def equalities(self) -> Mapping[str, str]:
        """Property -> string for each `property eq 'string'` that every match must satisfy."""
        return {name: values[0] for name, values in self._choices.items() if len(values) == 1}

    @cached_property
    def ids(self) -> Sequence[str] | None:
        """The ids of which every match must have one, from `id eq` or `id in`; None where all are possible."""
        return self._choices.get("id")

    @cached_property
    def _choices(self) -> Mapping[str, Sequence[str]]:
        """Property -> the strings of which every match must have one."""
        found: dict[str, Sequence[str]] = {}
        pending: list[ast._Node] = [self.expression]
        while pending:
            match pending.pop():
                case ast.BoolOp(op=ast.And(), left=left, right=right):
                    pending += [left, right]
                case ast.Compare(
                    comparator=ast.Eq(),
                    left=ast.Identifier(name=name),
                    right=ast.String(val=value) | ast.GUID(val=value),
                ):
                    found[name] = [value]
                case ast.Compare(comparator=ast.In(), left=ast.Identifier(name=name), right=ast.List(val=values)):
                    texts = [value.val for value in values if isinstance(value, ast.String | ast.GUID)]
                    if len(texts) == len(values):
                        found[name] = texts
        return found

    @cached_property
    def advanced(self) -> bool:
        """Whether Graph wants `ConsistencyLevel: eventual` and `$count=true` for it."""
        return _any_node(self.expression, _is_advanced)


def parse(text: str, properties: Sequence[str]) -> Filter:
    """Read a filter. Raises BadQuery when it is malformed or names a property that the type lacks."""
    try:
        # sly's parser keeps its tokens on itself: a fresh one per filter.
        expression = ODataParser().parse(_tokens(text))
    except exceptions.ODataException as error:
        raise BadQuery(f"Invalid filter clause: {text[:200]}") from error
    if expression is None:
        raise BadQuery("Invalid filter clause: it is empty.")
    known = frozenset(properties)
    _check_names(expression, known, frozenset())
    return Filter(expression, known)


def _tokens(text: str) -> Iterator[Any]:
    """The filter's tokens, functions in lower case: Graph takes startsWith and startswith, the parser the latter."""
    for token in ODataLexer().tokenize(text):
        if isinstance(token.value, ast.Identifier) and token.value.name.lower() in _FUNCTIONS:
            token.value = ast.Identifier(token.value.name.lower())
        yield token


def _check_names(node: ast._Node, known: frozenset[str], bound: frozenset[str]) -> None:
    match node:
        case ast.Identifier(name=name):
            if name not in known and name not in bound:
                raise BadQuery(f"Invalid filter clause: Could not find a property named '{name}'.")
        case ast.Attribute(owner=owner):
            _check_names(owner, known, bound)
        case ast.CollectionLambda(owner=owner, lambda_=ast.Lambda(identifier=variable, expression=body)):
            _check_names(owner, known, bound)
            _check_names(body, known, bound | {variable.name})
        case ast.Call(args=arguments):
            for argument in arguments:
                _check_names(argument, known, bound)
        case _:
            for child in _children(node):
                _check_names(child, known, bound)


def _value(node: ast._Node, body: Any, bound: Mapping[str, Any]) -> Any:
    match node:
        case ast.BoolOp(op=ast.And(), left=left, right=right):
            return _value(left, body, bound) and _value(right, body, bound)
        case ast.BoolOp(op=ast.Or(), left=left, right=right):
            return _value(left, body, bound) or _value(right, body, bound)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, body, bound)
        case ast.Compare(comparator=ast.In(), left=left, right=ast.List(val=choices)):
            wanted = _folded(_value(left, body, bound))
            return any(_folded(_value(choice, body, bound)) == wanted for choice in choices)
        case ast.Compare(comparator=comparator, left=left, right=right):
            compare = _COMPARISONS.get(type(comparator))
            if compare is None:
                raise BadQuery("Unsupported operator in the filter.")
            return compare(_folded(_value(left, body, bound)), _folded(_value(right, body, bound)))
        case ast.Call(func=function, args=arguments):
            known = _FUNCTIONS.get(function.name.lower())
            if known is None:
                raise BadQuery(f"Unsupported function '{function.name}' in the filter.")
            return known(*(str(_folded(_value(argument, body, bound)) or "") for argument in arguments))
        case ast.CollectionLambda(owner=owner, operator=operator, lambda_=ast.Lambda() as lambda_):
            items = _value(owner, body, bound) or []
            if not isinstance(items, list):
                raise BadQuery("Invalid filter clause: any and all apply to lists.")
            results = (_value(lambda_.expression, body, {**bound, lambda_.identifier.name: item}) for item in items)
            return all(results) if isinstance(operator, ast.All) else any(results)
        case ast.Identifier(name=name):
            return bound[name] if name in bound else body.get(name)
        case ast.Attribute(owner=owner, attr=name):
            inner = _value(owner, body, bound)
            return inner.get(name) if isinstance(inner, dict) else None
        case ast.GUID(val=value):
            return value
        case ast.DateTime(val=value):
            return _folded(clock.stamp(clock.parse(value)))  # as moments are kept
        case ast._Literal():
            return node.py_val
    raise BadQuery("Unsupported expression in the filter.")


def _folded(value: Any) -> Any:
    """Strings compare without case in the directory."""
    return value.casefold() if isinstance(value, str) else value


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    # An unset property is neither before nor after anything.
    return lambda left, right: left is not None and right is not None and compare(left, right)


_COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: lambda left, right: bool(left == right),
    ast.NotEq: lambda left, right: bool(left != right),
    ast.Gt: _ordered(lambda left, right: left > right),
    ast.GtE: _ordered(lambda left, right: left >= right),
    ast.Lt: _ordered(lambda left, right: left < right),
    ast.LtE: _ordered(lambda left, right: left <= right),
}
_FUNCTIONS: dict[str, Callable[..., bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def _is_advanced(node: ast._Node) -> bool:
    match node:
        case ast.NotEq() | ast.Not():
            return True
        case ast.Call(func=function):
            return function.name.lower() in _ADVANCED_FUNCTIONS
    return False


def _any_node(node: ast._Node, test: Callable[[ast._Node], bool]) -> bool:
    return test(node) or any(_any_node(child, test) for child in _children(node))


def _children(node: ast._Node) -> list[ast._Node]:
    found: list[ast._Node] = []
    for value in vars(node).values():
        if isinstance(value, ast._Node):
            found.append(value)
        elif isinstance(value, list):
            found += [item for item in value if isinstance(item, ast._Node)]
    return found
