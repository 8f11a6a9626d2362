"""Node groups for workloads, as far as all providers have them in common: their keys, and what goes together."""

import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, get_args

from pydantic import Field, model_validator

from anyscale_constructs.anyscale import Market
from anyscale_constructs.config.model import CONFLICTING, INVALID_VALUE, MISSING_KEY, Model, refuse_all
from anyscale_constructs.config.types import Checked, Known, OrExpr
from anyscale_constructs.expressions import Expr, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule

_Group = TypeVar("_Group", bound="NodeGroup")

MARKETS: tuple[Market, ...] = get_args(Market)
"""How nodes can be paid for: on-demand first."""
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
# Kubernetes and the providers keep these, or they are set here.
_KEPT = (
    r"(?:[a-z0-9.-]+\.)?(?:kubernetes\.io|k8s\.io|anyscale\.com|cloud\.google\.com|azure\.com|eks\.amazonaws\.com)/"
    r"|nvidia\.com/gpu(?:\.product|\.count)?$|k8s\.amazonaws\.com/accelerator$"
)
_CPUS_PER_GPU = 8
_GB_PER_GPU = 32

GPU = Rule(
    "node-group-gpu",
    "error",
    "Drivers, labels and taints of nodes with GPUs follow from gpu_type and gpu_count. Pods do not find GPUs that are "
    "not named, and wait in vain for GPUs that a node does not have.",
)
TAKEN = Rule(
    "node-group-name-taken",
    "error",
    "Two node groups of a cluster cannot have one name. cpu_limits and gpu_limits narrow those that need no table.",
)
ONE_ZONE = Rule(
    "node-group-zone",
    "error",
    "A capacity reservation is in one zone, and so is a cluster placement group: nodes in another zone never start.",
)
RESERVED_SPOT = Rule(
    "reserved-spot-capacity",
    "error",
    "Reserved capacity is for on-demand nodes: the provider refuses spot nodes with a reservation, or starts them "
    "outside of it.",
)

NodeKey = Annotated[
    str,
    Checked(
        "a label's or a taint's key in Kubernetes, none that Kubernetes, Anyscale or the provider keeps",
        rf"(?!{_KEPT})(?:[a-z0-9](?:[a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}",
        "example.com/team",
    ),
]
NodeValue = Annotated[
    str,
    Checked(
        "a label's or a taint's value in Kubernetes: at most 63 letters, digits, hyphens, underscores and periods, a "
        "letter or digit at both ends",
        rf"(?:{_NAME})?",
        "ml",
    ),
]
GpuName = Annotated[
    str, Checked("a GPU's name in Anyscale, such as accelerator_type has it", r"[A-Z0-9][A-Z0-9-]{0,19}", "H100")
]

EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
"""What AWS and Google call the effects of taints."""

GROUPS = (
    "More node groups for workloads, by names of your own: each is one node group for each of its capacity_types. "
    "Default: none beside those of {machines} and gpu_types."
)
CPU_LIMITS = "What narrows the pair of node groups for workloads without GPUs. Default: nothing."
GPU_LIMITS = "What narrows the pairs of node groups of gpu_types, by type. Default: nothing."


class Limits(Model):
    """What narrows a pair of node groups."""

    capacity_types: Known[list[Market]] = Field(
        default=["ON_DEMAND", "SPOT"],
        min_length=1,
        description="How the nodes are paid for. Default: there are two node groups, one on-demand and one spot.",
    )
    max_size: OrExpr[int | None] = Field(
        default=None,
        ge=1,
        description="Nodes in each of the two at most. Default: nodes.max_size, on AKS nodes.max_count.",
    )

    @property
    def markets(self) -> list[Market]:
        """The capacity types, each once."""
        return [market for market in MARKETS if market in self.capacity_types]


class Taint(Model):
    """A taint of nodes, which the operator's instance types for these nodes tolerate."""

    key: Known[NodeKey] = Field(description="The taint's key, none that Kubernetes, Anyscale or the provider keeps.")
    value: Known[NodeValue] = Field(default="", description="The taint's value. Default: none.")
    effect: Known[Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]] = Field(
        default="NoSchedule", description="What happens to pods that do not tolerate it."
    )


class PodShape(Model):
    """What a pod asks for; users choose it as they would an instance type."""

    cpus: Known[int] = Field(ge=1, description="Fewer than a node has: some of them are for the node's own pods.")
    memory_gb: Known[int] = Field(ge=1, description="In GiB; less than a node has.")
    gpus: Known[int] = Field(default=0, ge=0, description="GPUs of the group's type.")


@cache
def _with_defaults(group: type[_Group]) -> _Group:
    """A group that is not checked, of the defaults that pydantic takes long to look up."""
    return group.model_construct()


class NodeGroup(Limits):
    """A node group for workloads; a provider adds its keys."""

    products: ClassVar[Mapping[str, str]] = {}
    """What the provider's nodes are labelled with, by the GPU's name in Anyscale; the operator knows these."""
    machine_key: ClassVar[str]
    """The key that says which machines nodes are."""
    with_gpus: ClassVar[str]
    """A regular expression of the machines that have GPUs."""
    attachable: ClassVar[str] = r"(?!)"
    """One of the machines to which GPUs can be attached."""

    min_size: OrExpr[int] = Field(
        default=0, ge=0, description="Nodes in each at least. Default: 0; nodes come and go with the workloads."
    )
    gpu_type: Known[GpuName | None] = Field(
        default=None, description="The GPU that a node has, by its name in Anyscale. Default: none."
    )
    gpu_count: Known[int | None] = Field(
        default=None, ge=1, le=16, description="How many GPUs a node has; required with gpu_type. Default: none."
    )
    gpu_product: Known[Annotated[str, Checked("a label's value", _NAME, "NVIDIA-H200")] | None] = Field(
        default=None,
        description="For a GPU that the operator's chart does not know: the value of the label nvidia.com/gpu.product, "
        "which the nodes get; on GKE the accelerator's type. Default: what the chart has for gpu_type.",
    )
    labels: dict[NodeKey, NodeValue] = Field(
        default_factory=dict,
        description="Labels of the nodes. The group then has instance types of its own, with its name at their end, "
        "which select nodes by these. Default: none; pods find the nodes by capacity type and GPU.",
    )
    taints: list[Taint] = Field(
        default_factory=list,
        description="More taints of the nodes, which the group's own instance types tolerate. Default: those for "
        "capacity type and GPU, which the operator tolerates.",
    )
    pod_shapes: list[PodShape] = Field(
        default_factory=list,
        description="What pods on these nodes can ask for: the operator has an instance type for each. Default: for "
        f"GPUs, one GPU and all of a node's, with {_CPUS_PER_GPU} CPUs and {_GB_PER_GPU} GB each; without GPUs, what "
        "the chart has.",
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if found := list(self.refused()):
            raise refuse_all(found)
        return self

    @property
    def product(self) -> str | None:
        """What the nodes are labelled with, for their GPU; None without one."""
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
        """What pods on these nodes can ask for; none, if the chart's defaults are meant."""
        if self.pod_shapes or self.gpu_count is None:
            return self.pod_shapes
        return gpu_shapes(self.gpu_count)

    def refused(self) -> Iterator[Finding]:
        """What does not go together."""
        if (self.gpu_type is None) != (self.gpu_count is None):
            given, lacks = ("gpu_count", "gpu_type") if self.gpu_type is None else ("gpu_type", "gpu_count")
            yield Finding(f"needs {lacks}", f"set {lacks} too, or remove it", rule=GPU, key=(given,))
        if self.gpu_type is None and self.gpu_product is not None:
            yield Finding(
                "needs gpu_type", "set gpu_type and gpu_count too, or remove it", rule=GPU, key=("gpu_product",)
            )
        elif self.gpu_type is not None and self.product is None:
            yield Finding(
                f"is required: the operator's chart does not know {self.gpu_type}",
                "set it, or use a GPU that the chart knows",
                allowed=", ".join(self.products),
                rule=MISSING_KEY,
                key=("gpu_product",),
            )
        elif self.product != self.products.get(self.gpu_type or "", self.product):
            yield Finding(
                f"is not what the operator's chart selects {self.gpu_type} by",
                "remove it, or give the GPU another gpu_type",
                self.gpu_product,
                str(self.products.get(self.gpu_type or "")),
                rule=GPU,
                key=("gpu_product",),
            )
        for index, shape in enumerate(self.pod_shapes):
            if shape.gpus > (self.gpu_count or 0):
                allowed = f"at most {self.gpu_count or 0}"
                key = ("pod_shapes", index, "gpus")
                yield Finding("is more than a node has", "lower it", shape.gpus, allowed, GPU, key=key)
        if self.is_reserved and "SPOT" in self.capacity_types:
            yield Finding(
                "is for on-demand nodes, but capacity_types has SPOT",
                "set capacity_types: [ON_DEMAND], and make another group for spot nodes",
                rule=RESERVED_SPOT,
                key=("capacity_reservation",),
            )
        yield from self._misnamed_gpus()

    @classmethod
    def unchecked(cls, **fields: Any) -> Self:
        """A group of a cluster's own, whose machines may have GPUs that nobody asks for.

        Args:
            **fields: Its keys, as a configuration has them.
        """
        made: Self = _with_defaults(cls).model_copy(update=fields)
        return made

    @property
    def machines(self) -> list[str]:
        """The machines that are known now."""
        value = getattr(self, self.machine_key)
        return [each for each in ([value] if isinstance(value, str) else value) if not is_unresolved(each)]

    def _misnamed_gpus(self) -> Iterator[Finding]:
        for machine in self.machines:
            has = bool(re.match(self.with_gpus, machine))
            if self.gpu_type is None and has:
                what, fix = "has GPUs, which gpu_type does not name", "set gpu_type and gpu_count"
            elif self.gpu_type is not None and not has and not re.match(self.attachable, machine):
                what, fix = f"has no {self.gpu_type}", "use one with that GPU, or remove gpu_type and gpu_count"
            else:
                continue
            yield Finding(f"{machine} {what}", fix, rule=GPU, key=(self.machine_key,))


def gpu_shapes(count: int) -> list[PodShape]:
    """Pods with one GPU, and with all GPUs of a node.

    Args:
        count: How many a node has.
    """
    return [PodShape(cpus=n * _CPUS_PER_GPU, memory_gb=n * _GB_PER_GPU, gpus=n) for n in dict.fromkeys((1, count))]


def gpu_groups(groups: Mapping[str, NodeGroup]) -> list[NodeGroup]:
    """Those whose nodes have GPUs."""
    return [group for group in groups.values() if group.gpu_type is not None]


def refused_groups(
    own: Iterable[str],
    groups: Mapping[str, NodeGroup],
    max_size: int | Expr,
    name_of: Callable[[str, Market], str],
    taken: Sequence[str] = (),
) -> Iterator[Finding]:
    """What is wrong with a cluster's node groups beside each other.

    Args:
        own: The names of the groups that are there without `groups`.
        groups: More groups, by name.
        max_size: Nodes in each group at most, where it says nothing of its own.
        name_of: The name that a group has in the provider, by its own name and how its nodes are paid for.
        taken: Names in the provider that groups can't have.
    """
    names = Counter([*taken, *(name_of(name, market) for name in own for market in MARKETS)])
    names += Counter(name_of(name, market) for name, group in groups.items() for market in group.markets)
    for name, group in groups.items():
        mine = [name_of(name, market) for market in group.markets]
        if twice := [each for each in mine if names[each] > 1]:
            what = f"makes a node group {twice[0]}, and there is one already"
            yield Finding(what, "rename it", rule=TAKEN, key=("groups", name))
        most = max_size if group.max_size is None else group.max_size
        if not (isinstance(group.min_size, Expr) or isinstance(most, Expr)) and group.min_size > most:
            yield Finding(
                "is larger than max_size",
                "use a smaller min_size or a larger max_size",
                group.min_size,
                f"at most {most}",
                CONFLICTING,
                key=("groups", name, "min_size"),
            )


def refused_limits(limits: Iterable[str], gpu_types: Sequence[str], key: str) -> Iterator[Finding]:
    """What is said of types of GPUs that are not there.

    Args:
        limits: The types of which something is said.
        gpu_types: The types that are there.
        key: What has it.
    """
    for name in limits:
        if name not in gpu_types:
            yield Finding(
                "is not one of gpu_types",
                "add it to gpu_types, or remove it here",
                name,
                " or ".join(gpu_types) or "none",
                CONFLICTING,
                key=(key, name),
            )


def refused_zones(zones: Mapping[Any, Sequence[str] | Expr], gpu_types: Sequence[str]) -> Iterator[Finding]:
    """What is wrong with gpu_zones.

    Args:
        zones: The zones of a type's nodes, by type.
        gpu_types: The types that are there.
    """
    yield from refused_limits(zones, gpu_types, "gpu_zones")
    for name, each in zones.items():
        if is_one_of(each, []):
            yield Finding("has no zones", "add one, or remove it", rule=INVALID_VALUE, key=("gpu_zones", name))
