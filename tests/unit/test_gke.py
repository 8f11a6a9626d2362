"""The GKE cloud: its two stacks, and its use of existing resources."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from anyscale_constructs.clouds import GkeConfig, GkeStack
from anyscale_constructs.config.model import found_in
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.google.types import by_full_name
from anyscale_constructs.terraform.app import App
from tests import spelled
from tests.unit.clouds import Make, maker, values

VPC = {"vpc_id": "projects/acme-ml/global/networks/ml", "subnet_name": "ml", "subnet_cidr": "10.20.0.0/20"}
EXISTING: dict[str, Any] = {
    "vpc": VPC,
    "bucket": {"bucket_name": "acme-shared"},
    "cluster": {"cluster_name": "acme"},
}
NEW_PROJECT = {"billing_account_id": "01ABCD-234567-89EF01", "id": "acme-ml"}
INSTANCE = "projects/acme-ml/locations/us-central1/instances/there"
KEY_ELSEWHERE = "projects/acme-ml/locations/europe-west4/keyRings/anyscale/cryptoKeys/secrets"
VARIABLE = expr("var.later", "string")
ACCOUNT = "google_service_account.operator"


def config(**config: Any) -> GkeConfig:
    common = {"region": "us-central1", "org_id": "org_1", "project": {"project_id": "acme-ml"}}
    return GkeConfig.model_validate(common | config)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(GkeStack, config, tmp_path)


def grants(stack: dict[str, Any], kind: str) -> set[tuple[str, str]]:
    """Returns the members of each role."""
    return {(grant["member"], grant["role"]) for grant in stack["resource"][f"google_{kind}_iam_member"].values()}


def resource(stack: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = stack["output"]["anyscale_cloud_resource"]["value"]
    return found


def test_a_cloud_is_a_network_a_bucket_an_account_and_a_cluster(make: Make) -> None:
    stack, _ = make()
    assert sorted(stack["module"]) == ["cloudapis", "cloudstorage", "gke", "vpc"]
    vpc, gke = stack["module"]["vpc"], stack["module"]["gke"]
    assert (vpc["private_subnet_cidr"], vpc["gke_pod_range_cidr"]) == ("10.0.0.0/16", "10.4.0.0/14")
    assert "public_subnet_cidr" not in vpc
    assert gke["service_account"] == f"${{{ACCOUNT}.email}}"
    assert gke["enable_private_endpoint"] is True
    assert "container.googleapis.com" in stack["module"]["cloudapis"]["anyscale_activate_optional_apis"]
    assert stack["terraform"]["required_providers"]["google"]["version"] == ">= 5.44.2, < 6.0.0"


def test_the_account_has_only_the_permissions_that_it_needs(make: Make) -> None:
    stack, _ = make()
    member = f"${{{ACCOUNT}.member}}"
    assert stack["resource"][ACCOUNT.partition(".")[0]]["operator"]["account_id"] == "ml-operator"
    assert grants(stack, "project") == {
        (member, "roles/artifactregistry.reader"),
        (member, "roles/logging.logWriter"),
        (member, "roles/monitoring.metricWriter"),
        (member, "roles/monitoring.viewer"),
    }
    assert grants(stack, "service_account") == {
        (member, "roles/iam.serviceAccountTokenCreator"),
        ("serviceAccount:acme-ml.svc.id.goog[anyscale-operator/anyscale-operator]", "roles/iam.workloadIdentityUser"),
    }
    itself = {grant["service_account_id"] for grant in stack["resource"]["google_service_account_iam_member"].values()}
    assert itself == {f"${{{ACCOUNT}.name}}"}
    assert stack["module"]["cloudstorage"]["bucket_iam_members"] == [member]
    pods = stack["resource"]["google_service_account_iam_member"]["operator_pods"]
    assert pods["depends_on"] == ["module.gke"]


def test_the_account_may_use_filestore_if_there_is_one(make: Make) -> None:
    stack, _ = make(filestore={})
    assert "roles/file.editor" in {role for _, role in grants(stack, "project")}
    assert resource(stack)["file_storage"] == {
        "file_storage_id": "${module.filestore.anyscale_filestore_id}",
        # The control plane has no account here to look for the rest.
        "mount_targets": [{"address": "${module.filestore.anyscale_filestore_ip_addresses[0]}"}],
        "mount_path": "${module.filestore.anyscale_filestore_fileshare_name}",
    }
    assert resource(stack)["gcp_config"]["vpc_name"] == "${module.vpc.vpc_name}"


def test_registration_gets_account_zones_and_project(make: Make) -> None:
    stack, _ = make(memorystore={})
    assert resource(stack) == {
        "name": "k8s-gcp-us-central1",
        "provider": "GCP",
        "compute_stack": "K8S",
        "region": "us-central1",
        "networking_mode": "PUBLIC",
        "object_storage": {"bucket_name": "${module.cloudstorage.cloudstorage_bucket_url}"},
        "gcp_config": {
            "project_id": "acme-ml",
            "memorystore_instance_name": "${module.memorystore.anyscale_memorystore_id}",
            "memorystore_endpoint": "${module.memorystore.anyscale_memorystore_host}:"
            "${module.memorystore.anyscale_memorystore_port}",
        },
        "kubernetes_config": {
            "anyscale_operator_iam_identity": f"${{{ACCOUNT}.email}}",
            "zones": "${module.gke.zones}",
        },
    }


def test_existing_resources_are_not_created(make: Make) -> None:
    stack, operator = make(**EXISTING, enable_apis=False)
    assert not stack.get("module")
    assert {role for _, role in grants(stack, "storage_bucket")} == {
        "roles/storage.legacyBucketReader",
        "roles/storage.objectAdmin",
    }
    assert resource(stack)["kubernetes_config"]["zones"] == "${data.google_container_cluster.this.node_locations}"
    assert operator["data"]["google_container_cluster"]["this"]["location"] == "us-central1"
    assert values(operator, "anyscale-operator")["workloads"]["instanceTypes"]["additional"] == {}


def test_existing_resources_are_looked_up(make: Make) -> None:
    store = "projects/acme-data/locations/us-central1-b/instances/files"
    redis = "projects/acme-ml/locations/us-central1/instances/redis"
    stack, _ = make(**EXISTING, filestore={"instance_name": store}, memorystore={"instance_name": redis})
    (there,) = stack["data"]["google_filestore_instance"].values()
    assert (there["project"], there["location"], there["name"]) == ("acme-data", "us-central1-b", "files")
    assert resource(stack)["file_storage"] == {
        "file_storage_id": store,
        "mount_targets": [{"address": "${data.google_filestore_instance.this.networks[0].ip_addresses[0]}"}],
        "mount_path": "${data.google_filestore_instance.this.file_shares[0].name}",
    }
    assert resource(stack)["gcp_config"]["memorystore_endpoint"] == (
        "${data.google_redis_instance.this.host}:${data.google_redis_instance.this.port}"
    )


def test_an_existing_cluster_fails_before_a_key_is_in_the_state(make: Make) -> None:
    """A cluster without Workload Identity, and one on Autopilot, fail too."""
    for stack in make(**EXISTING):
        demanded = stack["data"]["google_container_cluster"]["this"]["lifecycle"]["postcondition"]
        assert [each["condition"] for each in demanded] == [
            '${self.master_auth[0].client_key == ""}',
            "${length(self.workload_identity_config) > 0}",
            "${self.enable_autopilot != true}",
        ]
    assert "lifecycle" not in make()[1]["data"]["google_container_cluster"]["this"]


def test_an_existing_cluster_has_the_configured_gpus(make: Make) -> None:
    _, operator = make(**EXISTING | {"cluster": {"cluster_name": "acme", "gpu_types": ["L4"]}})
    assert list(values(operator, "anyscale-operator")["workloads"]["instanceTypes"]["additional"]) == ["8CPU-32GB-1xL4"]


def test_gpus_can_be_in_zones_outside_of_the_clusters(make: Make) -> None:
    nodes = {"gpu_types": ["T4", "H100"], "gpu_zones": {"H100": ["us-central1-c", "us-central1-a"]}}
    stack, _ = make(cluster={"zones": ["us-central1-a", "us-central1-b"], "nodes": nodes})
    pools = {pool["name"]: pool for pool in stack["module"]["gke"]["node_pools"]}
    assert pools["spot-gpu-h100"]["node_locations"] == "us-central1-c,us-central1-a"
    assert "node_locations" not in pools["spot-gpu-t4"]
    assert resource(stack)["kubernetes_config"]["zones"] == (
        '${distinct(concat(module.gke.zones, ["us-central1-a", "us-central1-c"]))}'
    )


def test_groups_of_nodes_have_zones_labels_and_instance_types(make: Make) -> None:
    group = {"machine_type": "n2-highmem-16", "zones": ["us-central1-f"], "labels": {"example.com/memory": "high"}}
    stack, operator = make(cluster={"nodes": {"gpu_types": [], "groups": {"a": group}}})
    gke = stack["module"]["gke"]
    assert [pool["name"] for pool in gke["node_pools"]] == [
        "default",
        "ondemand-cpu",
        "ondemand-a",
        "spot-cpu",
        "spot-a",
    ]
    assert gke["node_pools_labels"] == dict.fromkeys(("ondemand-a", "spot-a"), group["labels"])
    assert gke["node_pools_taints"].keys() == {"ondemand-cpu", "ondemand-a", "spot-cpu", "spot-a"}
    assert resource(stack)["kubernetes_config"]["zones"] == '${distinct(concat(module.gke.zones, ["us-central1-f"]))}'
    types = values(operator, "anyscale-operator")["workloads"]["instanceTypes"]["additional"]
    assert types.keys() == {"2CPU-8GB-a", "4CPU-16GB-a", "8CPU-32GB-a"}


def test_gpus_can_be_in_unresolved_zones(make: Make) -> None:
    zones = [expr('element(["us-central1-a"], 0)', "string"), "us-central1-b"]
    stack, _ = make(cluster={"nodes": {"gpu_zones": {"T4": zones}}})
    pools = {pool["name"]: pool for pool in stack["module"]["gke"]["node_pools"]}
    assert pools["spot-gpu-t4"]["node_locations"] == '${element(["us-central1-a"], 0)},us-central1-b'


def test_an_unresolved_region_is_not_compared(tmp_path: Path) -> None:
    cluster = {"kms_key_name": KEY_ELSEWHERE, "zones": ["us-east1-b"]}
    GkeStack.build(App(tmp_path), "ml", config(region=VARIABLE, cluster=cluster))


@pytest.mark.parametrize(
    ("name", "project", "instance"),
    [
        ("projects/p/locations/l/instances/" + VARIABLE, "p", "${var.later}"),
        (VARIABLE, '${split("/", var.later)[1]}', '${split("/", var.later)[5]}'),
        ("${module.redis.id}", '${split("/", module.redis.id)[1]}', '${split("/", module.redis.id)[5]}'),
    ],
)
def test_existing_resources_may_have_unresolved_names(name: str, project: str, instance: str) -> None:
    found = by_full_name(name, "region")
    assert spelled((found["project"], found["name"])) == (project, instance)


def test_the_default_pool_has_a_node_in_each_zone(make: Make) -> None:
    zones = [f"us-central1-{letter}" for letter in "abcf"]
    stack, _ = make(cluster={"zones": zones, "nodes": {"max_size": 1}})
    assert stack["module"]["gke"]["node_pools"][0]["total_max_count"] == 4


def test_the_cluster_is_as_configured(make: Make) -> None:
    nodes = {"default_machine_type": "e2-standard-8", "cpu_machine_type": "n2-standard-32", "disk_size_gb": 100}
    cluster = {"release_channel": "STABLE", "labels": {"team": "ml"}, "nodes": nodes}
    stack, _ = make(vpc={"flow_logs": False}, cluster=cluster)
    gke = stack["module"]["gke"]
    assert (gke["release_channel"], gke["cluster_resource_labels"]["team"]) == ("STABLE", "ml")
    default, cpu, *_ = gke["node_pools"]
    assert (default["machine_type"], cpu["machine_type"], cpu["disk_size_gb"]) == (
        "e2-standard-8",
        "n2-standard-32",
        100,
    )
    assert stack["module"]["vpc"]["private_subnet_flow_log_config"] == {}


def test_a_cluster_in_one_zone_has_nodes_there_too(make: Make) -> None:
    stack, operator = make(**EXISTING | {"cluster": {"cluster_name": "acme", "location": "us-central1-a"}})
    assert resource(stack)["kubernetes_config"]["zones"] == (
        '${concat(["us-central1-a"], tolist(data.google_container_cluster.this.node_locations))}'
    )
    assert operator["data"]["google_container_cluster"]["this"]["location"] == "us-central1-a"


def test_an_existing_subnet_names_its_ranges(make: Make) -> None:
    stack, _ = make(vpc=VPC | {"pods_range_name": "pods", "services_range_name": "services"})
    gke = stack["module"]["gke"]
    assert (gke["subnetwork"], gke["ip_range_pods"], gke["ip_range_services"]) == ("ml", "pods", "services")


def test_a_new_project_is_known_by_its_id(make: Make) -> None:
    stack, operator = make(project={"billing_account_id": "01ABCD-234567-89EF01", "id": "acme-ray", "folder_id": "1"})
    assert stack["module"]["project"]["anyscale_project_id"] == "acme-ray"
    assert operator["data"]["google_service_account"]["operator"]["project"] == "acme-ray"


def test_your_kms_keys_encrypt_secrets(make: Make) -> None:
    key = "projects/acme-security/locations/us-central1/keyRings/anyscale/cryptoKeys/secrets"
    stack, _ = make(cluster={"kms_key_name": key, "deletion_protection": False})
    assert stack["module"]["gke"]["database_encryption"] == [{"state": "ENCRYPTED", "key_name": key}]
    assert stack["module"]["gke"]["deletion_protection"] is False


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (
            {"cluster": {"cluster_name": "acme"}},
            "cluster.cluster_name: is an existing cluster, which is in an existing VPC, but vpc is new",
        ),
        ({"vpc": VPC}, "vpc.pods_range_name: is required for a new cluster in an existing subnet"),
        (
            EXISTING | {"cluster": {"cluster_name": "acme", "location": "us-east1-b"}},
            "cluster.location: is not in the cloud's region; got 'us-east1-b'; expected us-central1 or a zone of it",
        ),
        (
            {"cluster": {"zones": ["us-east1-b"]}},
            "cluster.zones.0: is not in the cloud's region; got 'us-east1-b'",
        ),
        (
            {"cluster": {"nodes": {"gpu_zones": {"T4": ["us-east1-b"]}}}},
            "cluster.nodes.gpu_zones.T4.0: is not in the cloud's region; got 'us-east1-b'",
        ),
        (
            {"cluster": {"nodes": {"gpu_zones": {"L4": ["us-central1-b"]}}}},
            "gpu_zones.L4: is not one of gpu_types; got 'L4'; expected T4",
        ),
        ({"cluster": {"nodes": {"gpu_zones": {"T4": []}}}}, "gpu_zones.T4: has no zones"),
        ({"cluster": {"nodes": {"gpu_zones": {"T4": ["us-central1-b"] * 2}}}}, "must not have duplicate zones"),
        ({"cluster": {"zones": ["us-central1-b"] * 2}}, "must not have duplicate zones"),
        ({"cluster": {"nodes": {"cpu_machine_type": "c4a-standard-16"}}}, "with x86 processors"),
        ({"bucket": {"location": "us-east-2"}}, "must be a Google Cloud region, a multi-region"),
        (
            {"vpc": VPC | {"pods_range_name": "pods", "services_range_name": "pods"}},
            "vpc.services_range_name: is also the range for pods; got 'pods'",
        ),
        (
            {"cluster": {"kms_key_name": KEY_ELSEWHERE}},
            "cluster.kms_key_name: is not in the cloud's region; got 'europe-west4'",
        ),
        ({"modules": {"gke": {"inputs": {"name": "other"}}}}, "modules.gke.inputs.name changes only this module"),
        (
            {"filestore": {"instance_name": INSTANCE}},
            "filestore.instance_name: is an existing instance, which is connected to an existing VPC, but",
        ),
        (
            {"memorystore": {"instance_name": INSTANCE}},
            "memorystore.instance_name: is an existing instance, which is connected to",
        ),
        ({"project": NEW_PROJECT, "enable_apis": False}, "enable_apis: is false, but the project is new"),
        ({"project": NEW_PROJECT, "vpc": VPC}, "vpc.vpc_id: is an existing VPC, which cannot be in a new project"),
        (
            {"filestore": {"location": "us-east1-b"}},
            "filestore.location: is not in the cloud's region; got 'us-east1-b'",
        ),
        (
            EXISTING | {"project": NEW_PROJECT, "vpc": {}},
            "cluster.cluster_name: is an existing cluster, which cannot be in a new project",
        ),
        (
            {"project": {"billing_account_id": "01ABCD-234567-89EF01"}},
            "project.id: is required, because the operator stack",
        ),
    ],
)
def test_fails_on_conflicting_keys(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as error:
        config(**keys)
    assert says in "\n".join(map(str, found_in(error.value)))


@pytest.mark.parametrize(
    "keys",
    [
        {"cluster": {"name": VARIABLE, "kms_key_name": VARIABLE, "zones": [VARIABLE]}},
        {"service_account_name": VARIABLE},
        EXISTING | {"cluster": {"cluster_name": VARIABLE, "location": VARIABLE}},
    ],
)
def test_unresolved_values_pass(keys: dict[str, Any], tmp_path: Path) -> None:
    assert [stack.name for stack in GkeStack.build(App(tmp_path), "ml", config(**keys))] == ["ml", "ml-operator"]


def test_fails_on_a_name_that_is_too_long_for_an_account(tmp_path: Path) -> None:
    with pytest.raises(
        InputError,
        match=r"service_account_name: the name of the operator's service account must be 6.*Fix: set service_acc",
    ):
        GkeStack(App(tmp_path), "a-name-that-is-22-long", config())
