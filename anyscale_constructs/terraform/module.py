"""The base of all module wrappers: one construct is one Terraform module, and its address is its id."""

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Required, cast, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError

from anyscale_constructs.config.model import explain, unknown
from anyscale_constructs.engine import Annotations, Construct, TerraformHclModule
from anyscale_constructs.errors import ConstructsError, ExpressionError, InputError
from anyscale_constructs.expressions import Expr, as_expressions, expr, is_one_of, is_unresolved, known_after_apply
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.additions import ARGUMENTS
from anyscale_constructs.terraform.constructor import checked
from anyscale_constructs.terraform.interface import Interface
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


class Inputs(Mapping[str, Any]):
    """What a module will be given, over upstream's defaults."""

    def __init__(self, interface: Interface, given: Mapping[str, Any]) -> None:
        self.interface = interface
        self.given = given

    def __getitem__(self, name: str) -> Any:
        return self.given[name] if name in self.given else self.interface.variable(name).default

    def __contains__(self, name: object) -> bool:
        return name in self.interface.variables

    def __iter__(self) -> Iterator[str]:
        return iter(self.interface.variables)

    def __len__(self) -> int:
        return len(self.interface.variables)

    def known(self, *names: str) -> bool:
        """Whether all of these are known now, so that a guard can look at them."""
        return not any(is_unresolved(self[name]) for name in names)


Guard = Callable[[Inputs], Finding | None]
"""Looks at a module's inputs for one trap; its name is the rule it keeps."""


def value_is_refused(kind: TypeAdapter[Any], value: Any, what: str, mend: str) -> Finding | None:
    """An error when the value is not of that type; what is not known yet passes.

    Args:
        kind: The type, one of those in `config.types`, or the like.
        value: The value.
        what: What to call it in the error.
        mend: What to do.
    """
    try:
        kind.validate_python(value)
    except ValidationError as error:
        return Finding(explain(error, what), mend)
    return None


def without_effect(i: Inputs, given: Mapping[str, Any]) -> Iterator[Finding]:
    """Finds inputs that upstream uses for nothing, since what they are for is switched off.

    Args:
        i: All of the module's inputs.
        given: Those to look at.
    """
    for name in (name for name, value in given.items() if not is_one_of(value, None, False, "", [], {})):
        groups = i.interface.variable(name).used_with
        off = [[switch for switch in group if i[switch] is None or i[switch] is False] for group in groups]
        if off and all(off):
            switches = " or ".join(dict.fromkeys(each[0] for each in off))
            yield Finding(f"{name} has no effect without {switches}", "leave it out")


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
            raise InputError(f"module.{id} is there already", mend="give each of them an id of its own")
        self.path = path_in(stack, scope, id)
        override = stack.sources.override(self.path)
        self.interface = Interface.load(self.interface_name, override.ref)
        given, warnings = self._given(id, _set(inputs), override.inputs)
        self.inputs = Inputs(self.interface, given)
        self.depends_on_modules = [construct for construct in depends_on if isinstance(construct, Module)]
        waiting = self.found_by_waiting() if depends_on else None
        findings = [found for found in (*map(self._found_by, self.guards), *self.findings(), waiting) if found]
        said = {_subject(finding) for finding in findings}
        findings += [each for each in without_effect(self.inputs, override.inputs) if _subject(each) not in said]
        self._refuse(id, [str(finding) for finding in findings if not (finding.warning or finding.note)])
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
        self.notes = [str(finding) for finding in findings if finding.note]
        for warning in [*warnings, *(str(finding) for finding in findings if finding.warning)]:
            Annotations.of(self).add_warning(warning)
        stack.register_module(self)

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
            note=not what,
        )

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
            return {name: as_expressions(value, name) for name, value in self.complete(given).items()}
        except ExpressionError as error:
            raise InputError(
                f"module.{id}: an input that other inputs follow from must be known now: {error}"
            ) from None

    def _found_by(self, guard: Guard) -> Finding | None:
        try:
            return guard(self.inputs)
        except ExpressionError:  # it needs a value that only Terraform knows
            return None

    def _given(
        self, id: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]
    ) -> tuple[dict[str, Any], Sequence[str]]:
        """What the module is given, completed and with the configuration's inputs, and what those take away."""
        cloud = self._without_configuration(ours) if theirs else ours
        merged = merge(cloud, theirs, remove_null=True)
        wanted = _set({name: merged.get(name) for name in {**ours, **theirs}})
        self.inputs = Inputs(self.interface, wanted)
        # An older ref may lack an input that the cloud sets: null leaves it out there.
        misspelt = [name for name in theirs if name not in {*wanted, *cloud, *self.interface.variables}]
        unknowns = [unknown(name, self.interface.variables, "input") for name in misspelt]
        self._refuse(id, [*unknowns, *self._check_types(), *self._check_known_at_plan()])
        given = self._completed(id, wanted.copy())
        # The construct may have added again what the configuration removes.
        for name, value in theirs.items():
            if value is None:
                given.pop(name, None)
            elif isinstance(value, Mapping) and isinstance(cloud.get(name), Mapping):
                given[name] = merged[name]
        return given, list(lost(cloud, theirs))

    def _without_configuration(self, ours: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the cloud would give the module if the configuration gave it nothing; `ours` where that is no module."""
        self.inputs = Inputs(self.interface, ours)
        try:
            return ours if any(self._check_types()) else self.complete(dict(ours))
        except ConstructsError:
            return ours

    def _refuse(self, id: str, errors: Sequence[str]) -> None:
        if errors:
            raise InputError("\n".join(f"module.{id}: {error}" for error in errors))

    def _check_types(self) -> Iterator[str]:
        variables, given = self.interface.variables, self.inputs.given
        yield from (_unknown(name, variables) for name in given if name not in variables)
        yield from (f"{name} is required" for name, v in variables.items() if v.required and name not in given)
        annotations = self.inputs_type.__annotations__
        for name, value in given.items():
            # An older ref may have inputs that the wrapper has not: Terraform checks those.
            if name in variables and name in annotations:
                try:
                    _adapter(annotations[name]).validate_python(value)
                except ValidationError as error:
                    yield from explain(error, name).splitlines()

    def _check_known_at_plan(self) -> Iterator[str]:
        for name, value in self.inputs.given.items():
            part = self.interface.variables[name].known_at_plan if name in self.interface.variables else ""
            if not part:
                continue
            resolved = self._stack.code_of_tokens(value)
            parts = {
                "value": resolved,
                "length": resolved if isinstance(resolved, str) else None,
                "keys": list(resolved) if isinstance(resolved, Mapping) else resolved,
            }
            if known_after_apply(parts[part]):
                yield str(
                    Finding(
                        f"{name}: upstream counts with its {part}, which must be known when Terraform plans",
                        "give a literal from your configuration, not another module's output",
                        value=value,
                    )
                )

    def _render(self, name: str, value: Any) -> Any:
        if self.interface.variables[name].text and isinstance(value, bool):
            return "true" if value else "false"
        return to_terraform(value, name)


def _unknown(name: str, variables: Mapping[str, Any]) -> str:
    if name in _INSTEAD:
        return f"{name} is no input of the module. To mend it: {_INSTEAD[name]}"
    return unknown(name, variables, "input")


def _subject(finding: Finding) -> str:
    return finding.what.partition(" ")[0]


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
        raise InputError(str(found))
    return given


@functools.cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    """One for each type, which many inputs share: one for each module would take ten times as long to build."""
    inner = get_args(annotation)[0] if get_origin(annotation) is Required else annotation
    return TypeAdapter(inner, config=ConfigDict(strict=True))
