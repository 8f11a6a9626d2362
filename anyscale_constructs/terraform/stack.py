"""The base class of all stacks: backend, providers, outputs, and checks of the whole stack."""

import contextlib
import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, cast

from anyscale_constructs import __version__, words
from anyscale_constructs.config import regions
from anyscale_constructs.engine import (
    Annotations,
    Construct,
    DefaultTokenResolver,
    StringConcat,
    TerraformBackend,
    TerraformOutput,
    Tokenization,
    resolved,
)
from anyscale_constructs.errors import ConstraintError, ConstructsError, SynthesisError, said_by_engine
from anyscale_constructs.expressions import ENGINE_TOKEN, holds_engine_token, is_unresolved
from anyscale_constructs.expressions.resolve import Resolver
from anyscale_constructs.findings import RULES, Finding, Rule, within
from anyscale_constructs.names import nearest
from anyscale_constructs.terraform.additions import idle_overrides, lost_overrides, refused_arguments, two_defaults
from anyscale_constructs.terraform.adoption import Adoption
from anyscale_constructs.terraform.allowances import Allowance, accepting, check_rule
from anyscale_constructs.terraform.backend import TERRAFORM, Backend, Local, identity, written
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.constraints import pin
from anyscale_constructs.terraform.declarations import Declarations
from anyscale_constructs.terraform.engine_backend import add_backend, keep_one_backend
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.interface import Provider as RequiredProvider
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.move_blocks import blocks, misplaced
from anyscale_constructs.terraform.origins import Origins
from anyscale_constructs.terraform.provider import Provider
from anyscale_constructs.terraform.references import cycles, dead_references, hidden_tokens, refused_elements, residue
from anyscale_constructs.terraform.siblings import States, stacks_in
from anyscale_constructs.terraform.sources import Sources
from anyscale_constructs.terraform.synthesized import malformed
from anyscale_constructs.terraform.values import in_order, to_terraform

FORGETTING = ">= 1.7"
"""The Terraform versions that support `removed` blocks."""
UNKNOWN_REGION = Rule("unknown-region", "warning", "An unknown region may be misspelt; a new region works.")


class CloudStack(Declarations):
    """A stack that pins the providers of its modules and checks the references between them.

    Args:
        scope: The app.
        id: The name of the stack, of its folder in the output directory, and by default of its state.
        backend: The backend of the state. Default: a file next to the output directory.
        sources: The sources of the modules. Default: pinned commits on GitHub.
    """

    resolves_values = True  # for the native engine
    config_type: ClassVar[type[CloudConfig]] = CloudConfig
    """The configuration type of stacks created from YAML, whose constructors take scope, name and config."""

    def __init__(
        self, scope: Construct, id: str, *, backend: Backend | None = None, sources: Sources | None = None
    ) -> None:
        if not re.fullmatch(r"[A-Za-z][\w-]*", id, re.ASCII):
            raise SynthesisError(
                "the name of a stack must be ASCII letters, digits, hyphens and underscores, beginning with a letter",
                value=id,
                fix="rename it, e.g. production",
            )
        if scope.node.try_find_child(id):
            raise SynthesisError(
                f"another stack is named {id}",
                fix="rename one of them: a Kubernetes cloud NAME has a second stack, NAME-operator",
            )
        super().__init__(scope, id)
        self.name = id
        self.sources = sources or Sources()
        self.modules: dict[str, Module] = {}
        self.addresses: list[str] = []
        """The addresses of its resources created with `Resource`."""
        self.outputs: dict[str, Any] = {}
        self.state: tuple[str, ...] = ()
        """The identity of its state, as returned by `backend.identity`; empty until the stack is synthesized."""
        self.states = States()
        """The states of the app's stacks, if this is the first of them."""
        self.findings: list[Finding] = []
        """The warnings and notes about the stack and its constructs."""
        self.origins = Origins()
        """The configuration keys of the inputs of constructs currently being created."""
        self.adoption: Adoption | None = None
        """The infrastructure to take over from Anyscale's root module."""
        self.allowances: list[tuple[Rule, Allowance]] = []
        """The allowances of its configuration and those added with `allow`."""
        self._backend = backend or Local()
        self._backend_type: str = self._backend.type
        self.overrides: dict[str, Any] = {}
        """The values set with `add_override`, by path."""
        self._prepared = False
        self._told: list[tuple[Finding, Construct]] = []
        self._required: list[tuple[str, str, Mapping[str, RequiredProvider]]] = []
        self.failure: ConstructsError | None = None
        self.require(f"backend {self.backend_type}", {}, TERRAFORM.get(self.backend_type, ">= 1.0"))

    @classmethod
    def build(cls, scope: Construct, name: str, config: Any) -> "Sequence[CloudStack]":
        """Creates the stacks of a cloud and returns them: one, unless a subclass creates more."""
        return [cast(Any, cls)(scope, name, config)]  # subclasses take a configuration of their config_type

    def register_module(self, module: Module) -> None:
        """Adds a module to `modules`; modules call this themselves."""
        self.modules[module.module_id] = module

    def add_provider(self, name: str, *, alias: str | None = None, **config: Any) -> Provider:
        """Configures a provider, e.g. `add_provider("aws", region="us-east-2")`."""
        return Provider(self, name, config, alias)

    def warn_of_region(self, region: str, known: Sequence[str]) -> None:
        """Reports a warning if a region is not one of the known regions."""
        if not is_unresolved(region) and region not in known:
            near = nearest(region, known)
            what = f"region is not one of the regions known in {regions.AS_OF}"
            fix = f"use {near!r} if that is the intended region" if near else "check the spelling; a newer region works"
            self.report(Finding(what, fix, region, rule=UNKNOWN_REGION, key=("region",)))

    def configure(self, config: Any) -> None:
        """Applies the allowances and the adoption of a configuration, and resets `origins` to it.

        Args:
            config: The stack's configuration.
        """
        self.origins = Origins(config)
        self.allowances += [(RULES[rule], allowance) for rule, allowance in config.allow.items()]
        if config.adoption:
            self.adoption = config.adoption
            self.require("adopt", {}, FORGETTING)

    def configured_by(
        self, section: str = "", **inputs: str | tuple[str, ...]
    ) -> contextlib.AbstractContextManager[None]:
        """Sets the configuration keys of the inputs of constructs created in the block, for the places of findings.

        Args:
            section: The key of the section, e.g. `vpc`. Default: the top level.
            **inputs: The key of each input, or several keys, with dots, e.g. `anyscale_vpc_name="vpc.name"`. Inputs
                with the name of a key in the section or at the top level can be omitted.
        """
        return _Configured(self, Origins(self.origins.config, section, inputs))

    def report(self, finding: Finding, construct: Construct | None = None) -> None:
        """Reports a warning or a note; the engine's manifest also lists warnings that are not allowed.

        Args:
            finding: The finding.
            construct: The construct that the finding concerns. Default: the stack.
        """
        found = finding if finding.cloud else finding._replace(cloud=self.name)
        self.findings.append(found)
        self._told.append((found, construct or self))

    def allow(self, rule: str, reason: str, *, until: datetime.date | None = None) -> None:
        """Accepts the warnings of a rule.

        Args:
            rule: The ID of the rule.
            reason: Why the warnings are accepted; reports include it.
            until: The last day on which they are accepted. Default: no expiry.

        Raises:
            ConfigError: The rule does not exist, or cannot be allowed.
        """
        self.allowances.append((check_rule(rule), Allowance(reason=reason, until=until)))

    def require(self, who: str, providers: Mapping[str, RequiredProvider], terraform: str = ">= 1.5") -> None:
        """Adds constraints on Terraform and providers to those of the modules.

        Args:
            who: The name of what requires them, for the error if the constraints conflict.
            providers: The required providers, by local name.
            terraform: The constraint on the Terraform version. Default: `>= 1.5`.
        """
        self._required.append((who, terraform, providers))

    def require_as(self, provider: str, modules: Sequence[str], sources: Sources | None = None) -> None:
        """Adds the constraints that modules have on a provider, for resources outside of these modules.

        Args:
            provider: The provider's local name.
            modules: The names of the modules in the catalog, e.g. `aws/s3`, at the refs set in `sources`.
            sources: The sources of the modules. Default: those of the stack.
        """
        for module in modules:
            override = (sources or self.sources).override(module.partition("/")[2])
            required = Interface.load(module, override.ref).required_providers[provider]
            self.require(f"module {module}", {provider: required})

    def add_output(self, name: str, value: Any, *, description: str = "", sensitive: bool = False) -> None:
        """Adds an output; fields of objects that are None are omitted, because registration reads no nulls."""
        self.outputs[name] = to_terraform(_without_none(value), name)
        TerraformOutput(
            self, name, value=self.outputs[name], description=description or None, sensitive=sensitive or None
        )

    def add_cloud_outputs(self, outputs: Mapping[str, Any], resource: Any) -> None:
        """Adds the outputs that registration reads, and upstream's own outputs; those that are None are omitted."""
        for name, value in outputs.items():
            if value is not None:
                self.add_output(name, value)
        self.add_output("anyscale_cloud_name", getattr(self, "cloud_name", self.name))
        self.add_output("anyscale_cloud_resource", resource, description="What anyscale-constructs register reads.")

    @property
    def backend_type(self) -> str:
        """The type of the backend, as in the configuration key `backend.type`."""
        return self._backend_type

    def ensure_backend_exists(self) -> TerraformBackend:
        """Returns the stack's backend; adds the configured one if the stack contains no backend construct."""
        own = self.node.try_find_child("backend")
        return own if isinstance(own, TerraformBackend) else add_backend(self, self._backend, self.name)

    def add_override(self, path: str, value: Any) -> None:
        """Overrides a value in the stack's Terraform JSON.

        A list is appended to the list that the stack's constructs generate. Expressions are resolved; other strings are
        Terraform templates, in which `${` begins code.

        Args:
            path: The keys from the root, joined by dots; the key of a list element is its index.
            value: The value, as Terraform JSON; None removes the key.
        """
        self.overrides[path] = value
        super().add_override(path, value)

    def prepare(self) -> None:
        """Checks the overrides, the moves, and the dependencies of the stack's modules; synthesis calls this.

        Raises:
            SynthesisError: Modules depend on each other, or an override or a move names an address that does not exist.
        """
        self._refuse(
            [
                *idle_overrides(self.sources, [module.path for module in self.modules.values()], self.addresses),
                *cycles(self.modules.values()),
                *misplaced(self, stacks_in(self.node.root)),
            ]
        )

    def to_terraform(self) -> Any:
        """Returns the stack's Terraform JSON, with sorted keys; the engine calls this, however it synthesizes.

        Raises:
            ConstraintError: The version constraints of the modules conflict.
            SynthesisError: An expression is in a place where Terraform accepts none, or refers to an unknown object.
        """
        self.failure = None
        with self._failing():
            self.prepare()
            if not self._prepared:  # App.synth prepares the stacks, Testing.synth does not
                for stack in stacks_in(self.node.root):
                    stack.prepare_stack()
            self._prepared = False
            return self._finished(super().to_terraform())

    def prepare_stack(self) -> None:
        """Adds the backend, and prepares engine references to values of other stacks; the engine calls this.

        Raises:
            SynthesisError: The engine rejects a value.
        """
        told, self._told = self._told, []
        for finding, construct in told:
            if finding.severity == "warning" and not accepting(finding, self.allowances):
                Annotations.of(construct).add_warning(finding.annotation)
        with self._failing():
            super().prepare_stack()
            # The engine does not look for its tokens in the stack's overrides and in the code of expressions.
            hidden = hidden_tokens(super().to_terraform()) if words.in_codes(ENGINE_TOKEN) else ()
            self.code_of_tokens([self.overrides, *hidden], preparing=True)
        self._prepared = True

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except ConstructsError as error:
            self.failure = error  # the engine keeps only the message
            raise
        except RuntimeError as error:  # JSII's only kind
            said = list(refused_elements(self)) or [
                Finding(f"the engine cannot synthesize the stack: {said_by_engine(error)}")
            ]
            self.failure = SynthesisError(within(said, cloud=self.name))
            raise self.failure from error

    def to_hcl_terraform(self) -> Any:
        """Raises an error, because expressions would not be resolved in HCL.

        Raises:
            SynthesisError: Always.
        """
        what = "a CloudStack cannot be written as HCL"
        self.failure = SynthesisError([Finding(what, "remove --hcl, and unset SYNTH_HCL_OUTPUT", cloud=self.name)])
        raise self.failure

    def _finished(self, merged: dict[str, Any]) -> dict[str, Any]:
        for kind, made in blocks(self).items():
            there = merged.get(kind, [])
            merged[kind] = [*(there if isinstance(there, list) else [there]), *self.code_of_tokens(made)]
        resolver, tree = self._resolved(merged)
        self._refuse(malformed(tree))
        settings = tree.setdefault("terraform", {})
        keep_one_backend(settings, self.ensure_backend_exists())
        self._pin(settings)
        lost, refused = lost_overrides(tree, self.overrides), refused_arguments(tree, self.modules.values())
        self._refuse([*lost, *refused, *two_defaults(tree, self)])
        self._refuse([*residue(tree, resolver.letters), *dead_references(tree, resolver.templates, self.modules)])
        self._backend_type, _ = written(settings)
        self.state = identity(settings, self.name)
        app = self.node.root
        first = next(stack for stack in stacks_in(app) if isinstance(stack, CloudStack))
        self._refuse(first.states.problems(self, app))
        comments = tree.setdefault("//", {})
        comments["metadata"] = in_order({"anyscale-constructs": __version__, **comments.get("metadata", {})})
        tree["terraform"] = in_order(settings)
        return {key: tree[key] for key in sorted(tree)}

    def resolve(self, value: Any, path: str = "") -> Any:
        """Returns Terraform JSON with its expressions resolved to code; synthesis calls this.

        Args:
            value: The return value of `to_terraform`, or a part of the stack's JSON.
            path: The path of the value in the stack's JSON, e.g. `module.vpc`. Default: the root.

        Raises:
            SynthesisError: An expression is in a place where Terraform accepts none.
        """
        return self._resolved(value, path)[1]

    def _resolved(self, value: Any, path: str = "") -> tuple[Resolver, Any]:
        """Returns the resolver, and what `resolve` does."""
        resolver = Resolver(self, self.code_of_tokens, resolved)
        tree = resolver.resolve(value, path)
        self._refuse(resolver.problems)
        return resolver, tree

    def code_of_tokens(self, value: Any, *, preparing: bool = False) -> Any:
        """Returns the value with engine tokens resolved; `preparing` adds the outputs that other stacks refer to."""
        if not holds_engine_token(value):
            return value
        resolver = cast(Any, DefaultTokenResolver(StringConcat()))  # its parameter names differ from the protocol's
        return Tokenization.resolve(value, scope=self, preparing=preparing, resolver=resolver)

    def _pin(self, settings: dict[str, Any]) -> None:
        """Adds the version constraints of the modules to the stack's own settings, which take precedence."""
        interfaces = [(module.address, module.interface) for module in self.modules.values()]
        wants = [(address, i.required_version, i.required_providers) for address, i in interfaces] + self._required
        try:
            pin(settings, wants)
        except ConstraintError as error:
            raise ConstraintError(within(error.findings, cloud=self.name)) from error

    def _refuse(self, problems: Iterable[Finding]) -> None:
        if found := [self._located(problem) for problem in problems]:
            raise SynthesisError(within(found, cloud=self.name))

    def _located(self, problem: Finding) -> Finding:
        module = self.modules.get(problem.construct.removeprefix("module."))
        return module.located([problem])[0] if module else problem


class _Configured(contextlib.AbstractContextManager[None]):
    """Changes a stack's origins; a generator would take several times as long."""

    def __init__(self, stack: CloudStack, origins: Origins) -> None:
        self._stack, self._origins = stack, origins

    def __enter__(self) -> None:
        self._stack.origins, self._origins = self._origins, self._stack.origins

    def __exit__(self, *_: object) -> None:
        self.__enter__()  # which exchanges them again


def _without_none(value: Any) -> Any:
    if not isinstance(value, str) and isinstance(value, Mapping):  # the latter takes long to find out
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return value
