"""The base of all stacks: backend, providers, outputs, and the checks that need the whole stack."""

import contextlib
import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, ClassVar, cast

from anyscale_constructs import words
from anyscale_constructs.config import regions
from anyscale_constructs.engine import (
    Annotations,
    Construct,
    DefaultTokenResolver,
    StringConcat,
    TerraformBackend,
    TerraformOutput,
    Tokenization,
)
from anyscale_constructs.errors import ConstraintError, ConstructsError, SynthesisError, said_by_engine
from anyscale_constructs.expressions import ENGINE_TOKEN, holds_engine_token, is_unresolved
from anyscale_constructs.expressions.resolve import Resolver
from anyscale_constructs.findings import RULES, Finding, Rule, within
from anyscale_constructs.names import nearest
from anyscale_constructs.terraform.additions import idle_overrides, lost_overrides, refused_arguments, two_defaults
from anyscale_constructs.terraform.adoption import Adoption
from anyscale_constructs.terraform.allowances import Allowance, accepting, check_rule
from anyscale_constructs.terraform.backend import TERRAFORM, Backend, Local, identity
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.constraints import intersect
from anyscale_constructs.terraform.declarations import Declarations
from anyscale_constructs.terraform.engine_backend import add_backend, keep_one_backend
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.interface import Provider as RequiredProvider
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.move_blocks import blocks, misplaced
from anyscale_constructs.terraform.origins import Origins
from anyscale_constructs.terraform.provider import Provider
from anyscale_constructs.terraform.references import cycles, dead_references, hidden_tokens, refused_elements, residue
from anyscale_constructs.terraform.siblings import expressions_left, shared_state, stacks_in
from anyscale_constructs.terraform.sources import Sources
from anyscale_constructs.terraform.values import to_terraform

FORGETTING = ">= 1.7"
"""The versions of Terraform that have `removed` blocks."""
UNKNOWN_REGION = Rule("unknown-region", "warning", "It may be misspelt; a region that is new works.")


class CloudStack(Declarations):
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
                fix="rename it, e.g. production",
            )
        if scope.node.try_find_child(id):
            raise SynthesisError(
                f"there is another stack {id}",
                fix="rename one of them: a Kubernetes cloud NAME has a second stack, NAME-operator",
            )
        super().__init__(scope, id)
        self.name = id
        self.sources = sources or Sources()
        self.modules: dict[str, Module] = {}
        self.addresses: list[str] = []
        """Those of its resources that are made by `Resource`."""
        self.outputs: dict[str, Any] = {}
        self.state: tuple[str, ...] = ()
        """What tells its state from others, beginning with the backend's type; nothing until it is rendered."""
        self.findings: list[Finding] = []
        """The warnings and notes on it and its constructs."""
        self.origins = Origins()
        """From which keys of the configuration the inputs of constructs come that are made now."""
        self.adoption: Adoption | None = None
        """What it takes over from Anyscale's root module."""
        self.allowances: list[tuple[Rule, Allowance]] = []
        """What is accepted: of its configuration and by `allow`."""
        self._backend = backend or Local()
        self.overrides: dict[str, Any] = {}
        """What `add_override` was given, by its paths."""
        self._prepared = False
        self._told: list[tuple[Finding, Construct]] = []
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
            what = f"region is not one of those known in {regions.AS_OF}"
            fix = f"use {near!r}, if you mean that" if near else "check its spelling; a newer region works"
            self.report(Finding(what, fix, region, rule=UNKNOWN_REGION, key=("region",)))

    def configure(self, config: Any) -> None:
        """Takes what is allowed from a configuration, and says with `configured_by` which keys of it inputs have.

        Args:
            config: The stack's configuration.
        """
        self.origins = Origins(config)
        self.allowances += [(RULES[rule], allowance) for rule, allowance in config.allow.items()]
        if config.adoption:
            self.adoption = config.adoption
            self.require("adopt", {}, FORGETTING)

    @contextlib.contextmanager
    def configured_by(self, section: str = "", **inputs: str | tuple[str, ...]) -> Iterator[None]:
        """Says from which keys of the configuration the inputs of the constructs inside come: findings stand there.

        Args:
            section: The key of the section, e.g. `vpc`. Default: the outermost keys.
            **inputs: The key of an input, or several, with dots, e.g. `anyscale_vpc_name="vpc.name"`. An input that has
                the name of a key in the section, or of an outermost one, needs none.
        """
        before, self.origins = self.origins, Origins(self.origins.config, section, inputs)
        try:
            yield
        finally:
            self.origins = before

    def report(self, finding: Finding, construct: Construct | None = None) -> None:
        """Takes note of a warning or a note; the engine's manifest names warnings that are not allowed, too.

        Args:
            finding: What there is to say.
            construct: What it is about. Default: the stack.
        """
        (found,) = within([finding], cloud=self.name)
        self.findings.append(found)
        self._told.append((found, construct or self))

    def allow(self, rule: str, reason: str, *, until: datetime.date | None = None) -> None:
        """Accepts what breaks a rule whose severity is a warning.

        Args:
            rule: The rule's id.
            reason: Why it is accepted, which the report says.
            until: The last day on which it is. Default: for good.

        Raises:
            ConfigError: There is no such rule, or it can't be allowed.
        """
        self.allowances.append((check_rule(rule), Allowance(reason=reason, until=until)))

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
        self.add_output("anyscale_cloud_name", getattr(self, "cloud_name", self.name))
        self.add_output("anyscale_cloud_resource", resource, description="What anyscale-constructs register reads.")

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
        self._refuse(
            [
                *idle_overrides(self.sources, [module.path for module in self.modules.values()], self.addresses),
                *cycles(self.modules.values()),
                *misplaced(self, stacks_in(self.node.root)),
            ]
        )

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
        while self._told:
            finding, construct = self._told.pop(0)
            if finding.severity == "warning" and not accepting(finding, self.allowances):
                Annotations.of(construct).add_warning(finding.annotation)
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
            said = list(refused_elements(self)) or [Finding(f"the engine can't synthesize: {said_by_engine(error)}")]
            self.failure = SynthesisError(within(said, cloud=self.name))
            raise self.failure from error

    def to_hcl_terraform(self) -> Any:
        """Refuses to write HCL, in which no code would be put in for expressions.

        Raises:
            SynthesisError: Always.
        """
        what = "a CloudStack can't be written as HCL"
        self.failure = SynthesisError([Finding(what, "leave out --hcl, and unset SYNTH_HCL_OUTPUT", cloud=self.name)])
        raise self.failure

    def _finished(self, tree: dict[str, Any]) -> dict[str, Any]:
        comments = tree.pop("//", {})
        comments.setdefault("metadata", {})["anyscale-constructs"] = _version()
        keep_one_backend(tree.setdefault("terraform", {}), self.ensure_backend_exists())
        self._pin(tree["terraform"])
        lost, refused = lost_overrides(tree, self.overrides), refused_arguments(tree, self.modules.values())
        self._refuse([*lost, *refused, *two_defaults(tree, self)])
        for kind, made in blocks(self).items():
            there = tree.get(kind, [])
            tree[kind] = [*(there if isinstance(there, list) else [there]), *self.code_of_tokens(made)]
        resolver = Resolver(self, self.code_of_tokens)
        tree = resolver.resolve(tree)
        self._refuse(resolver.problems)
        self._refuse([*residue(resolver.texts), *dead_references(tree, resolver.texts, self.modules)])
        self.state = identity(tree["terraform"], self.name)
        self._refuse_siblings()
        return {"//": comments, **tree}

    def _refuse_siblings(self) -> None:
        problems: list[Finding] = []
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
                problems.append(shared_state(state, name))
        self._refuse(problems)

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
        self._refuse(resolver.problems)
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
            raise ConstraintError(within(error.findings, cloud=self.name)) from error

    def _refuse(self, problems: Iterable[Finding]) -> None:
        if found := [self._located(problem) for problem in problems]:
            raise SynthesisError(within(found, cloud=self.name))

    def _located(self, problem: Finding) -> Finding:
        module = self.modules.get(problem.construct.removeprefix("module."))
        return module.located([problem])[0] if module else problem


@cache
def _version() -> str:
    """The library's version, which the JSON names."""
    return version("anyscale-constructs")


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return value
