"""The provider-independent part of node groups for workloads: their keys, and how these combine."""

import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, get_args

from pydantic import Field, model_validator

from anyscale_constructs.anyscale import Market
from anyscale_constructs.config.model import CONFLICTING, INVALID_VALUE, MISSING_KEY, Model, refuse_all
from anyscale_constructs.config.types import Checked, Known, OrExpr, empty_list, empty_map
from anyscale_constructs.expressions import Expr, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule

_Group = TypeVar("_Group", bound="NodeGroup")

MARKETS: tuple[Market, ...] = get_args(Market)
"""The capacity types of nodes, on-demand first."""
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
# Kubernetes and the providers reserve these, or this library sets them.
_KEPT = (
    r"(?:[a-z0-9.-]+\.)?(?:kubernetes\.io|k8s\.io|anyscale\.com|cloud\.google\.com|azure\.com|eks\.amazonaws\.com)/"
    r"|nvidia\.com/gpu(?:\.product|\.count)?$|k8s\.amazonaws\.com/accelerator$"
)
_CPUS_PER_GPU = 8
_GB_PER_GPU = 32

GPU = Rule(
    "node-group-gpu",
    "error",
    "gpu_type and gpu_count determine the drivers, labels and taints of nodes with GPUs. Pods are never scheduled on "
    "GPUs that are not declared, and wait forever for GPUs that a node does not have.",
)
TAKEN = Rule(
    "node-group-name-taken",
    "error",
    "Two node groups of a cluster cannot have the same name. cpu_limits and gpu_limits configure the built-in groups.",
)
ONE_ZONE = Rule(
    "node-group-zone",
    "error",
    "A capacity reservation and a cluster placement group are each in one zone: nodes in another zone never start.",
)
RESERVED_SPOT = Rule(
    "reserved-spot-capacity",
    "error",
    "Reserved capacity is for on-demand nodes: the provider rejects spot nodes with a reservation, or starts them "
    "outside of it.",
)

NodeKey = Annotated[
    str,
    Checked(
        "the key of a Kubernetes label or taint, not reserved by Kubernetes, Anyscale or the provider",
        rf"(?!{_KEPT})(?:[a-z0-9](?:[a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}",
        "example.com/team",
    ),
]
NodeValue = Annotated[
    str,
    Checked(
        "the value of a Kubernetes label or taint: at most 63 letters, digits, hyphens, underscores and periods, "
        "beginning and ending with a letter or digit",
        rf"(?:{_NAME})?",
        "ml",
    ),
]
GpuName = Annotated[
    str, Checked("a GPU's name in Anyscale, as in accelerator_type", r"[A-Z0-9][A-Z0-9-]{0,19}", "H100")
]

EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
"""AWS's and Google's names of taint effects."""

GROUPS = (
    "More node groups for workloads, by names that you choose: one node group for each of an entry's capacity_types. "
    "Default: only those of {machines} and gpu_types."
)
CPU_LIMITS = "Limits of the pair of node groups for workloads without GPUs. Default: none."
GPU_LIMITS = "Limits of the pairs of node groups of gpu_types, by type. Default: none."


class Limits(Model):
    """Limits of a pair of node groups."""

    capacity_types: Known[list[Market]] = Field(
        default=["ON_DEMAND", "SPOT"],
        min_length=1,
        description="The nodes' capacity types. Default: two node groups, one on-demand and one spot.",
    )
    max_size: OrExpr[int | None] = Field(
        default=None,
        ge=1,
        description="The most nodes in each of the two. Default: nodes.max_size, on AKS nodes.max_count.",
    )

    @property
    def markets(self) -> list[Market]:
        """The capacity types, without duplicates."""
        return [market for market in MARKETS if market in self.capacity_types]


class Taint(Model):
    """A taint of nodes, which the operator's instance types for these nodes tolerate."""

    key: Known[NodeKey] = Field(description="The taint's key, not reserved by Kubernetes, Anyscale or the provider.")
    value: Known[NodeValue] = Field(default="", description="The taint's value. Default: none.")
    effect: Known[Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]] = Field(
        default="NoSchedule", description="What happens to pods that do not tolerate it."
    )


class PodShape(Model):
    """The resources that a pod requests; users select it like an instance type."""

    cpus: Known[int] = Field(ge=1, description="CPUs; fewer than a node has, since system pods use some.")
    memory_gb: Known[int] = Field(ge=1, description="Memory in GiB; less than a node has.")
    gpus: Known[int] = Field(default=0, ge=0, description="GPUs of the group's type.")


@cache
def _with_defaults(group: type[_Group]) -> _Group:
    """Returns an unchecked group of defaults, cached because pydantic looks them up slowly."""
    return group.model_construct()


class NodeGroup(Limits):
    """A node group for workloads; a provider adds its keys."""

    products: ClassVar[Mapping[str, str]] = {}
    """The labels of the provider's GPU nodes, by the GPU's name in Anyscale; the operator selects nodes by them."""
    machine_key: ClassVar[str]
    """The key that sets the machine types of nodes."""
    with_gpus: ClassVar[str]
    """A regular expression for machine types that have GPUs."""
    attachable: ClassVar[str] = r"(?!)"
    """A regular expression for machine types to which GPUs can be attached."""

    min_size: OrExpr[int] = Field(
        default=0,
        ge=0,
        description="The fewest nodes in each group. Default: 0, so that nodes exist only while workloads need them.",
    )
    gpu_type: Known[GpuName | None] = Field(
        default=None, description="The type of a node's GPUs, by its name in Anyscale. Default: no GPUs."
    )
    gpu_count: Known[int | None] = Field(
        default=None, ge=1, le=16, description="The number of GPUs per node; required with gpu_type. Default: no GPUs."
    )
    gpu_product: Known[Annotated[str, Checked("a label's value", _NAME, "NVIDIA-H200")] | None] = Field(
        default=None,
        description="The value of the nodes' label nvidia.com/gpu.product, for a GPU that the operator's chart does "
        "not know; on GKE the accelerator type. Default: the chart's value for gpu_type.",
    )
    labels: dict[NodeKey, NodeValue] = Field(
        default_factory=empty_map,
        description="Labels of the nodes. The group then has its own instance types, whose names end with the group's "
        "name and which select nodes by these labels. Default: none; pods select nodes by capacity type and GPU.",
    )
    taints: list[Taint] = Field(
        default_factory=empty_list,
        description="More taints of the nodes, which the group's own instance types tolerate. Default: only those for "
        "capacity type and GPU, which the operator tolerates.",
    )
    pod_shapes: list[PodShape] = Field(
        default_factory=empty_list,
        description="The resources that pods on these nodes can request: one instance type of the operator for each. "
        f"Default: with GPUs, one GPU and all of a node's GPUs, with {_CPUS_PER_GPU} CPUs and {_GB_PER_GPU} GB per "
        "GPU; without GPUs, the chart's instance types.",
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if found := list(self.refused()):
            raise refuse_all(found)
        return self

    @property
    def product(self) -> str | None:
        """The label of the nodes for their GPU; None without a GPU."""
        return self.gpu_product or self.products.get(self.gpu_type or "")

    @property
    @abstractmethod
    def is_reserved(self) -> bool:
        """Whether the nodes are in reserved capacity."""

    @property
    def node_selector(self) -> dict[str, str]:
        """The labels by which the group's own instance types select its nodes."""
        return dict(self.labels)

    @property
    def shapes(self) -> list[PodShape]:
        """The resources that pods on these nodes can request; empty for the chart's defaults."""
        if self.pod_shapes or self.gpu_count is None:
            return self.pod_shapes
        return gpu_shapes(self.gpu_count)

    def refused(self) -> Iterator[Finding]:
        """Finds keys that conflict with each other."""
        if (self.gpu_type is None) != (self.gpu_count is None):
            given, lacks = ("gpu_count", "gpu_type") if self.gpu_type is None else ("gpu_type", "gpu_count")
            yield Finding(f"requires {lacks}", f"set {lacks} too, or remove it", rule=GPU, key=(given,))
        if self.gpu_type is None and self.gpu_product is not None:
            yield Finding(
                "requires gpu_type", "set gpu_type and gpu_count too, or remove it", rule=GPU, key=("gpu_product",)
            )
        elif self.gpu_type is not None and self.product is None:
            yield Finding(
                f"is required, because the operator's chart does not know {self.gpu_type}",
                "set it, or use a GPU that the chart knows",
                allowed=", ".join(self.products),
                rule=MISSING_KEY,
                key=("gpu_product",),
            )
        elif self.product != self.products.get(self.gpu_type or "", self.product):
            yield Finding(
                f"differs from the label by which the operator's chart selects {self.gpu_type}",
                "remove it, or use another gpu_type",
                self.gpu_product,
                str(self.products.get(self.gpu_type or "")),
                rule=GPU,
                key=("gpu_product",),
            )
        for index, shape in enumerate(self.pod_shapes):
            if shape.gpus > (self.gpu_count or 0):
                allowed = f"at most {self.gpu_count or 0}"
                key = ("pod_shapes", index, "gpus")
                yield Finding("exceeds the GPUs of a node", "lower it", shape.gpus, allowed, GPU, key=key)
        if self.is_reserved and "SPOT" in self.capacity_types:
            yield Finding(
                "applies to on-demand nodes, but capacity_types has SPOT",
                "set capacity_types: [ON_DEMAND], and add another group for spot nodes",
                rule=RESERVED_SPOT,
                key=("capacity_reservation",),
            )
        yield from self._misnamed_gpus()

    @classmethod
    def unchecked(cls, **fields: Any) -> Self:
        """Returns a built-in group of a cluster, whose machines may have GPUs that are not declared.

        Args:
            **fields: The group's keys, as in a configuration.
        """
        made: Self = _with_defaults(cls).model_copy(update=fields)
        return made

    @property
    def machines(self) -> list[str]:
        """Returns the machine types that are known at synthesis."""
        value = getattr(self, self.machine_key)
        return [each for each in ([value] if isinstance(value, str) else value) if not is_unresolved(each)]

    def _misnamed_gpus(self) -> Iterator[Finding]:
        for machine in self.machines:
            has = bool(re.match(self.with_gpus, machine))
            if self.gpu_type is None and has:
                what, fix = "has GPUs, but gpu_type is not set", "set gpu_type and gpu_count"
            elif self.gpu_type is not None and not has and not re.match(self.attachable, machine):
                what, fix = f"has no {self.gpu_type}", "use a type with that GPU, or remove gpu_type and gpu_count"
            else:
                continue
            yield Finding(f"{machine} {what}", fix, rule=GPU, key=(self.machine_key,))


def gpu_shapes(count: int) -> list[PodShape]:
    """Returns the shapes of pods with one GPU, and with all GPUs of a node.

    Args:
        count: The number of GPUs per node.
    """
    return [PodShape(cpus=n * _CPUS_PER_GPU, memory_gb=n * _GB_PER_GPU, gpus=n) for n in dict.fromkeys((1, count))]


def gpu_groups(groups: Mapping[str, NodeGroup]) -> list[NodeGroup]:
    """Returns the groups whose nodes have GPUs."""
    return [group for group in groups.values() if group.gpu_type is not None]


def refused_groups(
    own: Iterable[str],
    groups: Mapping[str, NodeGroup],
    max_size: int | Expr,
    name_of: Callable[[str, Market], str],
    taken: Sequence[str] = (),
) -> Iterator[Finding]:
    """Finds conflicts among a cluster's node groups.

    Args:
        own: The names of the built-in groups.
        groups: The groups of `groups`, by name.
        max_size: The most nodes in a group that sets no max_size.
        name_of: Returns a group's name in the provider, from its own name and its capacity type.
        taken: Names in the provider that groups cannot have. Default: none.
    """
    names = Counter([*taken, *(name_of(name, market) for name in own for market in MARKETS)])
    names += Counter(name_of(name, market) for name, group in groups.items() for market in group.markets)
    for name, group in groups.items():
        mine = [name_of(name, market) for market in group.markets]
        if twice := [each for each in mine if names[each] > 1]:
            what = f"creates a node group {twice[0]}, which exists already"
            yield Finding(what, "rename it", rule=TAKEN, key=("groups", name))
        most = max_size if group.max_size is None else group.max_size
        if not (isinstance(group.min_size, Expr) or isinstance(most, Expr)) and group.min_size > most:
            yield Finding(
                "exceeds max_size",
                "use a smaller min_size or a larger max_size",
                group.min_size,
                f"at most {most}",
                CONFLICTING,
                key=("groups", name, "min_size"),
            )


def refused_limits(limits: Iterable[str], gpu_types: Sequence[str], key: str) -> Iterator[Finding]:
    """Finds entries for types of GPUs that the cluster does not have.

    Args:
        limits: The types that have entries.
        gpu_types: The cluster's types.
        key: The key that has the entries.
    """
    for name in limits:
        if name not in gpu_types:
            yield Finding(
                "is not one of gpu_types",
                "add it to gpu_types, or remove the entry",
                name,
                " or ".join(gpu_types) or "none",
                CONFLICTING,
                key=(key, name),
            )


def refused_zones(zones: Mapping[Any, Sequence[str] | Expr], gpu_types: Sequence[str]) -> Iterator[Finding]:
    """Finds errors in gpu_zones.

    Args:
        zones: The zones of a type's nodes, by type.
        gpu_types: The cluster's types.
    """
    yield from refused_limits(zones, gpu_types, "gpu_zones")
    for name, each in zones.items():
        if is_one_of(each, []):
            yield Finding("has no zones", "add one, or remove it", rule=INVALID_VALUE, key=("gpu_zones", name))
