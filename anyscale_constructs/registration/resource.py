"""The resource file: all that Anyscale wants to know of a cloud's infrastructure, as one strict model.

A stack builds it from Terraform expressions and outputs it; registration reads it back with real values.
Rules that need more than one field skip what is not known yet.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from anyscale_constructs.aws.types import ExternalId, InstanceProfileArn, RoleArn, SecurityGroupId, SubnetId, VpcId
from anyscale_constructs.azure.types import TenantId
from anyscale_constructs.config.model import Model, found_in, refuse_all
from anyscale_constructs.config.types import Known
from anyscale_constructs.errors import RegistrationError
from anyscale_constructs.expressions import is_one_of
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.google.types import GcpInstanceName, GcpProjectId, GcpResourceName, IdentityProviderName
from anyscale_constructs.registration.fields import (
    BucketUrl,
    Email,
    Endpoint,
    Host,
    HostPort,
    ImageRegistry,
    KubernetesName,
    MemoryDbArn,
    MemoryDbName,
    MountPath,
    RedisUrl,
    Text,
)
from anyscale_constructs.registration.rules import problems
from anyscale_constructs.terraform.types import TfList

KUBERAY = Rule(
    "kuberay-cluster",
    "error",
    "A KubeRay cluster needs Anyscale's connector and has no operator, so that a cloud of this library would not work "
    "on it.",
    command="register",
)


class ObjectStorage(Model):
    """The bucket for logs, images and, without file storage, shared files."""

    bucket_name: BucketUrl | None = Field(default=None, description="With its scheme: s3://, gs:// or abfss://.")
    region: Text | None = Field(default=None, description="Default: the cloud's region.")
    endpoint: Endpoint | None = Field(default=None, description="Default: the provider's own endpoint.")
    s3_addressing_style: Known[Literal["PATH_STYLE", "VIRTUAL_HOSTED_STYLE"] | None] = Field(
        default=None, description="How log sinks address S3. Default: the log sink's own choice."
    )


class MountTarget(Model):
    """An NFS server's address."""

    address: Host = Field(description="An IP address or a host name.")
    zone: Text | None = Field(default=None, description="The zone it serves. Default: every zone.")


class FileStorage(Model):
    """Shared file storage."""

    file_storage_id: Text | None = Field(
        default=None, description="The EFS id, or the Filestore instance's full name. Default: none."
    )
    mount_targets: TfList[MountTarget] | None = Field(
        default=None, description="Default on instances: what the control plane finds for file_storage_id."
    )
    mount_path: MountPath | None = Field(
        default=None, description="Filestore's or the NFS server's directory. Default on instances: found too."
    )
    persistent_volume_claim: KubernetesName | None = Field(
        default=None, description="Kubernetes only: an existing claim. Default: none."
    )
    csi_ephemeral_volume_driver: KubernetesName | None = Field(
        default=None, description="Kubernetes only: a CSI driver. Default: none."
    )


class AwsConfig(Model):
    """Where the cloud lives in AWS; a Kubernetes cloud needs none of it."""

    vpc_id: VpcId | None = Field(default=None, description="The VPC.")
    subnet_ids: TfList[SubnetId] | None = Field(default=None, description="At least two, in different zones.")
    zones: TfList[Text] | None = Field(
        default=None, description="The subnets' zones. Default: found by the control plane."
    )
    security_group_ids: TfList[SecurityGroupId] | None = Field(
        default=None, description="The instances' security groups."
    )
    anyscale_iam_role_id: RoleArn | None = Field(default=None, description="The role that the control plane assumes.")
    external_id: ExternalId | None = Field(
        default=None,
        description="Begins with the organization's id and stands in that role's trust policy. "
        "Default on Kubernetes: the cloud's id.",
    )
    cluster_iam_role_id: RoleArn | None = Field(default=None, description="The instances' role.")
    cluster_instance_profile_id: InstanceProfileArn | None = Field(
        default=None, description="Default: the instance profile that has the name of the instances' role."
    )
    memorydb_cluster_name: MemoryDbName | None = Field(
        default=None, description="MemoryDB for head node fault tolerance."
    )
    memorydb_cluster_arn: MemoryDbArn | None = Field(
        default=None, description="Default on instances: found by the control plane."
    )
    memorydb_cluster_endpoint: RedisUrl | None = Field(
        default=None, description="Default on instances: found by the control plane."
    )


class GcpConfig(Model):
    """Where the cloud lives in Google Cloud; a Kubernetes cloud needs its project only."""

    project_id: GcpProjectId | None = Field(default=None, description="The project.")
    host_project_id: GcpProjectId | None = Field(default=None, description="The host project of a shared VPC.")
    provider_name: IdentityProviderName | None = Field(default=None, description="The workload identity provider.")
    vpc_name: GcpResourceName | None = Field(default=None, description="The VPC's name.")
    subnet_names: TfList[GcpResourceName] | None = Field(default=None, description="The subnets' names.")
    firewall_policy_names: TfList[Text] | None = Field(default=None, description="The firewall policies' names.")
    anyscale_service_account_email: Email | None = Field(
        default=None, description="The control plane's service account."
    )
    cluster_service_account_email: Email | None = Field(default=None, description="The instances' service account.")
    memorystore_instance_name: GcpInstanceName | None = Field(
        default=None, description="Memorystore for head node fault tolerance."
    )
    memorystore_endpoint: HostPort | None = Field(
        default=None, description="Default on instances: found by the control plane."
    )


class AzureConfig(Model):
    """Where the cloud lives in Azure."""

    tenant_id: TenantId | None = Field(default=None, description="The tenant.")


class KubernetesConfig(Model):
    """The cluster that a K8S cloud runs in."""

    anyscale_operator_iam_identity: Text | None = Field(
        default=None,
        description="The operator's IAM role ARN, service account e-mail or managed identity's principal id.",
    )
    zones: TfList[Text] | None = Field(default=None, description="The zones that pods are launched in.")
    redis_endpoint: HostPort | None = Field(default=None, description="Redis for head node fault tolerance.")
    custom_image_registry: ImageRegistry | None = Field(
        default=None, description="Where images are pulled from. Default: Anyscale's."
    )


class CloudResource(Model):
    """A cloud's infrastructure, as Anyscale registers it."""

    name: Text | None = Field(
        default=None, description="What a later registration finds the resource by. Default: e.g. vm-aws-us-east-2."
    )
    provider: Literal["AWS", "GCP", "AZURE", "GENERIC"] = Field(description="Who runs the machines.")
    compute_stack: Literal["VM", "K8S"] = Field(description="Instances, or pods in a Kubernetes cluster.")
    region: Text = Field(description="The provider's region; `default` for GENERIC clouds without one.")
    networking_mode: Literal["PUBLIC", "PRIVATE"] | None = Field(
        default=None, description="Whether instances have public addresses. Default: PUBLIC."
    )
    object_storage: ObjectStorage | None = Field(default=None, description="The bucket.")
    file_storage: FileStorage | None = Field(default=None, description="Default: shared files are kept in the bucket.")
    aws_config: AwsConfig | None = Field(default=None, description="For AWS.")
    gcp_config: GcpConfig | None = Field(default=None, description="For GCP.")
    azure_config: AzureConfig | None = Field(default=None, description="For AZURE.")
    kubernetes_config: KubernetesConfig | None = Field(default=None, description="For K8S.")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """The resource in a mapping, whose nulls and empty strings stand for what was not made.

        Args:
            values: The mapping, from Python or from Terraform's output.

        Raises:
            RegistrationError: Something is missing, unknown or wrong; its findings name all of it.
        """
        if found := list(_of_kuberay(values)):
            raise RegistrationError(found)
        try:
            return cls.model_validate(_without_empty(values))
        except ValidationError as error:
            raise RegistrationError(found_in(error)) from error

    @property
    def resource_name(self) -> str:
        """The name, or else the default one."""
        return self.default_name if self.name is None else self.name

    @property
    def default_name(self) -> str:
        """The name that the `anyscale` program gives by itself."""
        return f"{self.compute_stack.lower()}-{self.provider.lower()}-{self.region}"

    def mapping(self) -> dict[str, Any]:
        """The resource file's content, once every value is known."""
        content = {"name": self.resource_name, **self.model_dump(exclude_none=True)}
        content = {key: value for key, value in content.items() if not is_one_of(value, {})}
        if (self.provider, self.compute_stack) == ("AWS", "K8S"):
            content.setdefault("aws_config", {"zones": []})  # the program dies on an assertion without the section
        return content

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if found := list(problems(self)):
            raise refuse_all(found)
        return self


def _of_kuberay(values: Mapping[str, Any]) -> Iterator[Finding]:
    for key in ("compute_stack", "connector_config"):
        if key in values and (key == "connector_config" or values[key] == "KUBERAY"):
            yield Finding(
                "is for a cluster that runs KubeRay, which Anyscale's connector serves; this library installs the "
                "operator",
                "register the cluster with anyscale cloud register --resource-file, or use compute_stack K8S",
                rule=KUBERAY,
                key=(key,),
            )


def _without_empty(value: Any) -> Any:
    # Upstream's outputs are null or "" for what was not made. An empty list is kept: it can be meant.
    if isinstance(value, Mapping):
        return {k: _without_empty(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_empty(element) for element in value]
    return None if is_one_of(value, "") else value
