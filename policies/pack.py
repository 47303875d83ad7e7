"""Hands the policies to Pulumi: the one module that knows its policy SDK."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.configuration import ConfigurationError, configuration
from policies.normal import plain
from policies.registry import RULES
from policies.resources import UNKNOWN, Resource, Value, short_type
from policies.rules import Excepted, Finding, Rule, Settings
from policies.servicer import ReadOnce, Servicer
from policies.serving import serve_until_interrupted

_LEVELS = {rule.name: rule.level for rule in RULES}
_Arguments = ResourceValidationArgs | StackValidationArgs


def serve() -> None:
    """Serve the pack to the engine until it hangs up. The version that counts is PulumiPolicy.yaml's."""
    policies = [as_policy(rule) for rule in RULES]
    try:
        said = {name: _with_level(name, settings) for name, settings in configuration(_LEVELS).items()}
    except (ConfigurationError, ValueError) as error:
        sys.exit(str(error))
    serve_until_interrupted(Servicer("airflow-entra", "0.0.1", policies, said))


def _with_level(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The level as the SDK has it, the policy's own where none is said: the engine would take it for advisory.

    Raises ValueError where it is none.
    """
    return {**settings, "enforcementLevel": EnforcementLevel(settings.get("enforcementLevel", _LEVELS[name]))}


def as_policy(rule: Rule) -> Policy:
    """The rule as the SDK's kind of policy for its scope."""
    if rule.scope == "stack":
        return StackValidationPolicy(validate=_stack_validation(rule), **_declaration(rule))
    return ResourceValidationPolicy(
        validate=_resource_validation(rule),
        remediate=_remediation(rule),  # type: ignore[arg-type]  # the SDK takes an answer at once too
        **_declaration(rule),
    )


def _resource_validation(rule: Rule) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if rule.reads(short_type(args.resource_type)):
            _report(rule, [_asked_for(args, _one_spelling(args.props))], args, report)

    return validate


def _asked_for(args: ResourceValidationArgs, props: Settings) -> Resource:
    """What the program asks for. A component has no provider, and neither has a provider itself."""
    return Resource(
        urn=args.urn,
        type=short_type(args.resource_type),
        name=args.name,
        props=props,
        custom=args.provider is not None or args.resource_type.startswith("pulumi:"),
    )


def _remediation(rule: Rule) -> Callable[[ResourceValidationArgs], Mapping[str, object] | None] | None:
    """What the engine calls where the pack's configuration sets the policy's level to remediate."""
    repair = rule.repair
    if repair is None:
        return None

    def remediate(args: ResourceValidationArgs) -> Mapping[str, object] | None:
        if not rule.reads(short_type(args.resource_type)):
            return None
        changed = repair(_asked_for(args, _plain_object(args.props)))
        for name, value in changed.items():
            args.props[name] = _raw(value)  # type: ignore[index]
        return args.props if changed else None

    return remediate


def _raw(value: Value) -> object:
    """The value as the engine takes it, an unknown one as its marker."""
    if value is UNKNOWN:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, Mapping):
        return {key: _raw(item) for key, item in value.items()}
    return [_raw(item) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else value


def _stack_validation(rule: Rule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = [_from_stack(each) for each in args.resources if rule.reads(short_type(each.resource_type))]
        _report(rule, resources, args, report)

    return validate


def _report(rule: Rule, resources: Sequence[Resource], args: _Arguments, report: ReportViolation) -> None:
    results = list(rule.check(resources, rule.with_defaults(_one_spelling(args.get_config()))))
    findings = [result for result in results if isinstance(result, Finding)]
    for finding in findings:
        report(rule.message(finding), finding.resource.urn)
    reasons = [result.reason for result in results if isinstance(result, Excepted)]
    if reasons and not findings:
        args.not_applicable("; ".join(reasons))


def _from_stack(resource: PolicyResource) -> Resource:
    """Read once for all policies, where the pack serves it."""
    if not isinstance(resource, ReadOnce):
        return _read_resource(resource)
    if not isinstance(resource.kept, Resource):
        resource.kept = _read_resource(resource)
    return resource.kept


def _read_resource(resource: PolicyResource) -> Resource:
    asked = resource.asked if isinstance(resource, ReadOnce) else None
    return Resource(
        urn=resource.urn,
        type=short_type(resource.resource_type),
        name=resource.name,
        props=_one_spelling(resource.props),
        asked=None if asked is None else _one_spelling(asked),
        sources={name: [each.urn for each in made_from] for name, made_from in resource.property_dependencies.items()},
    )


def _plain(value: object) -> Value:
    if isinstance(value, Mapping):
        return _plain_object(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_read(value, index) for index in range(len(value))]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # the engine sends every number as a float
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return UNKNOWN  # an asset or archive: nothing that a policy could read


def _one_spelling(value: Mapping[str, object]) -> Settings:
    return {key: plain(item) for key, item in _plain_object(value).items()}


def _plain_object(value: Mapping[str, object]) -> Settings:
    return {key: _read(value, key) for key in value}


def _read(container: Mapping[str, object] | Sequence[object], key: str | int) -> Value:
    """The SDK's containers raise when an unknown value is read: one such value must not end the whole policy."""
    try:
        return _plain(container[key])  # type: ignore[index]
    except UnknownValueError:
        return UNKNOWN


class _Declaration(TypedDict):
    name: str
    display_name: str
    description: str
    enforcement_level: EnforcementLevel
    severity: Severity
    remediation_steps: str
    framework: PolicyComplianceFramework
    url: str
    config_schema: PolicyConfigSchema | None


def _declaration(rule: Rule) -> _Declaration:
    schema = {setting.name: dict(setting.schema) for setting in rule.settings}
    return {
        "name": rule.name,
        "display_name": rule.title,
        "description": rule.description,
        "enforcement_level": EnforcementLevel(rule.level),
        "severity": Severity(rule.severity),
        "remediation_steps": rule.remedy,
        "framework": PolicyComplianceFramework(name="Entra sign-on", reference=", ".join(rule.controls)),
        "url": rule.source,
        "config_schema": PolicyConfigSchema(schema) if schema else None,
    }
