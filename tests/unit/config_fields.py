"""The behaviour of configuration fields with expressions, as data for the test of each field."""

import datetime
from typing import Any

from anyscale_constructs.clouds import KINDS

# The examples whose fields become expressions, and the keys added first: all models, and keys that fields require.
BASES: dict[str, dict[str, Any]] = {
    "everything": {
        "backend": {"type": "s3", "bucket": "acme", "region": "us-east-2"},
        "moved": [{"source": "module.network", "to": "module.vpc"}],
        "imports": [{"to": "module.s3.aws_s3_bucket.b", "id": "acme-anyscale-everything"}],
        "adopt": {"module": "aws_anyscale_v2"},
    },
    "minimal": {
        "vpc.availability_zones": ["us-east-2a", "us-east-2b"],
        "provider.assume_role": {"role_arn": "arn:aws:iam::111122223333:role/terraform"},
        "iam": {
            "cluster_node_managed_policy_arns": ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
            "cluster_node_secret_arns": ["arn:aws:secretsmanager:us-east-2:111122223333:secret:registry-AbCdEf"],
        },
    },
    "existing-vpc": {
        "memorydb": {},
        "security_group": {"security_group_id": "sg-0123456789abcdef0"},
        "iam.cluster_node_role_arn": "arn:aws:iam::111122223333:role/nodes",
        "backend": {"type": "http", "base_address": "https://gitlab.example.com/api/v4/projects/1/terraform/state"},
    },
    "existing-stores": {"backend": {"type": "none"}},
    "regulated": {"backend": {"type": "remote", "organization": "acme"}},
    "eks-private": {
        "cluster.public_access_cidrs": ["203.0.113.0/24"],
        "bucket.lifecycle_rules": [{"enabled": True}],
        "vpc.availability_zone_count": None,
        "memorydb": None,
    },
    "eks with reserved nodes": {
        "cluster.nodes.groups": {
            "a": {
                "instance_types": ["m5.large"],
                "capacity_types": ["ON_DEMAND"],
                "capacity_reservation": {
                    "resource_group_arn": "arn:aws:resource-groups:us-east-2:111122223333:group/acme"
                },
            },
        },
    },
    "eks-existing": {
        "cluster.node_security_group_id": "sg-0123456789abcdef0",
        "file_storage": None,
        "redis_endpoint": None,
        "efs": {},
        "memorydb": {},
    },
    "gce-everything": {"backend": {"type": "hcp", "organization": "acme"}, "project.organization_id": None},
    "gce-minimal": {"iam": {"cluster_node_roles": ["roles/pubsub.subscriber"]}},
    "gce-existing": {},
    "gce-shared-vpc": {
        "iam": {
            "provider_name": "projects/1/locations/global/workloadIdentityPools/anyscale/providers/anyscale",
            "anyscale_service_account_email": "access@acme-ml.iam.gserviceaccount.com",
            "cluster_service_account_email": "node@acme-ml.iam.gserviceaccount.com",
        },
    },
    "gke-private": {"registration": "command"},
    "gke-existing": {},
    "gke-existing with a new cluster": {"cluster": {}, "vpc.pods_range_name": "a", "vpc.services_range_name": "b"},
    "aks": {
        "backend": {"type": "azurerm", "storage_account_name": "acme", "container_name": "state"},
        "bucket.name": "acmeanyscale",
    },
    "aks-private": {},
    "aks-existing": {},
    "generic": {"allow": {"public-ingress": {"reason": "a", "until": datetime.date(2100, 1, 1)}}},
    "generic with a claim": {"file_storage": {"persistent_volume_claim": "anyscale"}},
    "generic with a driver": {"file_storage": {"csi_ephemeral_volume_driver": "anyscale"}},
}

_GOOGLE_PERMISSIONS = ("google.permissions.Permissions", "gke.AccountConfig", "gke.WorkloadsConfig")

# The fields that must be known, and why, except those that contain models: sections and lists of sections.
KNOWN: dict[str, list[str]] = {
    "Terraform cannot be an expression there.": [
        *(f"terraform.backend.Azurerm.{key}" for key in ("type", "storage_account_name", "container_name", "key")),
        *(f"terraform.backend.Azurerm.{key}" for key in ("resource_group_name", "subscription_id")),
        *(f"terraform.backend.Gcs.{key}" for key in ("type", "bucket", "prefix")),
        *(f"terraform.backend.Hcp.{key}" for key in ("type", "organization", "workspace", "hostname")),
        *(f"terraform.backend.Local.{key}" for key in ("type", "path")),
        *(
            f"terraform.backend.S3.{key}"
            for key in ("type", "bucket", "region", "key", "kms_key_id", "role_arn", "external_id", "profile")
        ),
        *(f"terraform.backend.Remote.{key}" for key in ("type", "organization", "workspace", "hostname")),
        *(f"terraform.backend.Http.{key}" for key in ("type", "base_address", "name", "username")),
        *(f"terraform.backend.Http.{key}" for key in ("lock_path", "lock_method", "unlock_method")),
        "terraform.backend.NoBackend.type",
        *(f"{kind}.{kind.title()}Config.mirror" for kind in KINDS),
        "terraform.sources.ModuleOverride.mirror",
        "terraform.sources.ModuleOverride.ref",
        "terraform.allowances.Allowance.reason",
        "terraform.allowances.Allowance.until",
        "azure.storage.BucketConfig.force_destroy",
        "azure.nfs.NfsConfig.force_destroy",
        *(f"terraform.moves.{key}" for key in ("Moved.source", "Moved.to", "Import.to")),
        *(f"terraform.adoption.Adopt.{key}" for key in ("module", "common_name")),
    ],
    "It says which modules and resources there are, or with which inputs.": [
        *(f"{kind}.{kind.title()}Config.{key}" for kind in KINDS for key in ("networking_mode", "registration")),
        *(f"{kind}.{kind.title()}Config.{key}" for kind in KINDS for key in ("cloud", "resource_name")),
        *(f"{kind}.{kind.title()}Config.lineage_tracking_enabled" for kind in KINDS),
        *(f"{kind}.{kind.title()}Config.aggregated_logs_enabled" for kind in KINDS),
        *(f"{kind}.{kind.title()}Config.prefix_all_names" for kind in ("ec2", "eks", "gke")),
        "aks.AksConfig.anyscale_service_principal",
        "azure.aks.ClusterConfig.network_policy",
        "gce.GceConfig.enable_apis",
        "gke.GkeConfig.enable_apis",
        "google.iam.IamConfig.cluster_node_logging",
        "kubernetes.config.GatewayConfig.enabled",
        "kubernetes.config.ReleaseConfig.enabled",
        "aws.securitygroups.SecurityGroupConfig.enable_ssh_access",
        "google.vpc_firewall.FirewallConfig.enable_ssh_access",
        "google.gke_ranges.GkeVpcConfig.flow_logs",
        "google.vpc.VpcConfig.flow_logs",
        "google.gke.ExistingCluster.private_endpoint",
        "generic.LoadBalancerConfig.address",
        "generic.BucketConfig.s3_addressing_style",
        # Whether there are any determines access to the cluster's API, and its administrators.
        "aws.eks.ClusterConfig.public_access_cidrs",
        "aws.eks.ClusterConfig.administrator_arns",
        "azure.aks.ClusterConfig.authorized_ip_ranges",
        # kubelogin uses another login method.
        "azure.provider.AzureProviderConfig.use_oidc",
        "azure.provider.AzureProviderConfig.use_msi",
        "google.gke.ClusterConfig.public_access_cidrs",
        "google.gke.ClusterConfig.private_access_cidrs",
        "google.iam.IamConfig.cluster_node_roles",
        "eks.WorkloadsConfig.identity",
        *(f"{provider}.permissions.DataAccess.mode" for provider in ("aws", "azure", "google")),
        *(f"{model}.managed_policy_arns" for model in ("aws.permissions.Permissions", "eks.WorkloadsConfig")),
        *(f"{model}.roles" for model in _GOOGLE_PERMISSIONS),
        *(f"{model}.secrets" for model in ("aws.permissions.Permissions", "eks.WorkloadsConfig")),
        *(f"{model}.secrets" for model in ("azure.permissions.Permissions", "aks.WorkloadsConfig")),
        *(f"{model}.secrets" for model in _GOOGLE_PERMISSIONS),
    ],
    "The number of subnets or nodes follows from it.": [
        "aws.vpc.VpcConfig.availability_zone_count",
        "aws.vpc.VpcConfig.subnet_places",
        "aws.vpc.VpcConfig.availability_zones",
        "aws.vpc.ExistingVpc.subnet_ids_to_az",
        "google.gke.ClusterConfig.zones",
    ],
    "Constructs and node groups have names that begin or end with it.": [
        *(
            f"{provider}.{model}.gpu_types{part}"
            for provider in ("aws", "azure", "google")
            for model in (
                "nodes.NodesConfig",
                {"aws": "eks", "azure": "aks", "google": "gke"}[provider] + ".ExistingCluster",
            )
            for part in ("", "[]")
        ),
        *(f"aws.nodes.NodesConfig.gpu_zones{part}" for part in ("", "{}")),
        "google.nodes.NodesConfig.gpu_zones",
        *(
            f"{provider}.nodes.NodeGroupConfig.{key}"
            for provider in ("aws", "azure", "google")
            for key in ("capacity_types", "capacity_types[]", "zones", "zones[]")
        ),
        *(f"config.node_groups.Limits.{key}" for key in ("capacity_types", "capacity_types[]")),
        "azure.aks.ClusterConfig.administrator_ids",
        "azure.nodes.CapacityReservation.group_id",
        "azure.aks.ClusterConfig.administrator_ids[]",
    ],
    "The operator's instance types, or other parts of a node group, follow from it.": [
        *(
            f"{provider}.nodes.NodeGroupConfig.{key}"
            for provider in ("aws", "azure", "google")
            for key in ("gpu_type", "gpu_count", "gpu_product", "labels")
        ),
        *(f"config.node_groups.Taint.{key}" for key in ("key", "value", "effect")),
        *(f"config.node_groups.PodShape.{key}" for key in ("cpus", "memory_gb", "gpus")),
        "aws.nodes.NodeGroupConfig.efa",
        "aws.nodes.CapacityReservation.capacity_block",
        "google.nodes.CapacityReservation.consume_reservation_type",
    ],
    "It is merged with values of ours.": [
        "terraform.sources.ModuleOverride.inputs",
        "terraform.sources.ResourceOverride.arguments",
        "kubernetes.config.GatewayConfig.values",
        "kubernetes.config.ReleaseConfig.values",
        "generic.LoadBalancerConfig.annotations",
        "generic.ServiceAccountConfig.annotations",
        "generic.WorkloadsConfig.annotations",
    ],
}

# Keys that no configuration of a kind accepts, as an expression or not.
FOREIGN = {
    "generic.GenericConfig.cloud_id": "has no effect for this kind of cloud",
    "generic.GenericConfig.deploy_environment": "has no effect for this kind of cloud",
    "registration.resource.FileStorage.file_storage_id": "does not belong to GENERIC clouds",
}

# Keys without effect on the JSON for any value: only their size is checked, or nothing uses them.
IDLE = {
    "existing-vpc": {"aws.vpc.ExistingVpc.cidr_block", "aws.vpc.ExistingVpc.subnet_ids_to_az{}"},
    "existing-stores": {"aws.vpc.ExistingVpc.cidr_block", "aws.vpc.ExistingVpc.subnet_ids_to_az{}"},
    "eks-existing": {"aws.vpc.ExistingVpc.cidr_block"},
    "gce-existing": {
        *("google.vpc.ExistingVpc.subnet_cidr", "gce.GceConfig.deploy_environment"),
        *("gce.GceConfig.labels", "gce.GceConfig.labels{}"),
    },
    "gke-existing": {
        *("google.vpc.ExistingVpc.subnet_cidr", "google.vpc.ExistingVpc.subnet_name", "gke.GkeConfig.cloud_id"),
        *("gke.GkeConfig.deploy_environment", "gke.GkeConfig.labels", "gke.GkeConfig.labels{}"),
        "gke.GkeConfig.name_prefix",
    },
    "gke-existing with a new cluster": {"google.vpc.ExistingVpc.subnet_cidr", "gke.GkeConfig.name_prefix"},
}
