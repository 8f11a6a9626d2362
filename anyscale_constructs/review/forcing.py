"""Tables of the module inputs and resource arguments that force a replacement, and of the resources that hold data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Forcing:
    """An input of a module whose change replaces resources.

    Args:
        input: The input.
        type: The type of the resource.
        attribute: The resource's attribute that the provider cannot update.
        each: Whether each element of the input is a resource, which is destroyed with its element. Default: False.
        kept: Whether the provider keeps the attribute if the configuration no longer sets it. Default: False.
    """

    input: str
    type: str
    attribute: str
    each: bool = False
    kept: bool = False


def _rows(_type: str, *, _each: bool = False, _kept: bool = False, **attributes: str) -> list[Forcing]:
    return [Forcing(name, _type, attribute, _each, _kept) for name, attribute in attributes.items()]


FORCING: Mapping[str, Sequence[Forcing]] = {
    "aws/vpc": [
        *_rows("aws_vpc", cidr_block="cidr_block"),
        *_rows("aws_subnet", _each=True, public_subnets="cidr_block", private_subnets="cidr_block"),
        *_rows("aws_subnet", availability_zones="availability_zone"),
    ],
    "aws/securitygroups": [
        *_rows(
            "aws_security_group",
            security_group_name="name",
            security_group_name_prefix="name_prefix",
            security_group_description="description",
        ),
    ],
    "aws/s3": _rows("aws_s3_bucket", anyscale_bucket_name="bucket", anyscale_bucket_prefix="bucket_prefix"),
    "aws/efs": _rows(
        "aws_efs_file_system",
        _kept=True,
        efs_encrypted="encrypted",
        kms_key_arn="kms_key_id",
        efs_performance_mode="performance_mode",
        efs_creation_token="creation_token",  # noqa: S106 - a name
        availability_zone_name="availability_zone_name",
    ),
    "aws/memorydb": _rows(
        "aws_memorydb_cluster",
        anyscale_memorydb_name="name",
        anyscale_memorydb_name_prefix="name_prefix",
        memorydb_kms_key_arn="kms_key_arn",
        memorydb_tls_enabled="tls_enabled",
        memorydb_port="port",
        enable_memorydb_data_tiering="data_tiering",
    ),
    "aws/iam": _rows(
        "aws_iam_role",
        anyscale_access_role_name="name",
        anyscale_access_role_name_prefix="name_prefix",
        anyscale_access_role_path="path",
        anyscale_cluster_node_role_name="name",
        anyscale_cluster_node_role_name_prefix="name_prefix",
        anyscale_cluster_node_role_path="path",
    ),
    "google/vpc": _rows("google_compute_network", anyscale_vpc_name="name"),
    "google/cloudstorage": _rows("google_storage_bucket", anyscale_bucket_name="name", bucket_location="location"),
    "google/filestore": _rows(
        "google_filestore_instance",
        anyscale_filestore_name="name",
        filestore_tier="tier",
        filestore_location="location",
        filestore_network_conect_mode="networks",
    ),
    "google/memorystore": _rows(
        "google_redis_instance",
        anyscale_memorystore_name="name",
        memorystore_tier="tier",
        memorystore_encryption_mode="transit_encryption_mode",
    ),
}
"""The inputs by the module's name in the catalog. Tests compare those of AWS with plans of the real provider."""

ARGUMENTS: Mapping[str, frozenset[str]] = {
    kind: frozenset(names.split())
    for kind, names in {
        "aws_eks_pod_identity_association": "cluster_name namespace service_account",
        "aws_iam_role": "name name_prefix path",
        "aws_iam_role_policy": "name role",
        "aws_iam_role_policy_attachment": "role policy_arn",
        "aws_s3_bucket_policy": "bucket",
        "azurerm_federated_identity_credential": "name user_assigned_identity_id",
        "azurerm_kubernetes_cluster": "name location resource_group_name dns_prefix private_cluster_enabled",
        "azurerm_kubernetes_cluster_node_pool": "name kubernetes_cluster_id priority eviction_policy spot_max_price "
        "capacity_reservation_group_id",
        "azurerm_resource_group": "name location",
        "azurerm_role_assignment": "scope role_definition_name principal_id condition condition_version",
        "azurerm_storage_account": "name location resource_group_name account_kind account_tier is_hns_enabled",
        "azurerm_storage_container": "name storage_account_id",
        "azurerm_storage_share": "name storage_account_id enabled_protocol",
        "azurerm_subnet": "name resource_group_name virtual_network_name",
        "azurerm_user_assigned_identity": "name location resource_group_name",
        "azurerm_virtual_network": "name location resource_group_name",
        "google_project_iam_member": "member project role",
        "google_secret_manager_secret_iam_member": "member role secret_id condition",
        "google_service_account": "account_id project",
        "google_service_account_iam_member": "member role service_account_id",
        "google_storage_bucket_iam_member": "bucket member role condition",
    }.items()
}
"""The arguments of the constructs' own resources whose change replaces the resource, by type."""

DATA: Mapping[str, str] = {
    **dict.fromkeys(("aws_s3_bucket", "google_storage_bucket", "azurerm_storage_container"), "objects"),
    **dict.fromkeys(("aws_efs_file_system", "google_filestore_instance", "azurerm_storage_share"), "files"),
    **dict.fromkeys(("azurerm_netapp_volume", "aws_fsx_lustre_file_system"), "files"),
    **dict.fromkeys(("aws_memorydb_cluster", "aws_memorydb_snapshot", "google_redis_instance"), "records"),
    **dict.fromkeys(("google_redis_cluster", "google_memorystore_instance", "azurerm_redis_cache"), "records"),
    **dict.fromkeys(("aws_elasticache_cluster", "aws_elasticache_replication_group"), "records"),
    **dict.fromkeys(("aws_db_instance", "aws_rds_cluster", "google_sql_database_instance"), "records"),
    **dict.fromkeys(("aws_dynamodb_table", "azurerm_postgresql_flexible_server"), "records"),
    **dict.fromkeys(("azurerm_mssql_database", "azurerm_cosmosdb_account"), "records"),
    **dict.fromkeys(("aws_ebs_volume", "google_compute_disk", "azurerm_managed_disk"), "blocks"),
    "azurerm_storage_account": "objects and files",
    "aws_kms_key": "key that encrypts other data",
    "aws_cloudwatch_log_group": "logs",
}
"""The data in a resource that a replacement loses, by the resource's type."""

DATA_MODULES: Mapping[str, str] = {
    "aws/s3": "aws_s3_bucket",
    "aws/efs": "aws_efs_file_system",
    "aws/memorydb": "aws_memorydb_cluster",
    "google/cloudstorage": "google_storage_bucket",
    "google/filestore": "google_filestore_instance",
    "google/memorystore": "google_redis_instance",
}
"""The resource of a module that holds data, by the module's name in the catalog."""
