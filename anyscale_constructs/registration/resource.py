"""The resource file, which describes a cloud's infrastructure to Anyscale, as one strict model.

A stack builds it from Terraform expressions and outputs it; registration reads it back with known values.
Rules that need more than one field skip unknown values.
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
    "A KubeRay cluster needs Anyscale's connector and no operator, so a cloud of this library would not work on it.",
    command="register",
)


class ObjectStorage(Model):
    """The bucket for logs, images and, if there is no file storage, shared files."""

    bucket_name: BucketUrl | None = Field(
        default=None, description="The bucket's URL, with the scheme s3://, gs:// or abfss://."
    )
    region: Text | None = Field(
        default=None, description="The bucket's region. Default: the cloud's region.", examples=["us-east-2"]
    )
    endpoint: Endpoint | None = Field(
        default=None, description="The URL of the object store. Default: the provider's endpoint."
    )
    s3_addressing_style: Known[Literal["PATH_STYLE", "VIRTUAL_HOSTED_STYLE"] | None] = Field(
        default=None, description="The S3 addressing style of log sinks. Default: chosen by the log sink."
    )


class MountTarget(Model):
    """The address of an NFS server."""

    address: Host = Field(description="An IP address or a host name.")
    zone: Text | None = Field(
        default=None, description="The zone that it serves. Default: every zone.", examples=["us-east-2a"]
    )


class FileStorage(Model):
    """Shared file storage."""

    file_storage_id: Text | None = Field(
        default=None,
        description="The ID of the EFS file system, or the full name of the Filestore instance. Default: none.",
        examples=["fs-0123456789abcdef0"],
    )
    mount_targets: TfList[MountTarget] | None = Field(
        default=None,
        description="The NFS servers. Default on instances: found by the control plane from file_storage_id.",
    )
    mount_path: MountPath | None = Field(
        default=None,
        description="The exported directory of Filestore or the NFS server. Default on instances: found by the "
        "control plane from file_storage_id.",
    )
    persistent_volume_claim: KubernetesName | None = Field(
        default=None, description="Kubernetes only: the name of an existing persistent volume claim. Default: none."
    )
    csi_ephemeral_volume_driver: KubernetesName | None = Field(
        default=None, description="Kubernetes only: the name of a CSI driver for ephemeral volumes. Default: none."
    )


class AwsConfig(Model):
    """The cloud's infrastructure in AWS; not required for a Kubernetes cloud."""

    vpc_id: VpcId | None = Field(default=None, description="The VPC.")
    subnet_ids: TfList[SubnetId] | None = Field(
        default=None, description="The IDs of at least two subnets in different zones."
    )
    zones: TfList[Text] | None = Field(
        default=None, description="The subnets' zones. Default: found by the control plane."
    )
    security_group_ids: TfList[SecurityGroupId] | None = Field(
        default=None, description="The instances' security groups."
    )
    anyscale_iam_role_id: RoleArn | None = Field(default=None, description="The role that the control plane assumes.")
    external_id: ExternalId | None = Field(
        default=None,
        description="The external ID in that role's trust policy, which begins with the organization's ID. "
        "Default on Kubernetes: the cloud's ID.",
    )
    cluster_iam_role_id: RoleArn | None = Field(default=None, description="The instances' role.")
    cluster_instance_profile_id: InstanceProfileArn | None = Field(
        default=None,
        description="The instance profile's ARN. Default: the instance profile named like the instances' role.",
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
    """The cloud's infrastructure in Google Cloud; a Kubernetes cloud needs only the project."""

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
    """The cloud's infrastructure in Azure."""

    tenant_id: TenantId | None = Field(default=None, description="The tenant.")


class KubernetesConfig(Model):
    """The cluster that a K8S cloud runs in."""

    anyscale_operator_iam_identity: Text | None = Field(
        default=None,
        description="The operator's identity: an IAM role ARN, service account e-mail or managed identity's ID.",
    )
    zones: TfList[Text] | None = Field(default=None, description="The zones in which pods are launched.")
    redis_endpoint: HostPort | None = Field(
        default=None, description="The endpoint of Redis for head node fault tolerance."
    )
    custom_image_registry: ImageRegistry | None = Field(
        default=None, description="The registry to pull images from. Default: Anyscale's registry."
    )


class CloudResource(Model):
    """A cloud's infrastructure, as Anyscale registers it."""

    name: Text | None = Field(
        default=None,
        description="The resource's name, by which later registrations find it. Default: e.g. vm-aws-us-east-2.",
    )
    provider: Literal["AWS", "GCP", "AZURE", "GENERIC"] = Field(description="The cloud provider.")
    compute_stack: Literal["VM", "K8S"] = Field(description="VM for instances, K8S for pods in a Kubernetes cluster.")
    region: Text = Field(description="The provider's region; `default` for GENERIC clouds without one.")
    networking_mode: Literal["PUBLIC", "PRIVATE"] | None = Field(
        default=None, description="Whether instances have public IP addresses. Default: PUBLIC."
    )
    object_storage: ObjectStorage | None = Field(default=None, description="The bucket.")
    file_storage: FileStorage | None = Field(default=None, description="Shared file storage. Default: the bucket.")
    aws_config: AwsConfig | None = Field(default=None, description="The infrastructure in AWS.")
    gcp_config: GcpConfig | None = Field(default=None, description="The infrastructure in Google Cloud.")
    azure_config: AzureConfig | None = Field(default=None, description="The infrastructure in Azure.")
    kubernetes_config: KubernetesConfig | None = Field(default=None, description="The Kubernetes cluster.")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Returns the resource in a mapping, whose nulls and empty strings mean that something was not created.

        Args:
            values: The mapping, from Python or from a Terraform output.

        Raises:
            RegistrationError: A field is missing, unknown or wrong; there is a finding for each.
        """
        if found := list(_of_kuberay(values)):
            raise RegistrationError(found)
        try:
            return cls.model_validate(_without_empty(values))
        except ValidationError as error:
            raise RegistrationError(found_in(error)) from error

    @property
    def resource_name(self) -> str:
        """The name, else the default name."""
        return self.default_name if self.name is None else self.name

    @property
    def default_name(self) -> str:
        """The name that the `anyscale` program uses by default."""
        return f"{self.compute_stack.lower()}-{self.provider.lower()}-{self.region}"

    def mapping(self) -> dict[str, Any]:
        """Returns the content of the resource file; every value must be known."""
        content = {"name": self.resource_name, **self.model_dump(exclude_none=True)}
        content = {key: value for key, value in content.items() if not is_one_of(value, {})}
        if (self.provider, self.compute_stack) == ("AWS", "K8S"):
            content.setdefault("aws_config", {"zones": []})  # without the section, the program fails an assertion
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
                "is for a cluster with KubeRay, which needs Anyscale's connector; this library installs the operator",
                "register the cluster with anyscale cloud register --resource-file, or use compute_stack K8S",
                rule=KUBERAY,
                key=(key,),
            )


def _without_empty(value: Any) -> Any:
    # Upstream outputs are null or "" for what was not created. An empty list is kept: it can be intended.
    if isinstance(value, Mapping):
        return {k: _without_empty(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_empty(element) for element in value]
    return None if is_one_of(value, "") else value
