"""The AKS cloud: its two stacks, and its use of existing resources."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from anyscale_constructs.clouds import AksConfig, AksStack
from anyscale_constructs.config.model import found_in
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.app import App
from tests.unit.clouds import Make, maker, values
from tests.unit.terraform.parts import warnings

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/shared"
VNET = {"subnet_id": f"{NETWORK}/subnets/nodes"}
CONTAINER = {"storage_account_name": "acmedata", "container_name": "ray", "resource_group_name": "data"}
CLUSTER = {"cluster_name": "acme", "resource_group_name": "kubernetes"}


def config(**config: Any) -> AksConfig:
    return AksConfig.model_validate({"subscription_id": SUBSCRIPTION, "region": "eastus2", "org_id": "org_1"} | config)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(AksStack, config, tmp_path)


def roles(stack: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        name: (assignment["role_definition_name"], assignment["scope"])
        for name, assignment in stack["resource"]["azurerm_role_assignment"].items()
    }


def test_a_cloud_is_a_network_a_bucket_and_a_cluster(make: Make) -> None:
    stack, _ = make()
    resources = stack["resource"]
    assert "module" not in stack
    assert resources["azurerm_resource_group"]["this"]["name"] == "ml"
    assert resources["azurerm_virtual_network"]["this"]["address_space"] == ["10.0.0.0/16"]
    assert resources["azurerm_subnet"]["nodes"]["address_prefixes"] == ["10.0.0.0/16"]
    cluster = resources["azurerm_kubernetes_cluster"]["this"]
    assert (cluster["oidc_issuer_enabled"], cluster["workload_identity_enabled"]) == (True, True)
    assert cluster["default_node_pool"]["vnet_subnet_id"] == "${azurerm_subnet.nodes.id}"
    assert cluster["network_profile"]["dns_service_ip"] == "10.245.0.10"
    assert list(resources["azurerm_kubernetes_cluster_node_pool"]) == ["cpu", "cpuspot", "t4", "t4spot"]
    assert stack["terraform"]["required_providers"]["azurerm"]["version"] == ">= 4.65.0, < 5.0.0"
    (provider,) = stack["provider"]["azurerm"]
    assert provider["subscription_id"] == SUBSCRIPTION


def test_the_principal_id_is_registered_and_the_chart_has_the_client_id(make: Make) -> None:
    stack, operator = make(networking_mode="PRIVATE", bucket={"name": "acme"})
    assert stack["output"]["anyscale_cloud_resource"]["value"] == {
        "name": "k8s-azure-eastus2",
        "provider": "AZURE",
        "compute_stack": "K8S",
        "region": "eastus2",
        "networking_mode": "PRIVATE",
        "object_storage": {
            "bucket_name": "abfss://anyscale@acme.dfs.core.windows.net",
            "endpoint": "https://acme.blob.core.windows.net",
        },
        "azure_config": {"tenant_id": "${azurerm_user_assigned_identity.operator.tenant_id}"},
        "kubernetes_config": {
            "anyscale_operator_iam_identity": "${azurerm_user_assigned_identity.operator.principal_id}"
        },
    }
    assert values(operator, "anyscale-operator")["global"] == {
        "cloudDeploymentId": "${var.cloud_resource_id}",
        "cloudProvider": "azure",
        "auth": {
            "iamIdentity": "${data.azurerm_user_assigned_identity.operator.client_id}",
            "audience": "api://086bc555-6989-4362-ba30-fded273e432b/.default",
        },
    }


APPLICATION = "086bc555-6989-4362-ba30-fded273e432b"


def test_the_directory_is_unchanged_by_default(make: Make) -> None:
    stack, operator = make()
    for each in (stack, operator):
        assert "azuread" not in {*each["provider"], *each["terraform"]["required_providers"]}
        assert "azuread_" not in json.dumps(each)
        assert "removed" not in each
    assert stack["terraform"]["required_version"] == ">= 1.5.0"


def test_anyscales_service_principal_is_created_and_never_destroyed(make: Make) -> None:
    stack, operator = make(anyscale_service_principal="create")
    principal = stack["resource"]["azuread_service_principal"]["anyscale"]
    assert {key: value for key, value in principal.items() if key != "//"} == {
        "client_id": APPLICATION,
        "use_existing": True,
        "lifecycle": {"prevent_destroy": True},
    }
    # Not that of whoever is logged in, who may have several.
    assert stack["provider"]["azuread"] == [{"tenant_id": "${data.azurerm_client_config.tenant.tenant_id}"}]
    azuread = stack["terraform"]["required_providers"]["azuread"]
    assert azuread == {"source": "hashicorp/azuread", "version": ">= 3.0.0, < 4.0.0"}
    assert "azuread" not in operator["provider"]
    assert APPLICATION in values(operator, "anyscale-operator")["global"]["auth"]["audience"]


def test_anyscales_service_principal_is_checked_and_one_that_was_created_is_kept(make: Make) -> None:
    stack, _ = make(anyscale_service_principal="check")
    assert stack["data"]["azuread_service_principal"]["anyscale"]["client_id"] == APPLICATION
    assert "azuread_service_principal" not in stack["resource"]
    assert stack["removed"] == [{"from": "azuread_service_principal.anyscale", "lifecycle": {"destroy": False}}]
    assert stack["terraform"]["required_version"] == ">= 1.7.0"


def test_the_operator_may_use_the_one_container_only(make: Make) -> None:
    stack, _ = make()
    assert {name: role for name, role in roles(stack).items() if name.startswith("operator")} == {
        "operator_bucket": ("Storage Blob Data Contributor", "${azurerm_storage_container.this.id}"),
        "operator_signing": ("Storage Blob Delegator", "${azurerm_storage_account.this.id}"),
    }
    credential = stack["resource"]["azurerm_federated_identity_credential"]["operator"]
    assert credential["subject"] == "system:serviceaccount:anyscale-operator:anyscale-operator"
    assert credential["issuer"] == "${azurerm_kubernetes_cluster.this.oidc_issuer_url}"


def test_unresolved_values_are_left_to_terraform(tmp_path: Path) -> None:
    app = App(tmp_path)
    cluster = {"name": expr("var.name", "string"), "service_cidr": expr("var.services", "string")}
    stack = AksStack(app, "ml", config(cluster=cluster))
    for variable in ("name", "services"):
        stack.add_secret(variable, "string", "")
    app.synth()
    resources = json.loads((tmp_path / "stacks" / "ml" / "cdk.tf.json").read_text())["resource"]
    made = resources["azurerm_kubernetes_cluster"]["this"]
    assert (made["name"], made["dns_prefix"]) == ("${var.name}", "${var.name}")
    assert made["network_profile"]["dns_service_ip"] == "${cidrhost(var.services, 10)}"


def test_the_credential_is_for_the_operators_service_account(make: Make) -> None:
    stack, operator = make()
    release = operator["resource"]["helm_release"]["anyscale-operator"]
    given = values(operator, "anyscale-operator")
    for part in ("operator", "workloads"):
        subject = f"system:serviceaccount:{release['namespace']}:{given[part]['serviceAccount']['name']}"
        assert stack["resource"]["azurerm_federated_identity_credential"]["operator"]["subject"] == subject


def test_the_bucket_is_private_and_accepts_only_entra_identities(make: Make) -> None:
    account = make()[0]["resource"]["azurerm_storage_account"]["this"]
    assert account["is_hns_enabled"] is True
    assert account["min_tls_version"] == "TLS1_2"
    closed = ("allow_nested_items_to_be_public", "shared_access_key_enabled", "local_user_enabled")
    assert [account[name] for name in closed] == [False] * 3
    cors = account["blob_properties"]["cors_rule"]
    assert (cors["allowed_origins"], cors["exposed_headers"]) == (["https://*.anyscale.com"], ["*"])
    assert cors["allowed_methods"] == ["DELETE", "GET", "HEAD", "POST", "PUT"]


@pytest.mark.parametrize("force_destroy", [True, False])
def test_terraform_keeps_the_bucket_by_default(force_destroy: bool, make: Make) -> None:
    resources = make(bucket={"force_destroy": force_destroy})[0]["resource"]
    for kind in ("azurerm_storage_account", "azurerm_storage_container"):
        assert resources[kind]["this"]["lifecycle"] == {"prevent_destroy": not force_destroy}


def test_users_have_accounts_only_by_entra_id(make: Make) -> None:
    stack, _ = make()
    cluster = stack["resource"]["azurerm_kubernetes_cluster"]["this"]
    assert cluster["local_account_disabled"] is True
    assert cluster["azure_active_directory_role_based_access_control"] == {"azure_rbac_enabled": True}
    assert roles(stack)["administrator"] == (
        "Azure Kubernetes Service RBAC Cluster Admin",
        "${azurerm_kubernetes_cluster.this.id}",
    )


def test_the_cluster_may_use_its_subnet_before_it_is_created(make: Make) -> None:
    stack, _ = make(vnet=VNET)
    assert roles(stack)["cluster_subnet"] == ("Network Contributor", VNET["subnet_id"])
    cluster = stack["resource"]["azurerm_kubernetes_cluster"]["this"]
    assert cluster["depends_on"] == ["azurerm_role_assignment.cluster_subnet"]
    assert cluster["identity"]["identity_ids"] == ["${azurerm_user_assigned_identity.cluster.id}"]


def test_existing_resources_are_used_and_not_created(make: Make) -> None:
    stack, operator = make(resource_group_name="acme-ml", bucket=CONTAINER, cluster=CLUSTER)
    assert sorted(stack["resource"]) == [
        "azurerm_federated_identity_credential",
        "azurerm_role_assignment",
        "azurerm_user_assigned_identity",
    ]
    account = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/acmedata"
    assert roles(stack) == {
        "operator_bucket": ("Storage Blob Data Contributor", f"{account}/blobServices/default/containers/ray"),
        "operator_signing": ("Storage Blob Delegator", account),
    }
    issuer = stack["resource"]["azurerm_federated_identity_credential"]["operator"]["issuer"]
    assert issuer == "${data.azurerm_kubernetes_cluster.this.oidc_issuer_url}"
    for each in (stack, operator):
        found = each["data"]["azurerm_kubernetes_cluster"]["this"]
        assert (found["name"], found["resource_group_name"]) == ("acme", "kubernetes")
    identity = operator["data"]["azurerm_user_assigned_identity"]["operator"]
    assert (identity["name"], identity["resource_group_name"]) == ("ml-operator", "acme-ml")
    resource = stack["output"]["anyscale_cloud_resource"]["value"]
    assert resource["object_storage"]["bucket_name"] == "abfss://ray@acmedata.dfs.core.windows.net"


def test_a_cluster_with_keys_fails_before_they_are_in_the_state(make: Make) -> None:
    _, operator = make()
    (condition,) = operator["data"]["azurerm_kubernetes_cluster"]["this"]["lifecycle"]["postcondition"]
    assert 'user.client_key == "" && user.password == ""' in condition["condition"]
    assert "--disable-local-accounts" in condition["error_message"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (
            {"cluster": CLUSTER, "vnet": {}},
            "vnet: has no effect with cluster.cluster_name",
        ),
        (
            {"cluster": {"outbound_type": "userDefinedRouting"}},
            "cluster.outbound_type: requires a subnet with a route table or a NAT gateway",
        ),
        (
            {"vnet": {"cidr_block": "10.244.0.0/20"}},
            "vnet.cidr_block: overlaps cluster.pod_cidr, 10.244.0.0/16; got '10.244.0.0/20'. Fix: ",
        ),
        (
            {"cluster": {"service_cidr": "10.244.0.0/24"}},
            "cluster.service_cidr: overlaps cluster.pod_cidr, 10.244.0.0/16; got '10.244.0.0/24'",
        ),
        (
            {"vnet": {"cidr_block": "10.244.0.0/20"}, "cluster": {"service_cidr": "10.244.8.0/24"}},
            "cluster.service_cidr: overlaps vnet.cidr_block, 10.244.0.0/20; got '10.244.8.0/24'",
        ),
        (
            {"vnet": {"subnet_cidr_block": "10.1.0.0/24"}},
            "vnet.subnet_cidr_block: is not inside cidr_block; got '10.1.0.0/24'; expected a range inside 10.0.0.0/16",
        ),
        ({"vnet": {"subnet_id": "nodes"}}, "must be a subnet's resource ID"),
        ({"vnet": {"subnet_idd": "nodes"}}, "unknown key 'subnet_idd': did you mean 'subnet_id'"),
        ({"cluster": {"clustr_name": "acme"}}, "unknown key 'clustr_name': did you mean 'cluster_name'"),
        ({"cluster": {"kubernetes_version": "1.31"}}, "must be a Kubernetes version, 1.32 or later"),
        ({"cluster": {"nodes": {"gpu_types": ["V100"]}}}, "must be 'T4', 'A10'"),
        ({"cluster": {"administrator_ids": ["jane@acme.example"]}}, "must be the object ID of an Entra user"),
        ({"bucket": {"name": "acme-data"}}, "must be a storage account's name: 3 to 24 lower-case letters and digits"),
        ({"bucket": {"container_name": "a--b"}}, "must be a container's name"),
        ({"resource_group_name": "acme."}, "with no period at the end"),
        ({"region": "East US 2"}, "must be the name of a region of Azure's public cloud, not its display name"),
        ({"region": "usgovvirginia"}, "must be the name of a region of Azure's public cloud"),
        ({"subscription_id": "acme"}, "must be a subscription's ID"),
        ({"tags": {"a/b": "c"}}, "must be at most 512 characters"),
        ({"releases": {"autoscaler": {}}}, "unknown key 'autoscaler'"),
        ({"operator_audience": "api://acme"}, "unknown key 'operator_audience'"),
        ({"anyscale_service_principal": True}, "must be 'check' or 'create'"),
    ],
)
def test_fails_on_conflicting_keys(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as error:
        config(**keys)
    assert says in "\n".join(map(str, found_in(error.value)))


@pytest.mark.parametrize(
    "keys",
    [
        {"vnet": VNET, "cluster": {"outbound_type": "userAssignedNATGateway"}},
        {"vnet": {"cidr_block": "10.244.0.0/20"}, "cluster": {"pod_cidr": "192.168.0.0/16"}},
        {"vnet": {"subnet_cidr_block": "10.0.0.0/20"}},
        {"cluster": {"authorized_ip_ranges": ["11.0.0.0/8"], "kubernetes_version": "1.34.1"}},
        {"cluster": {"service_cidr": expr("var.later", "string"), "pod_cidr": "10.245.0.0/16"}},
    ],
)
def test_similar_configurations_are_valid(keys: dict[str, Any]) -> None:
    config(**keys)


@pytest.mark.parametrize(
    ("region", "warns"), [("eastus2", []), ("eatsus2", ["use 'eastus2' if that is the intended region"])]
)
def test_warns_of_a_misspelt_region(region: str, warns: list[str], tmp_path: Path) -> None:
    stack = AksStack(App(tmp_path), "ml", config(region=region))
    assert [text.rpartition(": ")[2] for text in warnings(stack)] == warns


@pytest.mark.parametrize("name", ["m" * 64, "ml-"])
def test_fails_on_a_stacks_name_that_no_cluster_can_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"cluster\.name: the name of the cluster, which is the cloud's name, must be 1 to 63 lett"
    ):
        AksStack(App(tmp_path), name, config(vnet=VNET))
    AksStack.build(App(tmp_path), name, config(vnet=VNET, cluster={"name": "ml"}))


@pytest.mark.parametrize("name", ["m", "ml-"])
def test_fails_on_a_stacks_name_that_no_network_can_have(name: str, tmp_path: Path) -> None:
    says = "vnet.subnet_id: the name of the network, which is the cloud's name, must be 2 to 64 letters"
    with pytest.raises(ConfigError, match=says) as error:
        AksStack(App(tmp_path), name, config(cluster={"name": "ml"}))
    assert str(error.value).endswith("Fix: rename the cloud, or set vnet.subnet_id")
    AksStack.build(App(tmp_path), name, config(vnet=VNET, cluster={"name": "ml"}))
    AksStack.build(App(tmp_path), name, config(cluster=CLUSTER))
    AksStack.build(App(tmp_path), "m" * 64, config(cluster={"name": "ml"}))


def test_fails_on_names_that_are_too_long_for_the_nodes_resource_group(tmp_path: Path) -> None:
    group, name = "g" * 34, "n" * 34
    AksStack(App(tmp_path), "ml", config(resource_group_name=group, cluster={"name": name}))
    AksStack.build(
        App(tmp_path), "ml", config(resource_group_name=f"{group}g", cluster=CLUSTER | {"cluster_name": name})
    )
    AksStack(App(tmp_path), "ml", config(resource_group_name=group, cluster={"name": expr("var.later", "string")}))
    says = f"resource group has 81 characters; got 'MC_{group}g_{name}_eastu...'; expected at most 80. Fix: shorten"
    with pytest.raises(ConfigError, match=re.escape(f"cluster.name: the name of the nodes' {says}")):
        AksStack(App(tmp_path), "ml", config(resource_group_name=f"{group}g", cluster={"name": name}))
    with pytest.raises(ConfigError, match=r"^resource_group_name: the name"):
        AksStack(App(tmp_path), "ml", config(resource_group_name=group * 2))
    with pytest.raises(ConfigError, match=r"^cluster\.name: the name"):
        AksStack(App(tmp_path), "m" * 35, config())


def test_the_clusters_identity_places_nodes_in_reserved_capacity(make: Make) -> None:
    group_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/my.capacity/providers/Microsoft.Compute"
    reservation = {"group_id": f"{group_id}/capacityReservationGroups/h100"}
    h100 = {"vm_size": "Standard_ND96isr_H100_v5", "gpu_type": "H100", "gpu_count": 8}
    group = h100 | {"capacity_types": ["ON_DEMAND"], "capacity_reservation": reservation}
    taints = [{"key": "example.com/team"}]
    nodes = {"gpu_types": [], "groups": {"a": group, "b": group | {"zones": ["1"], "taints": taints}}}
    stack, operator = make(cluster={"nodes": nodes})
    assert roles(stack)["reservation_my_capacity_h100"] == ("Contributor", reservation["group_id"])
    pools = stack["resource"]["azurerm_kubernetes_cluster_node_pool"]
    for name in ("a", "b"):
        assert pools[name]["capacity_reservation_group_id"] == reservation["group_id"]
        assert pools[name]["depends_on"] == ["azurerm_role_assignment.reservation_my_capacity_h100"]
    assert "depends_on" not in pools["cpu"]
    keys = {each["key"] for each in values(operator, "nvidia-device-plugin")["tolerations"]}
    assert {"example.com/team", "kubernetes.azure.com/scalesetpriority"} <= keys
    types = values(operator, "anyscale-operator")["workloads"]["instanceTypes"]["additional"]
    assert {"8CPU-32GB-1xH100", "8CPU-32GB-1xH100-b"} <= types.keys()


def test_with_registration_by_terraform_one_deploy_creates_both(make: Make, tmp_path: Path) -> None:
    stack, operator = make(registration="terraform")
    resource = stack["resource"]["anyscale_cloud_resource"]["cloud_resource"]
    assert (resource["cloud_provider"], resource["compute_stack"]) == ("AZURE", "K8S")
    assert {
        "azurerm_kubernetes_cluster_node_pool.cpu",
        "azurerm_federated_identity_credential.operator",
        "azurerm_role_assignment.operator_bucket",
    } <= set(resource["depends_on"])
    assert stack["resource"]["azurerm_storage_account"]["this"]["tags"]["anyscale-cloud-id"] == (
        "${anyscale_cloud.cloud.id}"
    )
    assert "variable" not in operator
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["stacks"]["ml-operator"]["dependencies"] == ["ml"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, []),
        (
            {"vnet": {"subnet_cidr_block": "10.0.0.0/27"}},
            ["the nodes' subnet has IP addresses for 27 nodes, but the node pools may have 50 in all"],
        ),
        ({"vnet": {"subnet_cidr_block": "10.0.0.0/27"}, "cluster": {"nodes": {"max_count": 5}}}, []),
        ({"vnet": {"cidr_block": expr("var.later", "string")}}, []),
    ],
)
def test_warns_of_a_subnet_that_is_too_small_for_all_nodes(
    keys: dict[str, Any], says: list[str], tmp_path: Path
) -> None:
    stack = AksStack(App(tmp_path), "ml", config(**keys))
    assert [text[: len(start)] for text, start in zip(warnings(stack), says, strict=True)] == says
