"""The base class of all module wrappers: each construct is one module call, and its ID is part of the address."""

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Required, cast, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError

from anyscale_constructs.config.model import found_in
from anyscale_constructs.engine import Construct, TerraformHclModule
from anyscale_constructs.errors import ConstructsError, ExpressionError, InputError
from anyscale_constructs.expressions import Expr, as_expressions, expr, known_after_apply
from anyscale_constructs.findings import Finding, Key, Rule, within
from anyscale_constructs.names import unknown
from anyscale_constructs.terraform.additions import ARGUMENTS
from anyscale_constructs.terraform.constructor import checked
from anyscale_constructs.terraform.guards import (
    Guard,
    Inputs,
    found_by,
    refused_by_upstream,
    value_is_refused,
    without_effect,
)
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.move_blocks import adopted
from anyscale_constructs.terraform.origins import element
from anyscale_constructs.terraform.place import cloud_stack, path_in
from anyscale_constructs.terraform.types import InputTypes, TfList, TfString
from anyscale_constructs.terraform.values import lost, merge, to_terraform

_TEXTS: TypeAdapter[Sequence[str] | Expr] = TypeAdapter(TfList[TfString], config=ConfigDict(strict=True))
# What to do in Python instead of setting an argument of the module call.
_INSTEAD = {
    "providers": "call add_provider() on the construct, with stack.add_provider(NAME, alias=...)",
    "for_each": "create one construct per element in a loop",
    "count": "create the constructs in a loop",
    "version": "set a ref under modules, or in Sources",
    "source": "set a mirror under modules, or in Sources",
}

TWICE = Rule("duplicate-id", "error", "The ID of a construct is part of its Terraform address, which must be unique.")
UNKNOWN_INPUT = Rule("unknown-input", "error", "Terraform rejects inputs that the module does not declare at its ref.")
MISSING_INPUT = Rule("missing-input", "error", "Terraform requires a value for every input variable without a default.")
KNOWN_AT_PLAN = Rule(
    "unknown-at-plan", "error", "The number of resources must be known at plan; attributes of new resources are not."
)
REPLACED_BY_WAITING = Rule(
    "replaced-by-waiting",
    "error",
    "With depends_on, Terraform may read the data sources of a module during apply, and then replaces resources that "
    "use them.",
)
PUT_OFF_BY_WAITING = Rule(
    "unknown-by-waiting",
    "note",
    "With depends_on, Terraform may read the data sources of a module during apply, so the plan shows less.",
)


class Module(TerraformHclModule):
    """A call of an upstream module.

    The generated wrappers derive from this class and declare the types of the inputs; the constructs derive from the
    wrappers and add guards.

    Args:
        scope: The parent construct, usually the stack.
        id: The module's ID; directly in a stack, the address is `module.<id>`.
        inputs: The inputs, by upstream's names; None leaves an input unset. The inputs that the stack's sources set for
            this module are merged into these, and into those that `complete` adds.
        depends_on: Constructs that must be created first. Default: none.

    Raises:
        InputError: An input is unknown, missing or of the wrong type, or a guard rejects it.
    """

    interface_name: ClassVar[str]
    inputs_type: ClassVar[Any]
    guards: ClassVar[Sequence[Guard]] = ()
    settled: Collection[str] = ()
    """Addresses of data sources whose values cannot replace a resource, given the inputs that the construct sets."""
    replaced_by_waiting: ClassVar[str] = ""
    """The resources that a depends_on would replace, so that it is an error; empty if it only makes plans show less."""

    def __init_subclass__(cls) -> None:
        """Adds the checks of Python arguments to the constructor."""
        super().__init_subclass__()
        if "__init__" in vars(cls):
            cls.__init__ = checked(cls.__init__)  # type: ignore[method-assign] # with the same signature

    def __init__(
        self, scope: Construct, id: str, inputs: Mapping[str, Any], depends_on: Sequence[Construct] = ()
    ) -> None:
        stack = self._stack = cloud_stack(scope, f"module.{id}")
        if scope is stack and id in stack.modules:
            raise InputError(f"module.{id} already exists", fix="give each module a unique ID", rule=TWICE)
        self.path = path_in(stack, scope, id)
        self._origins = stack.origins
        self._outputs: dict[str, Expr] = {}
        override = self._override = stack.sources.override(self.path)
        try:
            self.interface = Interface.load(self.interface_name, override.ref)
        except InputError as error:
            raise InputError(within(error.findings, key=("modules", self.path, "ref"))) from None
        ours = _set(inputs)
        # The root module created only the first module of each kind; a second one is new.
        adoption = None if stack.adoption and self.interface_name in adopted(stack) else stack.adoption
        if adoption:
            ours = adoption.given(self.interface, ours)
        given, warnings = self._given(id, ours, override.inputs)
        self.inputs = Inputs(self.interface, given)
        self.depends_on_modules = [construct for construct in depends_on if isinstance(construct, Module)]
        waiting = self.found_by_waiting() if depends_on else None
        findings = [*found_by(self.guards, self.inputs), *self.findings(), *([waiting] if waiting else ())]
        findings += adoption.findings(self.interface, self.inputs.given) if adoption else ()
        idle, refused = [*without_effect(self.inputs, override.inputs)], [*refused_by_upstream(self.inputs)]
        if idle or refused:
            said = {name for finding in findings for name in finding.on}
            errors = {name for finding in findings if finding.severity == "error" for name in finding.on}
            findings += [each for each in idle if not said.intersection(each.on)]
            findings += [each for each in refused if not errors.intersection(each.on)]
        self._refuse(id, [finding for finding in findings if finding.severity == "error"])
        variables = {name: self._render(name, value) for name, value in given.items()}
        super().__init__(
            scope,
            id,
            source=stack.sources.source(self.interface, override.mirror),
            version=stack.sources.version(self.interface, override.mirror),
            variables=variables,
            depends_on=cast(Any, list(depends_on) or None),  # modules and resources are dependables
            skip_asset_creation_from_local_modules=True,
        )
        self.module_id = id if scope is stack else self.friendly_unique_id
        stack.register_module(self)
        for finding in self.located([*warnings, *findings]):
            stack.report(finding, self)

    @property
    def address(self) -> str:
        """The module's address in Terraform, e.g. `module.vpc`."""
        return f"module.{self.module_id}"

    @property
    def rendered(self) -> dict[str, Any]:
        """The inputs that are set, as Terraform JSON."""
        given = {name: self._render(name, value) for name, value in self.inputs.given.items()}
        return self._stack.resolve(given, self.address)  # type: ignore[no-any-return]

    def output(self, name: str) -> Expr:
        """Returns a reference to an output of the module.

        Raises:
            InputError: The module has no such output at its ref.
        """
        if name not in self._outputs:
            output = self.interface.output(name)
            self._outputs[name] = expr(f"{self.address}.{name}", output.type, stack=self._stack)
        return self._outputs[name]

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Returns the inputs, with those derived from the given ones; constructs override it.

        Args:
            given: The given inputs, whose types have been checked.
        """
        return given

    def findings(self) -> Iterable[Finding]:
        """Returns findings about things other than the module's inputs, e.g. the region; constructs override it."""
        return ()

    def found_by_waiting(self) -> Finding | None:
        """Returns the finding about a depends_on of this module, or None if it has no effect on data sources.

        If a dependency has changes, Terraform defers reading the module's data sources to the apply.
        """
        read = [address for address in self.interface.data_sources if address not in self.settled]
        if not read:
            return None
        what = self.replaced_by_waiting
        return Finding(
            f"depends_on makes Terraform read {', '.join(read)} during apply whenever a dependency changes, and "
            f"{f'replace {what}' if what else 'show dependent arguments as (known after apply)'}",
            "remove depends_on, and pass an attribute of the dependency to an input, such as a tag: references order "
            "single resources instead of whole modules",
            rule=REPLACED_BY_WAITING if what else PUT_OFF_BY_WAITING,
            on=["depends_on"],
        )

    def located(self, findings: Iterable[Finding], id: str = "") -> list[Finding]:
        """Returns the findings with the module's address and the configuration key that each concerns.

        Args:
            findings: The findings to complete.
            id: The module's ID, while the module is still being created. Default: its address is known.
        """
        address = f"module.{id}" if id else self.address
        return [each._replace(construct=each.construct or address, **self._origin(each)) for each in findings]

    def _origin(self, finding: Finding) -> dict[str, Any]:
        """Returns the configuration key of a finding, and its inputs, those set in the module's override first."""
        overridden = [name for name in finding.on if name in self._override.inputs]
        if overridden:
            key = ("modules", self.path, "inputs", *element((overridden[0],), self._override.inputs, finding.value))
        else:
            key = element(self._origins.of(finding.on), self._origins.config, finding.value)
        return {"key": finding.key or key, "on": sorted(finding.on, key=lambda name: name not in overridden)}

    def add_override(self, path: str, value: Any) -> None:
        """Overrides an argument of the module call in the Terraform JSON.

        Args:
            path: The path of the argument, e.g. `tags.Team`.
            value: The value, as Terraform JSON; None removes the argument.

        Raises:
            InputError: The module has no such input.
        """
        name = path.partition(".")[0]
        if name not in ARGUMENTS:
            self.interface.variable(name)
        super().add_override(path, value)

    def _completed(self, id: str, given: dict[str, Any], unknowns: Iterable[Finding] = ()) -> dict[str, Any]:
        """Returns the completed inputs, unless there are unknown inputs or some have wrong types."""
        self.inputs = Inputs(self.interface, given)
        self._refuse(id, [*unknowns, *self._check_types(), *self._check_known_at_plan()])
        try:
            completed = self.complete(given.copy())
            return {
                name: value if given.get(name) is value else as_expressions(value, name)
                for name, value in completed.items()
            }
        except ExpressionError as error:
            what = f"an input from which others are derived must be known at synthesis: {error.findings[0].what}"
            found = [each._replace(what=what) for each in error.findings]
        except InputError as error:
            found = error.findings
        raise InputError(self.located(found, id)) from None

    def _given(
        self, id: str, ours: dict[str, Any], theirs: Mapping[str, Any]
    ) -> tuple[dict[str, Any], Sequence[Finding]]:
        """Returns the completed inputs merged with those of the configuration, and warnings about removed values.

        Args:
            id: The module's ID, for errors.
            ours: The inputs that the cloud sets.
            theirs: The inputs that the configuration sets.
        """
        if not theirs:
            return self._completed(id, ours), ()
        cloud = self._without_configuration(ours)
        merged = merge(cloud, theirs, remove_null=True)
        wanted = _set({name: merged.get(name) for name in {**ours, **theirs}})
        # An older ref may lack an input that the cloud sets; setting it to null removes it.
        misspelt = [name for name in theirs if name not in {*wanted, *cloud, *self.interface.variables}]
        given = self._completed(id, wanted, [_unknown(name, self.interface.variables) for name in misspelt])
        # complete() may have added inputs that the configuration removes.
        for name, value in theirs.items():
            if value is None:
                given.pop(name, None)
            elif isinstance(value, Mapping) and isinstance(cloud.get(name), Mapping):
                given[name] = merged[name]
        where = ("modules", self.path, "inputs")
        return given, [each._replace(key=(*where, *each.key)) for each in lost(cloud, theirs)]

    def _without_configuration(self, ours: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns the inputs without those of the configuration; `ours` if they are not valid on their own."""
        self.inputs = Inputs(self.interface, ours)
        try:
            return ours if any(self._check_types()) else self.complete(dict(ours))
        except ConstructsError:
            return ours

    def _refuse(self, id: str, errors: Sequence[Finding]) -> None:
        if errors:
            raise InputError(self.located(errors, id))

    def _check_types(self) -> Iterator[Finding]:
        variables, given = self.interface.variables, self.inputs.given
        yield from (_unknown(name, variables) for name in given if name not in variables)
        for name in self.interface.required:
            if name not in given:
                yield Finding(f"{name} is required", rule=MISSING_INPUT, on=[name])
        annotations = self.inputs_type.__annotations__
        for name, value in given.items():
            # An older ref may have inputs that the wrapper lacks; Terraform checks those.
            if name in variables and name in annotations:
                try:
                    _check_of(self.inputs_type, name)(value)
                except ValidationError as error:
                    for found in found_in(error, name):
                        path = ".".join(map(str, found.key))
                        key: Key = ("modules", self.path, "inputs", *found.key) if name in self._override.inputs else ()
                        yield found._replace(what=f"{path}: {found.what}", on=[name], key=key)

    def _check_known_at_plan(self) -> Iterator[Finding]:
        for name, value in self.inputs.given.items():
            if not (part := self.interface.counted.get(name)):
                continue
            counted = self._stack.code_of_tokens(value)
            if part == "keys" and isinstance(counted, Mapping):
                counted = list(counted)
            if (part != "length" or isinstance(counted, str)) and known_after_apply(counted):
                yield Finding(
                    f"{name}: the number of resources depends on its {part}, which must be known at plan",
                    "pass a literal value instead of another module's output",
                    value=value,
                    rule=KNOWN_AT_PLAN,
                    on=[name],
                )

    def _render(self, name: str, value: Any) -> Any:
        if self.interface.variables[name].text and isinstance(value, bool):
            return "true" if value else "false"
        return to_terraform(value, name)


def _unknown(name: str, variables: Mapping[str, Any]) -> Finding:
    if name in _INSTEAD:
        return Finding(f"{name} is not an input of the module", _INSTEAD[name], rule=UNKNOWN_INPUT, on=[name])
    return Finding(unknown(name, variables, "input"), rule=UNKNOWN_INPUT, on=[name])


def _set(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: as_expressions(value, name) for name, value in inputs.items() if value is not None}


def listed(value: Any, name: str) -> Sequence[str] | Expr:
    """Returns a construct's argument as a list of strings, or as an expression for such a list.

    Args:
        value: The argument.
        name: The name of the argument, for the error.

    Raises:
        InputError: The argument is not a list: a single string is not one, and a set has no order.
    """
    given: Sequence[str] | Expr = as_expressions(value, name)
    if found := value_is_refused(_TEXTS, given, name, "pass a list"):
        raise InputError([found._replace(on=[name])])
    return given


@functools.cache
def _check_of(inputs: type[InputTypes], name: str) -> Callable[[Any], Any]:
    """Returns the check of an input's type; cached by name, since hashing the annotation is slow."""
    return _adapter(inputs.type_of(name)).validator.validate_python


@functools.cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    """Returns the adapter of a type; many inputs share one, since building one per module takes ten times as long."""
    inner = get_args(annotation)[0] if get_origin(annotation) is Required else annotation
    return TypeAdapter(inner, config=ConfigDict(strict=True))
