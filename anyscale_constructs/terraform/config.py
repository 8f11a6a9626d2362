"""What every cloud's configuration has, whatever its provider."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from anyscale_constructs.config.model import IDLE_KEY, Model, refuse, refuse_all
from anyscale_constructs.config.types import Checked, CloudId, Known, OrgId, TagValue
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
"""The variables of upstream's root modules and examples, by the key that is the same here."""


# What the provider takes and the program does not, and how it is set there.
_BY_TERRAFORM = {
    "lineage_tracking_enabled": "set it in Anyscale's console",
    "aggregated_logs_enabled": "run anyscale cloud config update --enable-log-ingestion",
}


class CloudConfig(Model):
    """A cloud's configuration, as far as providers have it in common."""

    upstream_names = UPSTREAM_NAMES

    idle_keys: ClassVar[tuple[str, ...]] = ()
    """The keys that would do nothing for this kind of cloud: they are refused, and are not in the JSON Schema."""

    org_id: OrgId = Field(description="The Anyscale organization.")
    cloud_id: CloudId | None = Field(
        default=None,
        description="The Anyscale cloud, once it is known: permissions are narrowed to its tag then. Default:"
        " they are not narrowed.",
    )
    deploy_environment: TagValue = Field(
        default="production", description="The value of the tag or label anyscale-deploy-environment."
    )
    backend: Backend = Field(
        default_factory=Local, description="Where Terraform's state is kept. Default: a local file."
    )
    mirror: Known[ModuleBase] = Field(
        default=GITHUB,
        description="Base URL of the modules' Git repositories, instead of https://github.com/anyscale; for EKS and "
        "GKE also instead of the Terraform Registry: MIRROR/terraform-aws-eks.git and "
        "MIRROR/terraform-google-kubernetes-engine.git. The EKS module's KMS submodule still comes from the registry. "
        "Or the absolute path of a checkout of Anyscale's modules, for development. Default: GitHub and the registry.",
    )
    modules: dict[str, ModuleOverride] = Field(
        default_factory=dict,
        description="Changes to single modules, by the id of the construct, e.g. vpc: refs, inputs and mirrors. The "
        "id of a construct inside of others begins with theirs, e.g. network/vpc. Default: none.",
    )

    cloud: Known[Annotated[str, CLOUD_NAME] | None] = Field(
        default=None,
        description="The name of the Anyscale cloud that this stack's infrastructure is a resource of. Several stacks "
        "can name one cloud, each with a resource_name of its own: register adds each of them. Default: the cloud has "
        "the stack's name.",
    )
    resource_name: Known[Annotated[str, CLOUD_NAME] | None] = Field(
        default=None,
        description="The name of this infrastructure among the cloud's resources, by which register finds it again. "
        "Default: the compute stack, the provider and the region, e.g. vm-aws-us-east-2.",
    )
    moved: list[Moved] = Field(
        default_factory=list,
        description="What has another address in the state: Terraform moves it instead of destroying it and making it "
        "anew. The addresses that this cloud's stacks have are those of terraform plan. Default: nothing is moved.",
    )
    imports: list[Import] = Field(
        default_factory=list,
        validation_alias="import",
        description="Resources that exist already and are not in the state: Terraform takes them over instead of "
        "making them. Default: nothing is imported.",
    )

    registration: Known[Literal["command", "terraform"]] = Field(
        default="command",
        description="How the cloud is registered: by `anyscale-constructs register`, or by Anyscale's Terraform "
        "provider in the same apply, which is in beta.",
    )

    lineage_tracking_enabled: Known[bool | None] = Field(
        default=None,
        description="With registration: terraform, whether Anyscale records which data sets and models jobs read and "
        "write. Default: the provider's own.",
    )
    aggregated_logs_enabled: Known[bool | None] = Field(
        default=None,
        description="With registration: terraform, whether Anyscale collects the logs of clusters. Default: the "
        "provider's own.",
    )

    allow: Annotated[Allowances, AfterValidator(check_rules)] = Field(
        default_factory=dict,
        description="Warnings that are accepted: the rule's id, and why. {reason: ..., until: DATE} accepts it until "
        "that day. `anyscale-constructs rules` lists the rules. Default: none.",
    )

    @model_validator(mode="after")
    def _one_cloud_id(self) -> Self:
        if self.registration == "terraform" and self.cloud_id is not None:
            raise refuse(
                "cloud_id is known to Terraform only, which makes the cloud with registration: terraform",
                "remove cloud_id, or register with the command",
                key="cloud_id",
            )
        return self

    @model_validator(mode="after")
    def _terraform_makes_a_cloud_of_its_own(self) -> Self:
        if self.registration == "terraform" and self.cloud is not None:
            raise refuse(
                "names a cloud that other stacks share, and with registration: terraform each stack makes its own",
                "remove it, or set registration: command",
                key="cloud",
            )
        return self

    @model_validator(mode="after")
    def _the_program_registers_without_them(self) -> Self:
        for key, instead in _BY_TERRAFORM.items():
            if self.registration != "terraform" and getattr(self, key) is not None:
                raise refuse(
                    "is an argument of Anyscale's Terraform provider, and the anyscale program registers without it",
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
        """What the cloud takes over from Anyscale's root module; None: nothing."""
        return None

    @model_validator(mode="after")
    def _nothing_is_idle(self) -> Self:
        for key in self.idle_keys:
            if key in self.model_fields_set:
                raise refuse(f"{key} does nothing for this kind of cloud", "remove it", key=key, rule=IDLE_KEY)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema, without the keys that would do nothing."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        schema["properties"] = {key: value for key, value in schema["properties"].items() if key not in cls.idle_keys}
        return reference

    def refuse_input(self, module_id: str, name: str, key: str) -> None:
        """Refuses a module's input that other things of the cloud have to know too; for its validators.

        Args:
            module_id: The module's id in the stack.
            name: The input's name.
            key: The key that sets it for all of them.
        """
        override = self.modules.get(module_id)
        if override and name in override.inputs:
            raise refuse(
                f"modules.{module_id}.inputs.{name} changes the module only, and others would still have the old one",
                f"set {key} instead",
                key=f"modules.{module_id}.inputs.{name}",
            )

    def refuse_standard_tags(self, key: str, tags: Mapping[str, str] | Expr) -> None:
        """Refuses tags, or labels, of the provider that the cloud sets itself; for its validators.

        Args:
            key: The key that holds them.
            tags: The provider's.
        """
        standard = self.standard_tags("")
        for name in known_keys(tags):
            if name.lower() in standard:
                what = f"{key} has {name}, but the cloud sets {name.lower()} on every resource"
                raise refuse(what, "remove it", key=f"{key}.{name}")

    def standard_tags(self, cloud_id: str | None) -> dict[str, str]:
        """The tags, or labels, of every resource.

        Args:
            cloud_id: The cloud's id, which Terraform may make.
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
        """Where the modules come from."""
        return Sources(base=self.mirror, overrides=self.modules, resources=self.resource_overrides)

    @property
    def resource_overrides(self) -> dict[str, ResourceOverride]:
        """What to do differently for single resources, by their addresses."""
        return {}


class NamedCloudConfig(CloudConfig):
    """What clouds have in common whose parts have names with a prefix."""

    name_prefix: str = Field(default="anyscale-", description="What the names of new resources begin with.")
    prefix_all_names: Known[bool] = Field(
        default=False,
        description="Whether every name that the cloud makes begins with name_prefix, as rules of an account may "
        "demand: also names that are the stack's by default, and those that upstream's modules begin in a way of "
        "their own. Names that the configuration gives stay as they are. Set it when the cloud is made: changing it "
        "later replaces whatever gets another name. Default: false, as older clouds have it.",
    )

    def default_name(self, name: str) -> str:
        """What something is called that has no name of its own in the configuration.

        Args:
            name: The stack's name.
        """
        return f"{self.name_prefix}{name}" if self.prefix_all_names else name


def known_keys(tags: Mapping[str, str] | Expr) -> list[str]:
    """The keys of tags, or labels, as far as they are known."""
    return [] if isinstance(tags, Expr) else [key for key in tags if not is_unresolved(key)]
