"""The GKE cloud: its two stacks, and what stands in where something exists."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from anyscale_constructs.core.app import App
from anyscale_constructs.core.expressions import expr
from anyscale_constructs.errors import InputError
from stacks.gke import GkeConfig, GkeStack

Make = Callable[..., list[dict[str, Any]]]

VPC = {"vpc_id": "projects/acme-ml/global/networks/ml", "subnet_name": "ml", "subnet_cidr": "10.20.0.0/20"}
EXISTING: dict[str, Any] = {
    "vpc": VPC,
    "bucket": {"bucket_name": "acme-shared"},
    "cluster": {"cluster_name": "acme"},
}
VARIABLE = expr("var.later", "string")
ACCOUNT = "google_service_account.operator"


def config(**config: Any) -> GkeConfig:
    common = {"region": "us-central1", "org_id": "org_1", "project": {"project_id": "acme-ml"}}
    return GkeConfig.model_validate(common | config)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Synthesizes a cloud; gives the JSON of both stacks."""

    def make(**keys: Any) -> list[dict[str, Any]]:
        app = App(tmp_path)
        stacks = GkeStack.build(app, "ml", config(**keys))
        app.synth()
        assert [stack.name for stack in stacks] == ["ml", "ml-operator"]
        return [json.loads((tmp_path / "stacks" / stack.name / "cdk.tf.json").read_text()) for stack in stacks]

    return make


def grants(stack: dict[str, Any], kind: str) -> set[tuple[str, str]]:
    """Who has which role."""
    return {(grant["member"], grant["role"]) for grant in stack["resource"][f"google_{kind}_iam_member"].values()}


def values(stack: dict[str, Any], release: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack["resource"]["helm_release"][release]["values"][0])
    return found


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


def test_the_account_may_no_more_than_it_needs(make: Make) -> None:
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


def test_it_may_use_filestore_if_there_is_one(make: Make) -> None:
    stack, _ = make(filestore={})
    assert "roles/file.editor" in {role for _, role in grants(stack, "project")}
    assert resource(stack)["file_storage"]["file_storage_id"] == "${module.filestore.anyscale_filestore_id}"
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
        },
        "kubernetes_config": {
            "anyscale_operator_iam_identity": f"${{{ACCOUNT}.email}}",
            "zones": "${module.gke.zones}",
        },
    }


def test_what_exists_is_not_made(make: Make) -> None:
    stack, operator = make(**EXISTING, enable_apis=False)
    assert not stack.get("module")
    assert {role for _, role in grants(stack, "storage_bucket")} == {
        "roles/storage.legacyBucketReader",
        "roles/storage.objectAdmin",
    }
    assert resource(stack)["kubernetes_config"]["zones"] == "${data.google_container_cluster.this.node_locations}"
    assert operator["data"]["google_container_cluster"]["this"]["location"] == "us-central1"
    assert values(operator, "anyscale-operator")["workloads"]["instanceTypes"]["additional"] == {}


def test_a_cluster_in_one_zone_has_nodes_there_too(make: Make) -> None:
    stack, operator = make(**EXISTING | {"cluster": {"cluster_name": "acme", "location": "us-central1-a"}})
    assert resource(stack)["kubernetes_config"]["zones"] == (
        '${concat(["us-central1-a"], tolist(data.google_container_cluster.this.node_locations))}'
    )
    assert operator["data"]["google_container_cluster"]["this"]["location"] == "us-central1-a"


def test_a_subnet_that_is_there_names_its_ranges(make: Make) -> None:
    stack, _ = make(vpc=VPC | {"pods_range_name": "pods", "services_range_name": "services"})
    gke = stack["module"]["gke"]
    assert (gke["subnetwork"], gke["ip_range_pods"], gke["ip_range_services"]) == ("ml", "pods", "services")


def test_a_new_project_is_known_by_its_id(make: Make) -> None:
    stack, operator = make(project={"billing_account_id": "01ABCD-234567-89EF01", "id": "acme-ray", "folder_id": "1"})
    assert stack["module"]["project"]["anyscale_project_id"] == "acme-ray"
    assert operator["data"]["google_service_account"]["operator"]["project"] == "acme-ray"


@pytest.mark.parametrize(
    ("cluster", "endpoint"),
    [
        ({}, "private_cluster_config[0].private_endpoint"),
        ({"public_access_cidrs": ["203.0.113.0/24"]}, "endpoint"),
        ({"cluster_name": "acme"}, "endpoint"),
        ({"cluster_name": "acme", "private_endpoint": True}, "private_cluster_config[0].private_endpoint"),
    ],
)
def test_the_second_stack_reaches_the_api_from_where_it_is(cluster: dict[str, Any], endpoint: str, make: Make) -> None:
    stack, operator = make(cluster=cluster, vpc=VPC if "cluster_name" in cluster else {})
    (helm,), (kubernetes,) = operator["provider"]["helm"], operator["provider"]["kubernetes"]
    assert helm["kubernetes"] == kubernetes
    assert kubernetes["host"] == f"https://${{data.google_container_cluster.this.{endpoint}}}"
    assert kubernetes["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert "token" not in kubernetes
    assert "module." not in json.dumps(operator)
    networks = stack.get("module", {}).get("gke", {}).get("master_authorized_networks")
    assert (networks is not None) == ("public_access_cidrs" in cluster)


def test_the_operator_is_who_was_registered(make: Make) -> None:
    _, operator = make()
    assert operator["data"]["google_service_account"]["operator"]["account_id"] == "ml-operator"
    assert values(operator, "anyscale-operator")["global"] == {
        "cloudDeploymentId": "${var.cloud_resource_id}",
        "cloudProvider": "gcp",
        "auth": {"iamIdentity": "${data.google_service_account.operator.email}"},
    }


def test_gke_brings_what_eks_lacks(make: Make) -> None:
    _, operator = make()
    assert sorted(operator["resource"]["helm_release"]) == ["anyscale-gateway", "anyscale-operator", "envoy-gateway"]


@pytest.mark.parametrize(
    ("mode", "annotations"),
    [("PUBLIC", {}), ("PRIVATE", {"networking.gke.io/load-balancer-type": "Internal"})],
)
def test_the_load_balancer_is_where_users_are(mode: str, annotations: dict[str, str], make: Make) -> None:
    _, operator = make(networking_mode=mode)
    assert values(operator, "anyscale-gateway")["annotations"] == annotations
    assert values(operator, "anyscale-operator")["networking"]["gateway"]["ip"].endswith("ingress[0].ip}")


def test_each_gpu_has_its_shapes(make: Make) -> None:
    _, operator = make(cluster={"nodes": {"gpu_types": ["T4", "H100-MEGA"]}})
    shapes = values(operator, "anyscale-operator")["workloads"]["instanceTypes"]["additional"]
    assert sorted(shapes) == ["64CPU-256GB-8xH100-MEGA", "8CPU-32GB-1xH100-MEGA"]


def test_keys_of_ones_own_encrypt_secrets(make: Make) -> None:
    key = "projects/acme-security/locations/us-central1/keyRings/anyscale/cryptoKeys/secrets"
    stack, _ = make(cluster={"kms_key_name": key, "deletion_protection": False})
    assert stack["module"]["gke"]["database_encryption"] == [{"state": "ENCRYPTED", "key_name": key}]
    assert stack["module"]["gke"]["deletion_protection"] is False


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"cluster": {"cluster_name": "acme"}}, "but vpc would be new. To mend it: name the cluster's VPC"),
        ({"vpc": VPC}, "vpc.pods_range_name and vpc.services_range_name are for a new cluster"),
        (
            EXISTING | {"cluster": {"cluster_name": "acme", "location": "us-east1-b"}},
            "cluster: us-east1-b is not in the cloud's region, us-central1",
        ),
        ({"cluster": {"zones": ["us-east1-b"]}}, "cluster: us-east1-b is not in the cloud's region, us-central1"),
        ({"filestore": {"location": "us-east1-b"}}, "filestore.location us-east1-b is not in the cloud's region"),
        (
            EXISTING | {"project": {"billing_account_id": "01ABCD-234567-89EF01", "id": "acme-ml"}},
            "project is new, so cluster.cluster_name can't be in it",
        ),
        ({"project": {"billing_account_id": "01ABCD-234567-89EF01"}}, "project.id is not set"),
    ],
)
def test_fails_on_what_does_not_fit_together(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as error:
        config(**keys)
    assert says in str(error.value)


@pytest.mark.parametrize(
    "keys",
    [
        {"cluster": {"name": VARIABLE, "kms_key_name": VARIABLE, "zones": [VARIABLE]}},
        {"service_account_name": VARIABLE},
        EXISTING | {"cluster": {"cluster_name": VARIABLE, "location": VARIABLE}},
    ],
)
def test_what_only_terraform_knows_passes(keys: dict[str, Any], tmp_path: Path) -> None:
    assert [stack.name for stack in GkeStack.build(App(tmp_path), "ml", config(**keys))] == ["ml", "ml-operator"]


def test_fails_on_a_name_that_is_too_long_for_an_account(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the operator's account: must be 6 to 30.*choose service_account_name"):
        GkeStack(App(tmp_path), "a-name-that-is-22-long", config())


def test_with_terraforms_registration_the_second_stack_reads_the_id(make: Make) -> None:
    stack, operator = make(registration="terraform")
    waits = stack["resource"]["anyscale_cloud_resource"]["cloud_resource"]["depends_on"]
    assert {"module.gke", "google_project_iam_member.operator_logging_logWriter"} <= set(waits)
    assert "variable" not in operator
    assert stack["module"]["gke"]["cluster_resource_labels"]["anyscale-cloud-id"] == "${lower(anyscale_cloud.cloud.id)}"
