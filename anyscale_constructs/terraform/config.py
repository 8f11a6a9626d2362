"""The configuration keys that all clouds have, whatever their provider."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from anyscale_constructs.config.model import IDLE_KEY, Model, refuse, refuse_all
from anyscale_constructs.config.types import Checked, CloudId, Known, OrgId, TagValue, empty_list, empty_map
from anyscale_constructs.expressions import Expr, is_unresolved
from anyscale_constructs.terraform.adoption import Adoption
from anyscale_constructs.terraform.allowances import Allowances, check_rules
from anyscale_constructs.terraform.backend import Backend, Local
from anyscale_constructs.terraform.moves import Import, Moved, ambiguous
from anyscale_constructs.terraform.sources import GITHUB, ModuleBase, ModuleOverride, ResourceOverride, Sources

CLOUD_NAME = Checked(
    "letters, digits, hyphens, underscores and periods, beginning with a letter or a digit",
    r"[A-Za-z0-9][\w.-]*",
    "production",
)
UPSTREAM_NAMES = {
    "anyscale_org_id": "org_id",
    "anyscale_cloud_id": "cloud_id",
    "anyscale_deploy_env": "deploy_environment",
    "common_prefix": "name_prefix",
}
"""The keys here that replace variables of upstream's root modules and examples, by the variable's name."""


# Arguments of Anyscale's Terraform provider that the anyscale command lacks, and how to set them without the provider.
_BY_TERRAFORM = {
    "lineage_tracking_enabled": "set it in Anyscale's console",
    "aggregated_logs_enabled": "run anyscale cloud config update --enable-log-ingestion",
}

NamePrefix = Annotated[str, Checked("letters, digits and + = , . @ - _", r"[A-Za-z0-9_+=,.@-]*", "acme-ray-")]
"""The characters that IAM accepts in names; constructs check what their own resources accept in addition."""


class CloudConfig(Model):
    """The configuration of a cloud: the keys common to all providers."""

    upstream_names = UPSTREAM_NAMES

    idle_keys: ClassVar[tuple[str, ...]] = ()
    """The keys that have no effect for this kind of cloud: they are rejected, and omitted from the JSON Schema."""

    org_id: OrgId = Field(description="The ID of the Anyscale organization.")
    cloud_id: CloudId | None = Field(
        default=None,
        description="The ID of the Anyscale cloud, once it exists; it restricts permissions to resources with the "
        "cloud's tag. Default: permissions are not restricted by cloud.",
    )
    deploy_environment: TagValue = Field(
        default="production", description="The value of the tag or label anyscale-deploy-environment."
    )
    backend: Backend = Field(
        default_factory=Local, description="Where Terraform stores its state. Default: a local file."
    )
    mirror: Known[ModuleBase] = Field(
        default=GITHUB,
        description="Base URL of the modules' Git repositories, instead of https://github.com/anyscale. For EKS and "
        "GKE it also replaces the Terraform Registry, with MIRROR/terraform-aws-eks.git and "
        "MIRROR/terraform-google-kubernetes-engine.git; the EKS module's KMS submodule still comes from the registry. "
        "For development, the absolute path of a checkout of Anyscale's modules. Default: GitHub and the registry.",
    )
    modules: dict[str, ModuleOverride] = Field(
        default_factory=empty_map,
        description="Refs, inputs and mirrors of individual modules, by the ID of the construct, e.g. vpc. The ID of a "
        "nested construct begins with the IDs of its parents, e.g. network/vpc. Default: none.",
    )

    cloud: Known[Annotated[str, CLOUD_NAME] | None] = Field(
        default=None,
        description="The name of the Anyscale cloud to which register adds this stack's infrastructure as a cloud "
        "resource. Several stacks can belong to one cloud if each has a different resource_name. Default: the name of "
        "the stack.",
    )
    resource_name: Known[Annotated[str, CLOUD_NAME] | None] = Field(
        default=None,
        description="The name of this cloud resource, by which register finds it again. Default: the compute stack, "
        "the provider and the region, e.g. vm-aws-us-east-2.",
    )
    moved: list[Moved] = Field(
        default_factory=empty_list,
        description="Modules and resources that have a different address in the state: Terraform moves them instead of "
        "destroying and recreating them. terraform plan shows the addresses of this cloud. Default: nothing is moved.",
    )
    imports: list[Import] = Field(
        default_factory=empty_list,
        validation_alias="import",
        description="Existing resources that are not in the state: Terraform imports them instead of creating them. "
        "Default: nothing is imported.",
    )

    registration: Known[Literal["command", "terraform"]] = Field(
        default="command",
        description="How the cloud is registered: by `anyscale-constructs register` (command), or in the same apply by "
        "Anyscale's Terraform provider, which is in beta (terraform).",
    )

    lineage_tracking_enabled: Known[bool | None] = Field(
        default=None,
        description="Whether Anyscale records which data sets and models jobs read and write; requires registration: "
        "terraform. Default: the provider's default.",
    )
    aggregated_logs_enabled: Known[bool | None] = Field(
        default=None,
        description="Whether Anyscale collects the logs of clusters; requires registration: terraform. Default: the "
        "provider's default.",
    )

    allow: Annotated[Allowances, AfterValidator(check_rules)] = Field(
        default_factory=empty_map,
        description="Warnings to accept: the ID of each rule, with a reason. {reason: ..., until: DATE} accepts the "
        "warning until the end of that day. `anyscale-constructs rules` lists the rules. Default: none.",
    )

    @model_validator(mode="after")
    def _terraform_sets_the_cloud_id(self) -> Self:
        if self.registration == "terraform" and self.cloud_id is not None:
            raise refuse(
                "cloud_id cannot be set with registration: terraform, which creates the cloud",
                "remove cloud_id, or set registration: command",
                key="cloud_id",
            )
        return self

    @model_validator(mode="after")
    def _terraform_registers_a_new_cloud(self) -> Self:
        if self.registration == "terraform" and self.cloud is not None:
            raise refuse(
                "cannot be set with registration: terraform, which creates a cloud for each stack",
                "remove it, or set registration: command",
                key="cloud",
            )
        return self

    @model_validator(mode="after")
    def _command_lacks_provider_arguments(self) -> Self:
        for key, instead in _BY_TERRAFORM.items():
            if self.registration != "terraform" and getattr(self, key) is not None:
                raise refuse(
                    "is an argument of Anyscale's Terraform provider, which the anyscale command does not support",
                    f"remove it, and {instead}, or set registration: terraform",
                    key=key,
                )
        return self

    @model_validator(mode="after")
    def _moves_are_clear(self) -> Self:
        if found := list(ambiguous(self.moved)):
            raise refuse_all(found)
        return self

    @property
    def adoption(self) -> Adoption | None:
        """The infrastructure that the cloud takes over from Anyscale's root module; None if it takes over nothing."""
        return None

    @model_validator(mode="after")
    def _nothing_is_idle(self) -> Self:
        for key in self.idle_keys:
            if key in self.model_fields_set:
                raise refuse(f"{key} has no effect for this kind of cloud", "remove it", key=key, rule=IDLE_KEY)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Returns the JSON Schema, without the keys that have no effect."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        schema["properties"] = {key: value for key, value in schema["properties"].items() if key not in cls.idle_keys}
        return reference

    def refuse_input(self, module_id: str, name: str, key: str) -> None:
        """Rejects a module input whose value other parts of the cloud need too; for validators.

        Args:
            module_id: The module's ID in the stack.
            name: The name of the input.
            key: The key that sets the value for all parts.
        """
        override = self.modules.get(module_id)
        if override and name in override.inputs:
            raise refuse(
                f"modules.{module_id}.inputs.{name} changes only this module; other parts of the cloud would keep the "
                "old value",
                f"set {key} instead",
                key=f"modules.{module_id}.inputs.{name}",
            )

    def refuse_standard_tags(self, key: str, tags: Mapping[str, str] | Expr) -> None:
        """Rejects provider tags (or labels) that the cloud sets itself; for validators.

        Args:
            key: The configuration key of the tags.
            tags: The provider's tags.
        """
        standard = self.standard_tags("")
        for name in known_keys(tags):
            if name.lower() in standard:
                what = f"{key} has {name}, but the cloud sets {name.lower()} on every resource"
                raise refuse(what, "remove it", key=f"{key}.{name}")

    def standard_tags(self, cloud_id: str | None) -> dict[str, str]:
        """Returns the tags (or labels) of every resource.

        Args:
            cloud_id: The cloud's ID, which may be a reference; None leaves its tag out.
        """
        tags = {
            "anyscale-cloud-id": cloud_id,
            "anyscale-org-id": self.org_id,
            "anyscale-deploy-environment": self.deploy_environment,
            "tf_module": "anyscale-constructs",
        }
        return {key: value for key, value in tags.items() if value is not None}

    @property
    def sources(self) -> Sources:
        """The sources of the modules, and the overrides."""
        # The values are valid: they are of the same types here.
        return Sources.model_construct(base=self.mirror, overrides=self.modules, resources=self.resource_overrides)

    @property
    def resource_overrides(self) -> dict[str, ResourceOverride]:
        """The overrides of individual resources, by address."""
        return {}


class NamedCloudConfig(CloudConfig):
    """The keys common to clouds whose resource names have a prefix."""

    name_prefix: NamePrefix = Field(default="anyscale-", description="Prefix of the names of new resources.")
    prefix_all_names: Known[bool] = Field(
        default=False,
        description="Start all generated names with name_prefix, for accounts that require it: also the names that "
        "default to the stack's name, and those for which upstream modules have their own prefix. Names set in the "
        "configuration do not change. Set it when the cloud is created: changing it later replaces every resource "
        "whose name changes. Default: false, for compatibility with existing clouds.",
    )

    def default_name(self, name: str) -> str:
        """Returns the default name of a resource.

        Args:
            name: The stack's name.
        """
        return f"{self.name_prefix}{name}" if self.prefix_all_names else name


def known_keys(tags: Mapping[str, str] | Expr) -> list[str]:
    """Returns the resolved keys of tags or labels."""
    return [] if isinstance(tags, Expr) else [key for key in tags if not is_unresolved(key)]
