"""The base of all module wrappers: one construct is one Terraform module, and its address is its id."""

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
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
from anyscale_constructs.terraform.guards import Guard, Inputs, refused_by_upstream, value_is_refused, without_effect
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.move_blocks import adopted
from anyscale_constructs.terraform.origins import element
from anyscale_constructs.terraform.place import cloud_stack, path_in
from anyscale_constructs.terraform.types import TfList, TfString
from anyscale_constructs.terraform.values import lost, merge, to_terraform

_TEXTS: TypeAdapter[Sequence[str] | Expr] = TypeAdapter(TfList[TfString], config=ConfigDict(strict=True))
# What takes the place of arguments in Python.
_INSTEAD = {
    "providers": "call add_provider() on the construct, with stack.add_provider(NAME, alias=...)",
    "for_each": "make one construct for each in a loop",
    "count": "make as many constructs in a loop",
    "version": "name a ref under modules, or in Sources",
    "source": "name a mirror under modules, or in Sources",
}

TWICE = Rule("duplicate-id", "error", "A construct's id is its address in Terraform, which one can have only.")
UNKNOWN_INPUT = Rule("unknown-input", "error", "Terraform refuses inputs that the module does not have at its ref.")
MISSING_INPUT = Rule("missing-input", "error", "Terraform asks for an input without a default.")
KNOWN_AT_PLAN = Rule(
    "unknown-at-plan", "error", "Terraform plans how many resources there are before it knows what others will have."
)
REPLACED_BY_WAITING = Rule(
    "replaced-by-waiting",
    "error",
    "Terraform reads the data sources of a module that waits during apply, and replaces what follows from them.",
)
PUT_OFF_BY_WAITING = Rule(
    "unknown-by-waiting",
    "note",
    "Terraform reads the data sources of a module that waits during apply, so that its plan shows less.",
)


class Module(TerraformHclModule):
    """A call of one upstream module.

    The generated wrappers derive from it and give the inputs their types; the constructs derive from the
    wrappers and add guards.

    Args:
        scope: The stack, usually.
        id: The module's id; directly in a stack its address is `module.<id>`.
        inputs: By upstream's names; None means that it is not set. Those that the stack's sources name for this id are
            merged into them, and into what `complete` adds.
        depends_on: Constructs that must be there first.

    Raises:
        InputError: An input is unknown, missing, of the wrong type, or would spring a trap.
    """

    interface_name: ClassVar[str]
    inputs_type: ClassVar[type]
    guards: ClassVar[Sequence[Guard]] = ()
    settled: Collection[str] = ()
    """Data sources from whose values nothing follows that Terraform replaces, given what the construct sets."""
    replaced_by_waiting: ClassVar[str] = ""
    """What a depends_on replaces, for the construct that refuses it; nothing where it only puts changes off."""

    def __init_subclass__(cls) -> None:
        """Has the arguments of constructs checked."""
        super().__init_subclass__()
        if "__init__" in vars(cls):
            cls.__init__ = checked(cls.__init__)  # type: ignore[method-assign] # with the same signature

    def __init__(
        self, scope: Construct, id: str, inputs: Mapping[str, Any], depends_on: Sequence[Construct] = ()
    ) -> None:
        stack = self._stack = cloud_stack(scope, f"module.{id}")
        if scope is stack and id in stack.modules:
            raise InputError(f"module.{id} is there already", fix="give each of them an id of its own", rule=TWICE)
        self.path = path_in(stack, scope, id)
        self._origins = stack.origins
        override = self._override = stack.sources.override(self.path)
        try:
            self.interface = Interface.load(self.interface_name, override.ref)
        except InputError as error:
            raise InputError(within(error.findings, key=("modules", self.path, "ref"))) from None
        ours = _set(inputs)
        # Only the cloud's own module, not another one like it, was made by the root module.
        adoption = None if stack.adoption and self.interface_name in adopted(stack) else stack.adoption
        if adoption:
            ours = adoption.given(self.interface, ours)
        given, warnings = self._given(id, ours, override.inputs)
        self.inputs = Inputs(self.interface, given)
        self.depends_on_modules = [construct for construct in depends_on if isinstance(construct, Module)]
        waiting = self.found_by_waiting() if depends_on else None
        findings = [found for found in (*map(self._found_by, self.guards), *self.findings(), waiting) if found]
        findings += adoption.findings(self.interface, self.inputs.given) if adoption else ()
        said = {name for finding in findings for name in finding.on}
        errors = {name for finding in findings if finding.severity == "error" for name in finding.on}
        findings += [each for each in without_effect(self.inputs, override.inputs) if not said.intersection(each.on)]
        findings += [each for each in refused_by_upstream(self.inputs) if not errors.intersection(each.on)]
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
        """The inputs as Terraform JSON has them, those that are given."""
        given = {name: self._render(name, value) for name, value in self.inputs.given.items()}
        return self._stack.resolve(given, self.address)  # type: ignore[no-any-return]

    def output(self, name: str) -> Expr:
        """The reference to one of the module's outputs.

        Raises:
            InputError: The module has no such output at its ref.
        """
        return expr(f"{self.address}.{name}", self.interface.output(name).type, stack=self._stack)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Adds what follows from the inputs that were given, whose types are checked; constructs override it."""
        return given

    def findings(self) -> Iterable[Finding]:
        """Findings about what is not an input of the module, such as the region; constructs override it."""
        return ()

    def found_by_waiting(self) -> Finding | None:
        """What there is to say of a depends_on: Terraform reads a module's data sources after what it waits for."""
        read = [address for address in self.interface.data_sources if address not in self.settled]
        if not read:
            return None
        what = self.replaced_by_waiting
        return Finding(
            f"depends_on makes Terraform read {', '.join(read)} during apply whenever something that the module waits "
            f"for changes, and {f'replace {what}' if what else 'plan what follows from them as (known after apply)'}",
            "leave out depends_on, and give an input, such as a tag, a value of what must be there first: references "
            "order single resources, not whole modules",
            rule=REPLACED_BY_WAITING if what else PUT_OFF_BY_WAITING,
            on=["depends_on"],
        )

    def located(self, findings: Iterable[Finding], id: str = "") -> list[Finding]:
        """The findings with the module's address, and the key of the configuration that each is about."""
        address = f"module.{id}" if id else self.address
        return [replace(each, construct=each.construct or address, **self._origin(each)) for each in findings]

    def _origin(self, finding: Finding) -> dict[str, Any]:
        """What the configuration sets of a finding's inputs, that of the module itself first, and its key."""
        overridden = [name for name in finding.on if name in self._override.inputs]
        if overridden:
            where: Key = ("modules", self.path, "inputs")
            key = (*where, *element((overridden[0],), self._override.inputs, finding.value))
        else:
            key = element(self._origins.of(finding.on), self._origins.config, finding.value)
        return {"key": finding.key or key, "on": sorted(finding.on, key=lambda name: name not in overridden)}

    def add_override(self, path: str, value: Any) -> None:
        """Sets an argument of the module call, by its path in Terraform JSON, e.g. `tags.Team`.

        Raises:
            InputError: The module has no such input.
        """
        name = path.partition(".")[0]
        if name not in ARGUMENTS:
            self.interface.variable(name)
        super().add_override(path, value)

    def _completed(self, id: str, given: dict[str, Any]) -> dict[str, Any]:
        try:
            completed = self.complete(given.copy())
            return {
                name: value if given.get(name) is value else as_expressions(value, name)
                for name, value in completed.items()
            }
        except ExpressionError as error:
            what = f"an input that other inputs follow from must be known now: {error.findings[0].what}"
            found = [replace(each, what=what) for each in error.findings]
        except InputError as error:
            found = error.findings
        raise InputError(self.located(found, id)) from None

    def _found_by(self, guard: Guard) -> Finding | None:
        try:
            return guard(self.inputs)
        except ExpressionError:  # it needs a value that only Terraform knows
            return None

    def _given(
        self, id: str, ours: dict[str, Any], theirs: Mapping[str, Any]
    ) -> tuple[dict[str, Any], Sequence[Finding]]:
        """What the module is given, completed and with the configuration's inputs, and what those take away."""
        cloud: Mapping[str, Any] = ours
        merged = wanted = ours
        if theirs:
            cloud = self._without_configuration(ours)
            merged = merge(cloud, theirs, remove_null=True)
            wanted = _set({name: merged.get(name) for name in {**ours, **theirs}})
        self.inputs = Inputs(self.interface, wanted)
        # An older ref may lack an input that the cloud sets: null leaves it out there.
        misspelt = [name for name in theirs if name not in {*wanted, *cloud, *self.interface.variables}]
        unknowns = [_unknown(name, self.interface.variables) for name in misspelt]
        self._refuse(id, [*unknowns, *self._check_types(), *self._check_known_at_plan()])
        given = self._completed(id, wanted)
        # The construct may have added again what the configuration removes.
        for name, value in theirs.items():
            if value is None:
                given.pop(name, None)
            elif isinstance(value, Mapping) and isinstance(cloud.get(name), Mapping):
                given[name] = merged[name]
        where = ("modules", self.path, "inputs")
        return given, [replace(each, key=(*where, *each.key)) for each in lost(cloud, theirs)]

    def _without_configuration(self, ours: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the cloud would give the module if the configuration gave it nothing; `ours` where that is no module."""
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
        for name, variable in variables.items():
            if variable.required and name not in given:
                yield Finding(f"{name} is required", rule=MISSING_INPUT, on=[name])
        annotations = self.inputs_type.__annotations__
        for name, value in given.items():
            # An older ref may have inputs that the wrapper has not: Terraform checks those.
            if name in variables and name in annotations:
                try:
                    _adapter_of(self.inputs_type, name).validate_python(value)
                except ValidationError as error:
                    for found in found_in(error, name):
                        path = ".".join(map(str, found.key))
                        key: Key = ("modules", self.path, "inputs", *found.key) if name in self._override.inputs else ()
                        yield replace(found, what=f"{path}: {found.what}", on=[name], key=key)

    def _check_known_at_plan(self) -> Iterator[Finding]:
        for name, value in self.inputs.given.items():
            part = self.interface.variables[name].known_at_plan if name in self.interface.variables else ""
            if not part:
                continue
            counted = self._stack.code_of_tokens(value)
            if part == "keys" and isinstance(counted, Mapping):
                counted = list(counted)
            if (part != "length" or isinstance(counted, str)) and known_after_apply(counted):
                yield Finding(
                    f"{name}: upstream counts with its {part}, which must be known when Terraform plans",
                    "give a literal from your configuration, not another module's output",
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
        return Finding(f"{name} is no input of the module", _INSTEAD[name], rule=UNKNOWN_INPUT, on=[name])
    return Finding(unknown(name, variables, "input"), rule=UNKNOWN_INPUT, on=[name])


def _set(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: as_expressions(value, name) for name, value in inputs.items() if value is not None}


def listed(value: Any, name: str) -> Sequence[str] | Expr:
    """A construct's argument as a list of strings, or as the expression of such a list.

    Args:
        value: The argument.
        name: Its name, for the error.

    Raises:
        InputError: It is neither. A single string is not a list, and a set has no order.
    """
    given: Sequence[str] | Expr = as_expressions(value, name)
    if found := value_is_refused(_TEXTS, given, name, "give a list"):
        raise InputError([replace(found, on=[name])])
    return given


@functools.cache
def _adapter_of(inputs: type, name: str) -> TypeAdapter[Any]:
    """As of `_adapter`, for which a type takes long to be looked up."""
    return _adapter(inputs.__annotations__[name])


@functools.cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    """One for each type, which many inputs share: one for each module would take ten times as long to build."""
    inner = get_args(annotation)[0] if get_origin(annotation) is Required else annotation
    return TypeAdapter(inner, config=ConfigDict(strict=True))
