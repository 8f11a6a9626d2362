"""The base of all stacks: backend, providers, outputs, and the checks that need the whole stack."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from anyscale_constructs.core import regions
from anyscale_constructs.core.backend import S3, TERRAFORM, Azurerm, Backend, Gcs, Hcp, Local, identity, place
from anyscale_constructs.core.config import CloudConfig
from anyscale_constructs.core.constraints import intersect
from anyscale_constructs.core.expressions import Expr, expr, is_unresolved, references
from anyscale_constructs.core.interface import Provider as RequiredProvider
from anyscale_constructs.core.model import nearest, unknown
from anyscale_constructs.core.module import Module
from anyscale_constructs.core.provider import Provider
from anyscale_constructs.core.sources import Sources
from anyscale_constructs.core.values import to_terraform
from anyscale_constructs.engine import (
    Annotations,
    AzurermBackend,
    CloudBackend,
    Construct,
    GcsBackend,
    LocalBackend,
    NamedCloudWorkspace,
    S3Backend,
    TerraformOutput,
    TerraformStack,
    TerraformVariable,
)
from anyscale_constructs.errors import ConstraintError, SynthesisError

# Code that begins with a variable, a local value or a data source.
_DECLARED = re.compile(r"(?<!\$)\$\{((?:var|local)\.[\w-]+|data\.[\w-]+\.[\w-]+)")


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
        self.backend_type = (backend or Local()).type
        self.state = identity(backend or Local(), id)
        self._required: list[tuple[str, str, Mapping[str, RequiredProvider]]] = []
        self._prepared = False
        self.require(f"backend {self.backend_type}", {}, TERRAFORM.get(self.backend_type, ">= 1.0"))
        _add_backend(self, backend or Local(), id)

    @classmethod
    def build(cls, scope: Construct, name: str, config: Any) -> "Sequence[CloudStack]":
        """Makes the stacks of a cloud: one, unless a kind of cloud has more."""
        return [cls(scope, name, config)]  # type: ignore[call-arg] # config_type says what its subclasses take

    def register_module(self, module: Module) -> None:
        """Takes note of a module; modules do this by themselves."""
        self.modules[module.module_id] = module

    def add_provider(self, name: str, *, alias: str | None = None, **config: Any) -> Provider:
        """Configures a provider, e.g. `add_provider("aws", region="us-east-2")`."""
        return Provider(self, name, config, alias)

    def warn_of_region(self, region: str, known: Sequence[str]) -> None:
        """Annotates a region that is not one of the known ones: it may be misspelt, or new."""
        if region not in known and not is_unresolved(region):
            near = nearest(region, known)
            Annotations.of(self).add_warning(
                f"region is not one of those known in {regions.AS_OF}; given: {region!r}"
                + (f": did you mean {near!r}?" if near else "")
            )

    def require(self, who: str, providers: Mapping[str, RequiredProvider], terraform: str = ">= 1.5") -> None:
        """Constrains Terraform and providers beside what the modules ask.

        Args:
            who: Who wants it, for the error when nothing satisfies all.
            providers: By local name.
            terraform: Terraform's version.
        """
        self._required.append((who, terraform, providers))

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

    def add_secret(self, name: str, type: str, description: str, *, ephemeral: bool = False) -> Expr:
        """Declares a sensitive variable, which Terraform asks for: secrets never stand in the JSON.

        Args:
            name: Its name.
            type: Its type.
            description: What Terraform says when it asks.
            ephemeral: Whether it is not in plans and states either; write-only arguments take such a one, and
                providers. It needs Terraform 1.10.
        """
        variable = TerraformVariable(self, name, type=type, sensitive=True, nullable=False, description=description)
        if ephemeral:  # of which the engines know nothing yet
            variable.add_override("ephemeral", True)
        return expr(f"var.{name}", type)

    def prepare(self) -> None:
        """Checks the stack as a whole and pins what it needs; synthesis does this by itself.

        Raises:
            ConstraintError: The modules' version constraints exclude each other.
            SynthesisError: A reference leads nowhere, or modules wait for each other.
        """
        if self._prepared:
            return
        self._prepared = True
        users = [(f"{m.address}.{name}", value) for m in self.modules.values() for name, value in m.rendered.items()]
        users += [(f"output {name}", value) for name, value in self.outputs.items()]
        self._refuse([*self._idle_overrides(), *self._dead_references(users), *self._cycles()])
        try:
            self._pin()
        except ConstraintError as error:
            raise ConstraintError(f"{self.name}: {error}") from error

    def _pin(self) -> None:
        interfaces = [(module.address, module.interface) for module in self.modules.values()]
        wants = [(address, i.required_version, i.required_providers) for address, i in interfaces] + self._required
        providers: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        for who, _, required in wants:
            for name, provider in required.items():
                providers.setdefault(name, (provider.source, []))[1].append((who, provider.version))
        self.add_override(
            "terraform",
            {
                "required_version": str(intersect("Terraform", [(who, version) for who, version, _ in wants])),
                "required_providers": {
                    name: {"source": source, "version": str(intersect(source, wanted))}
                    for name, (source, wanted) in providers.items()
                },
            },
        )

    def check_raw(self, synthesized: Mapping[str, Any]) -> list[str]:
        """Checks how raw resources, data sources and providers refer to modules, and what all refer to besides.

        Synthesis does this by itself.

        Args:
            synthesized: The stack's Terraform JSON.

        Returns:
            Which references lead nowhere.
        """
        kinds = ("resource", "data", "provider", "locals")
        users = [(f"{kind} {name}", value) for kind in kinds for name, value in synthesized.get(kind, {}).items()]
        others = [(f"{kind} {n}", v) for kind in ("output", "terraform") for n, v in synthesized.get(kind, {}).items()]
        for name, block in synthesized.get("module", {}).items():
            others += [(f"module.{name}.{key}", value) for key, value in block.items()]
        declared = {f"var.{name}" for name in synthesized.get("variable", {})}
        declared |= {f"local.{name}" for name in synthesized.get("locals", {})}
        declared |= {f"data.{kind}.{name}" for kind, found in synthesized.get("data", {}).items() for name in found}
        problems = [*self._dead_references(users), *_undeclared([*users, *others], declared)]
        return [f"{self.name}: {problem}" for problem in problems]

    def prepare_stack(self) -> None:
        """The engine calls this at synthesis, whichever app the stack is in."""
        self.prepare()
        super().prepare_stack()

    def _refuse(self, problems: Sequence[str]) -> None:
        if problems:
            raise SynthesisError("\n".join(f"{self.name}: {problem}" for problem in problems))

    def _idle_overrides(self) -> Iterator[str]:
        for module_id in self.sources.overrides:
            if module_id not in self.modules:
                yield f"modules: {unknown(module_id, self.modules, 'module')}"

    def _dead_references(self, users: Iterable[tuple[str, Any]]) -> Iterator[str]:
        for user, value in users:
            for module_id, output in sorted(_references(value)):
                module = self.modules.get(module_id)
                if module is None:
                    yield (
                        f"{user} refers to module.{module_id}, which is not in this stack. To mend it: one cloud is "
                        "one stack; pass a value of another stack as a literal, or read it with a data source"
                    )
                elif output not in module.interface.outputs:
                    nearest = unknown(output, module.interface.outputs, "output")
                    yield f"{user} refers to {module.address}: {nearest}"

    def _cycles(self) -> Iterator[str]:
        waits = {
            module.module_id: {other for other, _ in _references(module.rendered)} for module in self.modules.values()
        }
        for module in self.modules.values():
            waits[module.module_id] |= {other.module_id for other in module.depends_on_modules}
        for module in self.modules.values():
            for other in module.depends_on_modules:
                if module.module_id in _reachable(other.module_id, waits):
                    yield (
                        f"{module.address} depends on {other.address}, which needs {module.address} in turn. "
                        "To mend it: leave out depends_on; references order single resources, not whole modules"
                    )


def _add_backend(stack: TerraformStack, backend: Backend, name: str) -> None:
    there = place(backend, name)
    match backend:
        case Local():
            LocalBackend(stack, path=there)
        case S3():
            S3Backend(
                stack,
                bucket=backend.bucket,
                region=backend.region,
                key=there,
                encrypt=True,
                kms_key_id=backend.kms_key_id,
                assume_role={"role_arn": backend.role_arn} if backend.role_arn else None,
                profile=backend.profile,
            ).add_override("use_lockfile", True)
        case Gcs():
            GcsBackend(stack, bucket=backend.bucket, prefix=there)
        case Azurerm():
            AzurermBackend(
                stack,
                storage_account_name=backend.storage_account_name,
                container_name=backend.container_name,
                key=there,
                resource_group_name=backend.resource_group_name,
                subscription_id=backend.subscription_id,
                use_azuread_auth=True,
            )
        case Hcp():
            CloudBackend(
                stack,
                organization=backend.organization,
                hostname=backend.hostname,
                workspaces=NamedCloudWorkspace(there),
            )


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return value


def _undeclared(users: Iterable[tuple[str, Any]], declared: set[str]) -> Iterator[str]:
    for user, value in users:
        for name in sorted(set(_DECLARED.findall(json.dumps(value))) - declared):
            yield (
                f"{user} refers to '${{{name}}}', which is not in this stack. To mend it: write the value itself, or "
                "declare that in the stack"
            )


def _references(value: Any) -> set[tuple[str, str]]:
    return references(json.dumps(value, default=str).replace('\\"', '"'))


def _reachable(start: str, waits: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for other in waits.get(todo.pop(), ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen
