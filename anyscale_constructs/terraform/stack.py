"""The base of all stacks: backend, providers, outputs, and the checks that need the whole stack."""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, ClassVar, Unpack, cast

from anyscale_constructs import words
from anyscale_constructs.config import regions
from anyscale_constructs.config.model import nearest, unknown
from anyscale_constructs.engine import (
    Annotations,
    Construct,
    DefaultTokenResolver,
    StringConcat,
    TerraformBackend,
    TerraformLocal,
    TerraformOutput,
    TerraformStack,
    TerraformVariable,
    Tokenization,
)
from anyscale_constructs.errors import ConstraintError, ConstructsError, InputError, SynthesisError
from anyscale_constructs.expressions import (
    ENGINE_TOKEN,
    Expr,
    as_expressions,
    expr,
    holds_engine_token,
    is_unresolved,
    type_of,
)
from anyscale_constructs.expressions.resolve import Resolver
from anyscale_constructs.terraform.additions import lost_overrides, refused_arguments, two_defaults
from anyscale_constructs.terraform.backend import TERRAFORM, Backend, Local, identity
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.constraints import intersect
from anyscale_constructs.terraform.declarations import VariableArguments, check_name, variable_block
from anyscale_constructs.terraform.engine_backend import add_backend, keep_one_backend
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.interface import Provider as RequiredProvider
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.provider import Provider
from anyscale_constructs.terraform.references import cycles, dead_references, hidden_tokens, refused_elements, residue
from anyscale_constructs.terraform.siblings import expressions_left, shared_state, stacks_in
from anyscale_constructs.terraform.sources import Sources
from anyscale_constructs.terraform.values import to_terraform


class CloudStack(TerraformStack):
    """A stack that pins what its modules need and checks how they refer to each other.

    Args:
        scope: The app.
        id: The stack's name: its folder in the output, and the default name of its state.
        backend: Where the state is kept. Default: a file beside the output directory.
        sources: Where the modules come from. Default: their pinned commits on GitHub.
    """

    config_type: ClassVar[type[CloudConfig]] = CloudConfig
    """The configuration of stacks that are made from YAML; they are called with scope, name and config."""

    def __init__(
        self, scope: Construct, id: str, *, backend: Backend | None = None, sources: Sources | None = None
    ) -> None:
        if not re.fullmatch(r"[A-Za-z][\w-]*", id):
            raise SynthesisError(
                "a stack's name must be letters, digits, hyphens and underscores, beginning with a letter",
                value=id,
                mend="rename it, e.g. production",
            )
        if scope.node.try_find_child(id):
            raise SynthesisError(
                f"there is another stack {id}",
                mend="rename one of them: a Kubernetes cloud NAME has a second stack, NAME-operator",
            )
        super().__init__(scope, id)
        self.name = id
        self.sources = sources or Sources()
        self.modules: dict[str, Module] = {}
        self.outputs: dict[str, Any] = {}
        self.state: tuple[str, ...] = ()
        """What tells its state from others, beginning with the backend's type; nothing until it is rendered."""
        self.notes: list[str] = []
        """What its defaults leave open; its modules have notes of their own."""
        self._backend = backend or Local()
        self.overrides: dict[str, Any] = {}
        """What `add_override` was given, by its paths."""
        self._prepared = False
        self._required: list[tuple[str, str, Mapping[str, RequiredProvider]]] = []
        self.failure: ConstructsError | None = None
        self.require(f"backend {self.backend_type}", {}, TERRAFORM.get(self.backend_type, ">= 1.0"))

    @classmethod
    def build(cls, scope: Construct, name: str, config: Any) -> "Sequence[CloudStack]":
        """Makes the stacks of a cloud: one, unless a kind of cloud has more."""
        return [cast(Any, cls)(scope, name, config)]  # config_type says what its subclasses take

    def register_module(self, module: Module) -> None:
        """Takes note of a module; modules do this by themselves."""
        self.modules[module.module_id] = module

    def add_provider(self, name: str, *, alias: str | None = None, **config: Any) -> Provider:
        """Configures a provider, e.g. `add_provider("aws", region="us-east-2")`."""
        return Provider(self, name, config, alias)

    def warn_of_region(self, region: str, known: Sequence[str]) -> None:
        """Annotates a region that is not one of the known ones: it may be misspelt, or new."""
        if not is_unresolved(region) and region not in known:
            near = nearest(region, known)
            Annotations.of(self).add_warning(
                f"region is not one of those known in {regions.AS_OF}; given: {region!r}"
                + (f": did you mean {near!r}?" if near else "")
            )

    def add_note(self, text: str) -> None:
        """Notes what a default leaves open, for `synth --notes`."""
        self.notes.append(text)

    def require(self, who: str, providers: Mapping[str, RequiredProvider], terraform: str = ">= 1.5") -> None:
        """Constrains Terraform and providers beside what the modules ask.

        Args:
            who: Who wants it, for the error when nothing satisfies all.
            providers: By local name.
            terraform: Terraform's version.
        """
        self._required.append((who, terraform, providers))

    def require_as(self, provider: str, modules: Sequence[str], sources: Sources | None = None) -> None:
        """Constrains a provider as modules do, for resources that stand beside them, or without them.

        Args:
            provider: Its local name.
            modules: Their names in the catalog, e.g. `aws/s3`, at the refs that `modules` of the configuration says.
            sources: Where the modules come from. Default: as the stack's.
        """
        for module in modules:
            override = (sources or self.sources).override(module.partition("/")[2])
            required = Interface.load(module, override.ref).required_providers[provider]
            self.require(f"module {module}", {provider: required})

    def add_output(self, name: str, value: Any, *, description: str = "", sensitive: bool = False) -> None:
        """Gives the stack an output; None is left out of objects, since registration reads no nulls."""
        self.outputs[name] = to_terraform(_without_none(value), name)
        TerraformOutput(
            self, name, value=self.outputs[name], description=description or None, sensitive=sensitive or None
        )

    def add_cloud_outputs(self, outputs: Mapping[str, Any], resource: Any) -> None:
        """Gives the stack what registration reads, and upstream's own outputs; those that are None are left out."""
        for name, value in outputs.items():
            if value is not None:
                self.add_output(name, value)
        self.add_output("anyscale_cloud_name", self.name)
        self.add_output("anyscale_cloud_resource", resource, description="What anyscale-constructs register reads.")

    def add_local(self, name: str, value: Any) -> Expr:
        """Declares a local value.

        Args:
            name: Its name in Terraform.
            value: Whatever an input of a module may be; expressions may stand in it.

        Returns:
            The reference `local.<name>`, of the value's type.

        Raises:
            InputError: The name is no identifier or is taken, or Terraform has nothing like the value.
        """
        given = as_expressions(value, f"local.{name}")
        local = TerraformLocal(self, self._declare("local", name, TerraformLocal), to_terraform(given, f"local.{name}"))
        local.override_logical_id(name)
        return expr(f"local.{name}", type_of(given), stack=self)

    def add_variable(self, name: str, type: str, **arguments: Unpack[VariableArguments]) -> Expr:
        """Declares a variable, for what Terraform is given when it runs.

        Args:
            name: Its name in Terraform.
            type: Terraform's type constraint, e.g. `map(string)`.
            **arguments: `default`, `description`, `sensitive`, `nullable`, `ephemeral` and `validation`, as in
                `VariableArguments`.

        Returns:
            The reference `var.<name>`, of that type.

        Raises:
            InputError: The name is no identifier, is taken or reserved; an argument is unknown; the default holds an
                expression or null; the condition of a validation is no expression.
        """
        block = variable_block(name, arguments)
        variable = TerraformVariable(self, self._declare("variable", name, TerraformVariable), type=type)
        variable.override_logical_id(name)
        for key, value in block.items():
            variable.add_override(key, value)
        return expr(f"var.{name}", type, stack=self)

    def add_secret(self, name: str, type: str, description: str, *, ephemeral: bool = False) -> Expr:
        """Declares a sensitive variable that must not be null: secrets never stand in the JSON.

        Args:
            name: Its name.
            type: Its type.
            description: What Terraform says when it asks.
            ephemeral: As in `VariableArguments`.
        """
        return self.add_variable(
            name, type, description=description, nullable=False, sensitive=True, ephemeral=ephemeral or None
        )

    def _declare(self, block: str, name: str, construct: type[Construct]) -> str:
        """The id of a new variable's or local value's construct: other blocks may have the same name."""
        check_name(block, name)
        own = f"{block}-{name}"
        if any(isinstance(self.node.try_find_child(each), construct) for each in (own, name)):
            raise InputError(f"there is a {block} {name} already", mend="give each of them a name of its own")
        return own

    @property
    def backend_type(self) -> str:
        """The kind of place where the state is kept, as under `backend.type` in a configuration."""
        return self.state[0] if self.state else self._backend.type

    def ensure_backend_exists(self) -> TerraformBackend:
        """The stack's backend: the engine's own that was made in it, else the configuration's, which this adds."""
        own = self.node.try_find_child("backend")
        return own if isinstance(own, TerraformBackend) else add_backend(self, self._backend, self.name)

    def add_override(self, path: str, value: Any) -> None:
        """Sets something in the stack's Terraform JSON by its path, e.g. `terraform.required_providers.random`.

        A list is added to the one that the stack's constructs make. Expressions become code; other text is Terraform's
        own, in which `${` begins code.

        Args:
            path: The names from the top, joined by dots; an element of a list has its number.
            value: What Terraform JSON has there; None leaves it out.
        """
        self.overrides[path] = value
        super().add_override(path, value)

    def prepare(self) -> None:
        """Checks how the stack's modules depend on each other; synthesis does this by itself.

        Raises:
            SynthesisError: Modules wait for each other, or something is set for a module that is not there.
        """
        self._refuse([*self._idle_overrides(), *cycles(self.modules.values())])

    def to_terraform(self) -> Any:
        """The stack's Terraform JSON; the engine calls this at synthesis, in every way of synthesizing.

        Raises:
            ConstraintError: The modules' version constraints exclude each other.
            SynthesisError: An expression can't stand where it is, or leads nowhere.
        """
        self.failure = None
        with self._failing():
            self.prepare()
            if not self._prepared:  # an app does it, Testing.synth does not
                for stack in stacks_in(self.node.root):
                    stack.prepare_stack()
            self._prepared = False
            return self._finished(super().to_terraform())

    def prepare_stack(self) -> None:
        """Adds the backend, and what the engine's own values of other stacks need; the engine calls this.

        Raises:
            SynthesisError: The engine refuses a value.
        """
        with self._failing():
            super().prepare_stack()
            # The engine looks neither into the stack's overrides nor into the code of expressions.
            hidden = hidden_tokens(super().to_terraform()) if words.in_codes(ENGINE_TOKEN) else ()
            self.code_of_tokens([self.overrides, *hidden], preparing=True)
        self._prepared = True

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except ConstructsError as error:
            self.failure = error  # the engine makes text of it
            raise
        except RuntimeError as error:  # JSII's only kind
            said = list(refused_elements(self)) or [f"the engine can't synthesize: {str(error).splitlines()[0]}"]
            self.failure = SynthesisError("\n".join(f"{self.name}: {each}" for each in said))
            raise self.failure from error

    def to_hcl_terraform(self) -> Any:
        """Refuses to write HCL, in which no code would be put in for expressions.

        Raises:
            SynthesisError: Always.
        """
        self.failure = SynthesisError(
            f"{self.name}: a CloudStack can't be written as HCL", mend="leave out --hcl, and unset SYNTH_HCL_OUTPUT"
        )
        raise self.failure

    def _finished(self, tree: dict[str, Any]) -> dict[str, Any]:
        comments = tree.pop("//", {})
        comments.setdefault("metadata", {})["anyscale-constructs"] = _version()
        keep_one_backend(tree.setdefault("terraform", {}), self.ensure_backend_exists())
        self._pin(tree["terraform"])
        lost, refused = lost_overrides(tree, self.overrides), refused_arguments(tree, self.modules.values())
        self._refuse([*lost, *refused, *two_defaults(tree, self)])
        tree = self.resolve(tree)
        self._refuse([*residue(tree), *dead_references(tree, self.modules)])
        self.state = identity(tree["terraform"], self.name)
        self._refuse_siblings()
        return {"//": comments, **tree}

    def _refuse_siblings(self) -> None:
        problems: list[str] = []
        for other in stacks_in(self.node.root):
            if other is self:
                continue
            if isinstance(other, CloudStack):
                name, state = other.name, other.state
            else:
                name, tree = other.node.id, other.to_terraform()
                problems += expressions_left(name, tree)
                state = identity(tree.get("terraform", {}), name)
            if state == self.state:
                problems.append(shared_state(self.name, state, name))
        if problems:
            raise SynthesisError("\n".join(problems))

    def resolve(self, value: Any, path: str = "") -> Any:
        """Terraform JSON with code in place of the expressions' words; synthesis does this by itself.

        Args:
            value: What `to_terraform` gives, or a part of the stack's JSON.
            path: Where it stands in the stack's JSON, e.g. `module.vpc`.

        Raises:
            SynthesisError: An expression can't stand where it is.
        """
        resolver = Resolver(self, self.code_of_tokens)
        resolved = resolver.resolve(value, path)
        self._refuse(map(str, resolver.problems))
        return resolved

    def code_of_tokens(self, value: Any, *, preparing: bool = False) -> Any:
        """The value with code in place of the engine's tokens; `preparing` adds what those of other stacks need."""
        if not holds_engine_token(value):
            return value
        resolver = cast(Any, DefaultTokenResolver(StringConcat()))  # the protocol names its parameters otherwise
        return Tokenization.resolve(value, scope=self, preparing=preparing, resolver=resolver)

    def _pin(self, settings: dict[str, Any]) -> None:
        """Adds what modules need to what the stack has already, which wins where both can be had."""
        interfaces = [(module.address, module.interface) for module in self.modules.values()]
        wants = [(address, i.required_version, i.required_providers) for address, i in interfaces] + self._required
        given = settings.setdefault("required_providers", {})
        providers: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        for who, _, required in wants:
            for name, provider in required.items():
                providers.setdefault(name, (provider.source, []))[1].append((who, provider.version))
        try:
            versions = [(who, version) for who, version, _ in wants]
            if "required_version" in settings:
                versions.append(("terraform.required_version", settings["required_version"]))
            settings.setdefault("required_version", str(intersect("Terraform", versions)))
            for name, (source, wanted) in providers.items():
                there = given.get(name, {})
                there = {"version": there} if isinstance(there, str) else there  # the older form
                if "version" in there:
                    wanted.append((f"terraform.required_providers.{name}", there["version"]))
                given[name] = {"source": source, "version": str(intersect(source, wanted))} | there
        except ConstraintError as error:
            raise ConstraintError(f"{self.name}: {error}") from error

    def _refuse(self, problems: Iterable[str]) -> None:
        if found := list(problems):
            raise SynthesisError("\n".join(f"{self.name}: {problem}" for problem in found))

    def _idle_overrides(self) -> Iterator[str]:
        paths = {module.path for module in self.modules.values()}
        for path in self.sources.overrides.keys() - paths:
            yield f"modules: {unknown(path, paths, 'module')}"


@cache
def _version() -> str:
    """The library's version, which the JSON names."""
    return version("anyscale-constructs")


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return value
