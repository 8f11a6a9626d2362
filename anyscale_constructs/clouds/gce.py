"""An Anyscale cloud on GCE: one stack."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from anyscale_constructs.clouds.google import GoogleCloud, GoogleCloudConfig
from anyscale_constructs.config.model import ExistingIf, refuse
from anyscale_constructs.config.types import Known
from anyscale_constructs.expressions import unless
from anyscale_constructs.google import (
    ExistingBucket,
    ExistingFirewallPolicy,
    ExistingServiceAccounts,
    ExistingVpc,
    Iam,
    LoggingSink,
    NetworkingMode,
    Vpc,
    VpcFirewall,
)
from anyscale_constructs.google.cloudstorage import let_into_bucket
from anyscale_constructs.google.iam import IamConfig, role_id
from anyscale_constructs.google.loggingsink import LoggingSinkConfig
from anyscale_constructs.google.permissions import Permissions, grant
from anyscale_constructs.google.vpc import VpcConfig
from anyscale_constructs.google.vpc_firewall import FirewallConfig
from anyscale_constructs.registration.resource import CloudResource, FileStorage, GcpConfig, ObjectStorage
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.values import texts

# The outputs that upstream's root module passes on from new resources under the same names.
_IAM_OUTPUTS = (
    *(
        f"iam_anyscale_{who}_service_acct_{part}"
        for who in ("access", "cluster_node")
        for part in ("id", "name", "unique_id")
    ),
    "iam_workload_identity_pool_id",
    "iam_workload_identity_pool_name",
    "iam_workload_identity_provider_id",
)


class GceConfig(GoogleCloudConfig):
    """An Anyscale cloud on GCE."""

    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC", description="PUBLIC: nodes in a public subnet. PRIVATE: nodes in a private subnet behind NAT."
    )
    vpc: Annotated[VpcConfig | ExistingVpc, ExistingIf("vpc_id")] = Field(
        default_factory=VpcConfig, description="The VPC, new or existing. Default: a new one."
    )
    firewall: Annotated[FirewallConfig | ExistingFirewallPolicy, ExistingIf("firewall_policy_name")] = Field(
        default_factory=FirewallConfig, description="The VPC's firewall policy, new or existing. Default: a new one."
    )
    iam: Annotated[IamConfig | ExistingServiceAccounts, ExistingIf("anyscale_service_account_email")] = Field(
        default_factory=IamConfig,
        description="The service accounts of the control plane and of the nodes, new or existing. Default: new ones.",
    )
    workloads: Permissions = Field(
        default_factory=Permissions,
        description="Permissions of users' workloads in addition to the bucket, by the nodes' account. Default: none.",
    )
    logging_sink: LoggingSinkConfig | None = Field(
        default=None, description="The project's log sink. Default: left unchanged; {} excludes the nodes' syslog."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        idle: dict[str, str] = dict.fromkeys(("pods_range_name", "services_range_name"), "a new GKE cluster")
        if isinstance(self.firewall, ExistingFirewallPolicy):
            idle["proxy_subnet_cidr"] = "a new firewall policy"
        self.refuse_what_does_not_fit(self.vpc, idle)
        if "roles" in self.workloads.model_fields_set and "cluster_node_roles" in self.iam.model_fields_set:
            raise refuse(
                "has the same meaning as iam.cluster_node_roles, which is set too",
                "remove one of them",
                key="workloads.roles",
            )
        if isinstance(self.iam, ExistingServiceAccounts) and (given := self.workloads.model_fields_set):
            raise refuse(
                "applies only to a new node account, but iam.cluster_service_account_email names an existing one",
                "grant the permission to that account yourself",
                key=f"workloads.{min(given)}",
            )
        return self


class GceStack(GoogleCloud[GceConfig]):
    """An Anyscale cloud on GCE: Ray runs on instances that Anyscale starts in your Google Cloud project.

    The stack creates a VPC with a subnet for the nodes, a firewall policy, a Cloud Storage bucket, service accounts for
    Anyscale's control plane and for the nodes, and an identity pool that lets the control plane in; optionally also a
    project, a Filestore instance and a Memorystore instance. Project, VPC, firewall policy, bucket and service accounts
    can be existing ones. Choose it on Google Cloud unless your organization runs workloads on Kubernetes: there is no
    cluster to operate, and the cloud is a single stack.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, which is also the stack's name.
        config: The cloud's configuration.
    """

    config_type: ClassVar[type[CloudConfig]] = GceConfig

    firewall: VpcFirewall | ExistingFirewallPolicy
    iam: Iam | ExistingServiceAccounts

    def compose(self) -> None:
        """Adds the cloud's parts."""
        self.project = self.add_project()
        self.ready = self.add_apis()
        self.vpc = self.add_vpc()
        self.firewall = self.add_firewall()
        self.iam = self.add_iam()
        self.bucket = self.add_bucket()
        self.add_bucket_members()
        self.add_workload_grants()
        self.filestore = self.add_filestore()
        self.memorystore = self.add_memorystore()
        self.add_logging_sink()

    def optional_apis(self) -> list[str]:
        """Returns the APIs for logging and monitoring, if nodes use them."""
        iam = self.config.iam
        logging = isinstance(iam, IamConfig) and iam.cluster_node_logging
        wanted = {"logging": logging or self.config.logging_sink is not None, "monitoring": logging}
        return [f"{service}.googleapis.com" for service, needed in wanted.items() if needed]

    def bucket_users(self) -> Iam | ExistingServiceAccounts:
        """Returns the accounts of the control plane and of the nodes."""
        return self.iam

    def add_vpc(self) -> Vpc | ExistingVpc:
        """Adds the VPC, unless the configuration names an existing one."""
        vpc = self.config.vpc
        if isinstance(vpc, ExistingVpc):
            return vpc
        flow_logs = {True: {"subnet_flow_logs_metadata": "INCLUDE_ALL_METADATA"}, False: {}, None: None}[vpc.flow_logs]
        with self.configured_by(
            "vpc",
            anyscale_vpc_name="vpc.name",
            public_subnet_cidr="vpc.subnet_cidr",
            private_subnet_cidr="vpc.subnet_cidr",
            anyscale_vpc_name_prefix="name_prefix",
            public_subnet_flow_log_config="vpc.flow_logs",
            private_subnet_flow_log_config="vpc.flow_logs",
            google_region="region",
        ):
            return Vpc(
                self,
                project=self.project,
                region=self.config.region,
                networking_mode=self.config.networking_mode,
                subnet_cidr=vpc.subnet_cidr,
                anyscale_vpc_name=vpc.name,
                anyscale_vpc_name_prefix=self.config.name_prefix,
                proxy_subnet_cidr=vpc.proxy_subnet_cidr,
                public_subnet_flow_log_config=flow_logs,
                private_subnet_flow_log_config=flow_logs,
                depends_on=self.ready,
            )

    def add_firewall(self) -> VpcFirewall | ExistingFirewallPolicy:
        """Adds the firewall policy, unless it exists."""
        firewall = self.config.firewall
        if isinstance(firewall, ExistingFirewallPolicy):
            return firewall
        with self.configured_by(
            "firewall",
            ingress_from_cidr_map=("firewall.ingress_rules", "firewall.ingress_cidr_blocks"),
            ingress_with_self_cidr_range="vpc.subnet_cidr",
            ingress_from_gcp_health_checks="vpc.proxy_subnet_cidr",
            vpc_name=("vpc.vpc_id", "vpc.name"),
            vpc_id="vpc.vpc_id",
            firewall_policy_name="firewall.name",
            ingress_from_machine_pool_cidr_ranges="firewall.machine_pool_cidr_ranges",
            enable_firewall_rule_logging="firewall.rule_logging",
        ):
            return VpcFirewall(
                self,
                project=self.project,
                vpc=self.vpc,
                ingress_cidr_blocks=firewall.ingress_cidr_blocks,
                enable_ssh_access=firewall.enable_ssh_access,
                ingress_from_cidr_map=[texts(rule) for rule in firewall.ingress_rules] or None,
                firewall_policy_name=firewall.name,
                ingress_from_machine_pool_cidr_ranges=unless(firewall.machine_pool_cidr_ranges, []),
                enable_firewall_rule_logging=firewall.rule_logging,
                depends_on=[*self.ready, self.vpc] if isinstance(self.vpc, Vpc) else self.ready,
            )

    def add_iam(self) -> Iam | ExistingServiceAccounts:
        """Adds the service accounts of the control plane and of the nodes, unless they exist."""
        iam, prefix = self.config.iam, self.config.name_prefix
        if isinstance(iam, ExistingServiceAccounts):
            return iam
        more = [*self.config.workloads.roles, *iam.cluster_node_roles]
        with self.configured_by(
            "iam",
            anyscale_access_service_acct_name="iam.anyscale_service_account_name",
            anyscale_cluster_node_service_acct_name="iam.cluster_service_account_name",
            anyscale_access_service_acct_name_prefix="name_prefix",
            anyscale_access_role_id="iam.anyscale_service_account_name",
            anyscale_access_role_id_prefix="name_prefix",
            anyscale_cluster_node_service_acct_name_prefix="name_prefix",
            existing_workload_identity_provider_name="iam.identity_provider.provider_name",
            anyscale_cluster_node_service_acct_permissions=("workloads.roles", "iam.cluster_node_roles"),
            google_region="region",
            enable_anyscale_cluster_logging_monitoring="iam.cluster_node_logging",
        ):
            return Iam(
                self,
                project=self.project,
                region=self.config.region,
                anyscale_org_id=self.config.org_id,
                identity_provider=iam.identity_provider,
                anyscale_cloud_id=self.cloud_id,
                anyscale_access_service_acct_name=iam.anyscale_service_account_name,
                anyscale_access_service_acct_name_prefix=f"{prefix}access-",
                anyscale_access_role_id_prefix=role_id(f"{prefix}access_"),
                anyscale_cluster_node_service_acct_name=iam.cluster_service_account_name,
                anyscale_cluster_node_service_acct_name_prefix=f"{prefix}node-",
                anyscale_cluster_node_service_acct_permissions=["roles/artifactregistry.reader", *more]
                if more
                else None,
                enable_anyscale_cluster_logging_monitoring=iam.cluster_node_logging or None,
                depends_on=self.ready,
            )

    def add_bucket_members(self) -> None:
        """Grants new accounts access to an existing bucket."""
        if isinstance(self.bucket, ExistingBucket) and isinstance(self.iam, Iam):
            let_into_bucket(self, self.bucket, dict(zip(("access", "node"), self.iam.bucket_members, strict=True)))

    def add_workload_grants(self) -> None:
        """Grants the nodes' new account access to the secrets and buckets of workloads; upstream grants the roles."""
        if isinstance(self.iam, Iam):
            permitted = self.config.workloads.model_copy(update={"roles": []})
            member = self.iam.iam_anyscale_cluster_node_service_acct_member
            grant(self, "workloads", member, permitted, project_id=self.project.project_id, depends_on=self.ready)

    def add_logging_sink(self) -> None:
        """Excludes the nodes' syslog from the project's log sink, if configured."""
        if sink := self.config.logging_sink:
            with self.configured_by("logging_sink", sink_exclusion_filter="logging_sink.exclusion_filter"):
                LoggingSink(
                    self, project=self.project, sink_exclusion_filter=sink.exclusion_filter, depends_on=self.ready
                )

    def cloud_outputs(self) -> dict[str, Any]:
        """The stack's outputs, with the names of upstream's root module; configured values for what exists already."""
        firewall, iam = self.firewall, self.iam
        outputs = super().cloud_outputs() | {
            "vpc_firewall_policy_name": firewall.firewall_policy_name,
            "iam_anyscale_access_service_acct_email": iam.anyscale_service_account_email,
            "iam_anyscale_cluster_node_service_acct_email": iam.cluster_service_account_email,
            "iam_workload_identity_provider_name": iam.provider_name,
        }
        if isinstance(firewall, VpcFirewall):
            outputs |= {
                "vpc_firewall_id": firewall.vpc_firewall_policy_id,
                "vpc_firewall_selflink": firewall.vpc_firewall_policy_selflink,
            }
        if isinstance(iam, Iam):
            outputs |= {name: iam.output(name) for name in _IAM_OUTPUTS}
        return outputs

    def cloud_resource(self) -> CloudResource:
        """Returns the infrastructure to register."""
        config = self.config
        return CloudResource(
            name=f"vm-gcp-{config.region}",
            provider="GCP",
            compute_stack="VM",
            region=config.region,
            networking_mode=config.networking_mode,
            object_storage=ObjectStorage(bucket_name=self.bucket.bucket_url),
            file_storage=FileStorage(file_storage_id=self.filestore.instance_name) if self.filestore else None,
            gcp_config=GcpConfig(
                project_id=self.project.project_id,
                host_project_id=self.vpc.host_project_id(self.project),
                provider_name=self.iam.provider_name,
                vpc_name=self.vpc.vpc_name,
                subnet_names=[self.vpc.node_subnet_name],
                firewall_policy_names=[self.firewall.firewall_policy_name],
                anyscale_service_account_email=self.iam.anyscale_service_account_email,
                cluster_service_account_email=self.iam.cluster_service_account_email,
                memorystore_instance_name=self.memorystore.instance_name if self.memorystore else None,
            ),
        )
