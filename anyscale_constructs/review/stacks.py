"""The content of a synthesized stack, as data."""

import json
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from anyscale_constructs.config.model import said
from anyscale_constructs.errors import LockError, ReviewError
from anyscale_constructs.expressions.code import code_in
from anyscale_constructs.findings import Place, within
from anyscale_constructs.terraform.backend import identity
from anyscale_constructs.terraform.interface import Interface, catalog
from anyscale_constructs.terraform.locks import TERRAFORM_LOCK, locked_versions, read_lock
from anyscale_constructs.terraform.synthesized import read_synthesized

_GIT = re.compile(r"git::(?P<base>.*?)/(?P<name>[^/]+?)(?:\.git)?(?://(?P<path>[^?]*))?(?:\?ref=(?P<ref>.+))?")
_GITHUB = re.compile(r"(?:https://|git@|ssh://git@)github\.com[/:](?P<owner>[^/]+)")
_ARGUMENTS_OF_CALLS = {"source", "version", "providers", "depends_on", "count", "for_each"}
_ASSIGNMENT = re.compile(r"^\s*(\w+)\s*=\s*(.+?)\s*$", re.MULTILINE)
_MOVED = re.compile(r"^moved \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
_REQUIRED_VERSION = re.compile(r'required_version\s*=\s*"([^"]+)"')


class _Folder(BaseModel):
    directory: str = Field(alias="workingDirectory")


class _Manifest(BaseModel):
    """The fields of the manifest that are read."""

    stacks: dict[str, _Folder]


@dataclass(frozen=True)
class ModuleCall:
    """A call of a Terraform module.

    Args:
        name: The name of the call, e.g. `vpc`.
        source: The argument `source`.
        version: The argument `version`, for a module from a Terraform registry.
        inputs: The inputs that are set.
        arguments: The other arguments, e.g. `depends_on`.
    """

    name: str
    source: str
    version: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The address in the state."""
        return f"module.{self.name}"

    @property
    def ref(self) -> str:
        """The commit, the tag or the version that it is pinned to; empty if it is not pinned."""
        found = _GIT.fullmatch(self.source)
        return self.version or (found["ref"] or "" if found else "")

    @property
    def module(self) -> str:
        """The called module, without the pin."""
        found = _GIT.fullmatch(self.source)
        return f"{found['name']}//{found['path'] or '.'}" if found else self.source

    @property
    def known(self) -> Interface | None:
        """The interface of the called module in the catalog, at any ref."""
        return next(iter(self._interfaces()), None)

    @property
    def interface(self) -> Interface | None:
        """The interface of the called module in the catalog, at the pin."""
        if not self.ref:
            return None
        refs = {self.ref, f"v{self.ref}"}
        return next((each for each in self._interfaces() if refs & {each.commit, each.ref}), None)

    @property
    def repository(self) -> str:
        """The GitHub repository of the module, `owner/name`; empty if unknown."""
        if known := self.known:
            return known.repository
        found = _GIT.fullmatch(self.source)
        host = _GITHUB.match(found["base"]) if found else None
        return f"{host['owner']}/{found['name']}" if found and host else ""

    @property
    def path(self) -> str:
        """The directory of the module in its repository."""
        if known := self.known:
            return known.path
        found = _GIT.fullmatch(self.source)
        return found["path"] or "." if found else "."

    def _interfaces(self) -> Iterator[Interface]:
        return (each for each in catalog() if self.module in {each.registry, _called(each)} - {""})


def _called(interface: Interface) -> str:
    return f"{interface.repository.partition('/')[2]}//{interface.path}"


@dataclass(frozen=True)
class StackContent:
    """The content of one synthesized stack.

    Args:
        name: The stack's name.
        modules: The module calls, by name.
        resources: The arguments of resources and data sources, by address; those of data sources begin with `data.`.
        providers: The arguments of provider blocks, by the provider's name and alias.
        constraints: The version constraints, by the provider's source; Terraform's own has the key `terraform`.
        locks: The locked versions, by the provider's full address.
        backend: The backend's type and its arguments.
        state: The values that identify the state.
        outputs: The outputs, by name.
        declarations: Variables and local values, by address.
        moved: The moved blocks, as pairs of the old and the new address.
        folder: The stack's directory.
        tree: The Terraform JSON.
    """

    name: str
    modules: Mapping[str, ModuleCall] = field(default_factory=dict)
    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    providers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    constraints: Mapping[str, str] = field(default_factory=dict)
    locks: Mapping[str, str] = field(default_factory=dict)
    backend: tuple[str, Mapping[str, Any]] = ("local", {})
    state: Sequence[str] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    declarations: Mapping[str, Any] = field(default_factory=dict)
    moved: Sequence[tuple[str, str]] = ()
    folder: pathlib.Path = pathlib.Path()
    tree: Mapping[str, Any] = field(default_factory=dict)

    @property
    def addresses(self) -> list[str]:
        """The addresses of the module calls, the resources and the data sources."""
        return [*(call.address for call in self.modules.values()), *self.resources]

    def arguments(self, address: str) -> Mapping[str, Any]:
        """Returns the values at an address: the inputs of a module call, or the arguments of a resource."""
        kind, _, name = address.partition(".")
        return self.modules[name].inputs if kind == "module" else self.resources[address]

    def renamed(self, moves: Mapping[str, str]) -> "StackContent":
        """Returns the content with other addresses, also in references.

        Args:
            moves: The new addresses, by the old addresses.
        """
        if not moves:
            return self
        olds = "|".join(map(re.escape, sorted(moves, key=len, reverse=True)))
        reference = re.compile(rf"(?<![\w.-])(?:{olds})(?![\w-])")

        def rename(value: Any) -> Any:
            match value:
                case str():
                    return reference.sub(lambda found: moves[found.group()], value)
                case Mapping():
                    return {key: rename(inner) for key, inner in value.items()}
                case list():
                    return [rename(inner) for inner in value]
            return value

        calls = [
            replace(
                call,
                name=moves.get(call.address, call.address).removeprefix("module."),
                inputs=rename(call.inputs),
                arguments=rename(call.arguments),
            )
            for call in self.modules.values()
        ]
        return replace(
            self,
            modules={call.name: call for call in calls},
            resources={moves.get(address, address): rename(body) for address, body in self.resources.items()},
            outputs=rename(self.outputs),
            declarations=rename(self.declarations),
            tree=_moved_in(rename(self.tree), moves),
        )


def read(out: pathlib.Path) -> dict[str, StackContent]:
    """Returns the contents of the stacks in an output directory, by name.

    Args:
        out: The directory that `synth` wrote.

    Raises:
        ReviewError: The directory is not an output directory of `synth`.
    """
    file = out / "manifest.json"
    try:
        manifest = _Manifest.model_validate_json(file.read_text(encoding="utf-8", errors="replace"))
        folders = {name: out / stack.directory for name, stack in manifest.stacks.items()}
        return {name: read_stack(name, folders[name]) for name in sorted(folders)}
    except OSError as error:
        fix = "name two git revisions, or two output directories of anyscale-constructs synth"
        raise ReviewError(
            "the directory is not an output directory of synth, with manifest.json and its stacks",
            value=str(out),
            fix=fix,
        ) from error
    except ValidationError as error:
        raise ReviewError(f"{file} is not what synth writes: {said(error)}", fix="synthesize it again") from error


def read_stack(name: str, folder: pathlib.Path) -> StackContent:
    """Returns the content of the stack in a directory.

    Args:
        name: The stack's name.
        folder: The directory of its cdk.tf.json.
    """
    tree = read_synthesized(folder / "cdk.tf.json")
    versions, lock = folder / "versions.tf", folder / TERRAFORM_LOCK
    text = versions.read_text(encoding="utf-8") if versions.is_file() else ""
    settings = tree.get("terraform", {})
    required = settings.get("required_version") or next(iter(_REQUIRED_VERSION.findall(text)), "")
    return StackContent(
        name,
        modules=module_calls(tree),
        resources=resources(tree),
        providers=dict(_providers(tree.get("provider", {}))),
        constraints={**({"terraform": required} if required else {}), **dict(_constraints(settings))},
        locks=_locked(lock),
        backend=_backend(settings),
        state=identity(settings, name),
        outputs={name: plain(body) for name, body in tree.get("output", {}).items()},
        declarations={
            **{f"var.{name}": plain(body) for name, body in tree.get("variable", {}).items()},
            **{f"local.{name}": value for name, value in tree.get("locals", {}).items()},
        },
        moved=[
            *_moved(tree.get("moved", [])),
            *_moved(dict(_ASSIGNMENT.findall(block)) for block in _MOVED.findall(text)),
        ],
        folder=folder,
        tree=tree,
    )


def _locked(file: pathlib.Path) -> dict[str, str]:
    try:
        return locked_versions(read_lock(file))
    except LockError as error:
        raise LockError(within(error.findings, place=Place(str(file)))) from error


def module_calls(tree: Mapping[str, Any]) -> dict[str, ModuleCall]:
    """Returns the module calls in Terraform JSON, by name."""
    return {name: _call(name, body) for name, body in tree.get("module", {}).items()}


def resources(tree: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns the arguments of the resources and data sources in Terraform JSON, by address.

    An address is `aws_iam_role.name`, or `data.aws_region.current`. Resources inside modules are not included.
    """
    return {
        f"{prefix}{kind}.{name}": plain(body)
        for block, prefix in (("resource", ""), ("data", "data."))
        for kind, named in tree.get(block, {}).items()
        for name, body in named.items()
    }


def plain(value: Any) -> Any:
    """Returns Terraform JSON without the engine's comments."""
    match value:
        case Mapping():
            return {key: plain(inner) for key, inner in value.items() if key != "//"}
        case list():
            return [plain(inner) for inner in value]
    return value


def listed(value: Any) -> list[Any]:
    """Returns the blocks of an argument in Terraform JSON, where a single block may be without a list."""
    match value:
        case None:
            return []
        case list() | tuple():
            return list(value)
    return [value]


def blocks(value: Any) -> list[Mapping[str, Any]]:
    """Returns the blocks like `listed`, without code and unknown values."""
    return [each for each in listed(value) if isinstance(each, Mapping)]


def as_json(value: Any) -> Any:
    """Returns the parsed value of a string with JSON, such as a policy; other values unchanged."""
    if not isinstance(value, str) or value[:1] not in {"{", "["}:
        return value
    text = value
    # Quotes in code are not escaped; nested code comes after the code around it.
    for code in sorted({code for _, code in code_in(value) if '"' in code}, key=len, reverse=True):
        text = text.replace(code, json.dumps(code)[1:-1])
    try:
        return json.loads(text)
    except ValueError:
        return value


def decoded(value: Any) -> Any:
    """Applies `as_json` to a value and all of its parts."""
    match as_json(value):
        case Mapping() as found:
            return {key: decoded(inner) for key, inner in found.items()}
        case list() as found:
            return [decoded(inner) for inner in found]
        case found:
            return found


def _moved_in(tree: Mapping[str, Any], moves: Mapping[str, str]) -> dict[str, Any]:
    """Returns Terraform JSON with other names of module calls and resources."""

    def named(prefix: str, group: Mapping[str, Any]) -> dict[str, Any]:
        return {moves.get(f"{prefix}.{name}", name).rpartition(".")[2]: body for name, body in group.items()}

    resources = {kind: named(kind, group) for kind, group in tree.get("resource", {}).items()}
    return {**tree, "module": named("module", tree.get("module", {})), "resource": resources}


def _call(name: str, body: Mapping[str, Any]) -> ModuleCall:
    given = plain(body)
    return ModuleCall(
        name,
        source=body["source"],
        version=body.get("version", ""),
        inputs={key: value for key, value in given.items() if key not in _ARGUMENTS_OF_CALLS},
        arguments={key: value for key, value in given.items() if key in _ARGUMENTS_OF_CALLS - {"source", "version"}},
    )


def _providers(tree: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, blocks in sorted(tree.items()):
        for block in listed(blocks):
            alias = block.get("alias")
            yield f"{name}.{alias}" if alias else name, plain(block)


def _constraints(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, provider in sorted(settings.get("required_providers", {}).items()):
        given = provider if isinstance(provider, Mapping) else {"version": provider}  # the older syntax
        yield given.get("source", f"hashicorp/{name}"), given.get("version", "")


def _backend(settings: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if "cloud" in settings:
        return "cloud", plain(settings["cloud"])
    return next(((kind, plain(block)) for kind, block in settings.get("backend", {}).items()), ("local", {}))


def _moved(blocks: Any) -> Iterator[tuple[str, str]]:
    for block in listed(blocks) if isinstance(blocks, Mapping) else blocks:
        match block:
            case {"from": str() as old, "to": str() as new}:  # Terraform rejects others
                yield old, new
