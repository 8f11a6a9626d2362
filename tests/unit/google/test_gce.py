"""The GCE stack: upstream's nine scenarios from YAML, its outputs, and its errors."""

import pathlib
import re
from typing import Any

import pytest
import yaml

from anyscale_constructs.clouds import GceConfig, GceStack
from anyscale_constructs.config.document import Document
from anyscale_constructs.errors import ConfigError, ConstructsError
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.terraform.app import App
from tests import spelled

COMMON = """
stack: gce
region: us-central1
org_id: org_1234AbCd
"""
EXISTING_PROJECT = "project: {project_id: acme-ml}\n"
EXISTING_VPC = "vpc: {vpc_id: projects/acme-ml/global/networks/ml, subnet_name: ml, subnet_cidr: 10.20.0.0/20}"
NEW_PROJECT = 'project: {billing_account_id: 01ABCD-234567-89EF01, folder_id: "123456789012"}\n'
OPEN = "firewall: {ingress_cidr_blocks: [203.0.113.0/24]}\n"
PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/anyscale/providers/anyscale"
ALL = "project cloudapis vpc vpc_firewall iam cloudstorage filestore memorystore loggingsink"

# The YAML of each scenario, and the modules that it calls.
SCENARIOS = {
    "new project": (
        NEW_PROJECT + OPEN + "filestore: {}",
        "project cloudapis vpc vpc_firewall iam cloudstorage filestore",
    ),
    "existing project": (EXISTING_PROJECT + OPEN, "cloudapis vpc vpc_firewall iam cloudstorage"),
    "common name with a proxy subnet": (
        NEW_PROJECT
        + OPEN
        + "name_prefix: anyscale-tf-\nvpc: {subnet_cidr: 172.25.96.0/20, proxy_subnet_cidr: 172.25.112.0/22}\n"
        "iam: {cluster_node_logging: true}",
        "project cloudapis vpc vpc_firewall iam cloudstorage",
    ),
    "existing identity federation": (
        EXISTING_PROJECT + OPEN + f"iam: {{identity_provider: {{provider_name: {PROVIDER}}}}}",
        "cloudapis vpc vpc_firewall iam cloudstorage",
    ),
    "everything": (NEW_PROJECT + OPEN + "filestore: {}\nmemorystore: {}\nlogging_sink: {}", ALL),
    "no filestore": (NEW_PROJECT + OPEN + "memorystore: {}", ALL.replace(" filestore", "").replace(" loggingsink", "")),
    "private network": (
        NEW_PROJECT
        + OPEN
        + "networking_mode: PRIVATE\nvpc: {subnet_cidr: 172.26.96.0/20, proxy_subnet_cidr: 192.168.0.0/22}\n"
        "filestore: {}\nmemorystore: {}",
        ALL.replace(" loggingsink", ""),
    ),
    "existing VPC": (
        EXISTING_PROJECT + "networking_mode: PRIVATE\nfilestore: {}\nfirewall: {firewall_policy_name: ml}\n"
        "vpc: {vpc_id: projects/acme-ml/global/networks/ml, subnet_name: ml, subnet_cidr: 10.20.0.0/20, "
        "connect_mode: PRIVATE_SERVICE_ACCESS}",
        "cloudapis iam cloudstorage filestore",
    ),
    "shared VPC": (
        EXISTING_PROJECT + OPEN + "filestore: {}\nmemorystore: {}\n"
        "vpc: {vpc_id: projects/acme-network/global/networks/shared, subnet_name: ml, subnet_cidr: 10.20.0.0/20}",
        "cloudapis vpc_firewall iam cloudstorage filestore memorystore",
    ),
}
EXISTING_EVERYTHING = f"""
project: {{project_id: acme-ml}}
networking_mode: PRIVATE
vpc: {{vpc_id: projects/acme-network/global/networks/shared, subnet_name: ml, subnet_cidr: 10.20.0.0/20}}
firewall: {{firewall_policy_name: ml}}
bucket: {{bucket_name: acme-anyscale}}
iam:
  anyscale_service_account_email: access@acme-ml.iam.gserviceaccount.com
  cluster_service_account_email: node@acme-ml.iam.gserviceaccount.com
  provider_name: {PROVIDER}
filestore: {{instance_name: projects/acme-ml/locations/us-central1-b/instances/ml}}
memorystore: {{instance_name: projects/acme-ml/locations/us-central1/instances/ml}}
"""


def made(text: str, tmp_path: pathlib.Path) -> GceStack:
    file = tmp_path / "ml.yaml"
    file.write_text(COMMON + text)
    return GceStack(App(tmp_path / "out"), "ml", Document(file).parse(GceConfig))


@pytest.mark.parametrize(("text", "modules"), SCENARIOS.values(), ids=SCENARIOS)
def test_a_configuration_has_the_expected_modules(text: str, modules: str, tmp_path: pathlib.Path) -> None:
    stack = made(text, tmp_path)
    stack.prepare()
    assert list(stack.modules) == modules.split()


@pytest.mark.parametrize(("text", "_"), SCENARIOS.values(), ids=SCENARIOS)
def test_all_resources_in_the_project_wait_for_its_services(text: str, _: str, tmp_path: pathlib.Path) -> None:
    stack = made(text, tmp_path)
    waiting = [module for name, module in stack.modules.items() if name not in {"project", "cloudapis"}]
    assert [stack.modules["cloudapis"] in module.depends_on_modules for module in waiting] == [True] * len(waiting)


def test_the_provider_does_not_depend_on_a_new_project(tmp_path: pathlib.Path) -> None:
    new, existing = made(NEW_PROJECT, tmp_path), made(EXISTING_PROJECT, tmp_path)
    providers = [next(iter(stack.to_terraform()["provider"]["google"])) for stack in (new, existing)]
    assert providers == [{"region": "us-central1"}, {"project": "acme-ml", "region": "us-central1"}]


@pytest.mark.parametrize(
    ("text", "services"),
    [
        ("memorystore: {}", ["redis.googleapis.com"]),
        ("iam: {cluster_node_logging: true}", ["logging.googleapis.com", "monitoring.googleapis.com"]),
        ("logging_sink: {}", ["logging.googleapis.com"]),
        (f"memorystore: {{instance_name: projects/p/locations/us-central1/instances/r}}\n{EXISTING_VPC}", None),
    ],
)
def test_resources_enable_their_apis(text: str, services: list[str] | None, tmp_path: pathlib.Path) -> None:
    stack = made(EXISTING_PROJECT + text, tmp_path)
    assert stack.modules["cloudapis"].rendered.get("anyscale_activate_optional_apis") == services


def test_apis_can_be_enabled_elsewhere(tmp_path: pathlib.Path) -> None:
    stack = made(EXISTING_PROJECT + "enable_apis: false", tmp_path)
    assert list(stack.modules) == ["vpc", "vpc_firewall", "iam", "cloudstorage"]


def test_labels_are_in_lower_case_and_configured_ones_take_precedence(tmp_path: pathlib.Path) -> None:
    stack = made(
        EXISTING_PROJECT + "deploy_environment: Staging\nlabels: {team: ml, tier: a}\nbucket: {labels: {tier: b}}",
        tmp_path,
    )
    assert stack.modules["cloudstorage"].rendered["labels"] == {
        "anyscale-org-id": "org_1234abcd",
        "anyscale-deploy-environment": "staging",
        "tf_module": "anyscale-constructs",
        "team": "ml",
        "tier": "b",
    }
    assert stack.modules["iam"].rendered["anyscale_org_id"] == "org_1234AbCd"


def test_outputs_have_the_names_of_upstreams_root_module(tmp_path: pathlib.Path) -> None:
    stack = made(SCENARIOS["everything"][0], tmp_path)
    accounts = [f"iam_anyscale_{who}_service_acct" for who in ("access", "cluster_node")]
    federation = [f"iam_workload_identity_{what}" for what in ("pool", "provider")]
    assert set(stack.outputs) == {
        "anyscale_org_id",
        "project_name",
        "project_id",
        *(f"vpc_{part}" for part in ("name", "id", "selflink")),
        *(f"{kind}_subnet_{part}" for kind in ("public", "private") for part in ("name", "id", "cidr", "region")),
        *(f"vpc_firewall_{part}" for part in ("policy_name", "id", "selflink")),
        *(f"cloudstorage_bucket_{part}" for part in ("name", "selflink", "url")),
        *(f"filestore_{part}" for part in ("name", "id", "location", "fileshare_name", "ip_addresses")),
        *(f"{account}_{part}" for account in accounts for part in ("id", "name", "email", "unique_id")),
        *(f"{part}_{kind}" for part in federation for kind in ("id", "name")),
        *(f"memorystore_{part}" for part in ("id", "host", "port", "region", "current_location_id")),
        "anyscale_cloud_name",
        "anyscale_cloud_resource",
    }
    # Upstream's root module reads outputs that its modules lack, and returns "" for these three.
    assert spelled(stack.outputs["vpc_firewall_id"]) == "${module.vpc_firewall.vpc_firewall_policy_id}"
    assert spelled(stack.outputs["vpc_firewall_selflink"]) == "${module.vpc_firewall.vpc_firewall_policy_selflink}"
    assert (
        spelled(stack.outputs["memorystore_current_location_id"])
        == "${module.memorystore.anyscale_memorystore_current_location_id}"
    )


def test_outputs_are_inputs_if_everything_exists(tmp_path: pathlib.Path) -> None:
    stack = made(EXISTING_EVERYTHING, tmp_path)
    assert list(stack.modules) == ["cloudapis"]
    resource = stack.outputs["anyscale_cloud_resource"]
    assert resource == {
        "name": "vm-gcp-us-central1",
        "provider": "GCP",
        "compute_stack": "VM",
        "region": "us-central1",
        "networking_mode": "PRIVATE",
        "object_storage": {"bucket_name": "gs://acme-anyscale"},
        "file_storage": {"file_storage_id": "projects/acme-ml/locations/us-central1-b/instances/ml"},
        "gcp_config": {
            "project_id": "acme-ml",
            "host_project_id": "acme-network",
            "provider_name": PROVIDER,
            "vpc_name": "shared",
            "subnet_names": ["ml"],
            "firewall_policy_names": ["ml"],
            "anyscale_service_account_email": "access@acme-ml.iam.gserviceaccount.com",
            "cluster_service_account_email": "node@acme-ml.iam.gserviceaccount.com",
            "memorystore_instance_name": "projects/acme-ml/locations/us-central1/instances/ml",
        },
    }
    assert CloudResource.read(resource).mapping() == resource


@pytest.mark.parametrize(("text", "_"), SCENARIOS.values(), ids=SCENARIOS)
def test_the_resource_file_has_full_names_and_plain_references(text: str, _: str, tmp_path: pathlib.Path) -> None:
    resource = yaml.safe_dump(spelled(made(text, tmp_path).outputs["anyscale_cloud_resource"]))
    assert not re.search(r"\$\{[^}]*\}\S|[^\s'-]\$\{", resource.replace("'", "")), resource
    assert "null" not in resource


def test_new_accounts_get_access_to_an_existing_bucket(tmp_path: pathlib.Path) -> None:
    stack = made(EXISTING_PROJECT + "bucket: {bucket_name: acme-anyscale}", tmp_path)
    grants = stack.to_terraform()["resource"]["google_storage_bucket_iam_member"].values()
    assert sorted((grant["member"], grant["role"]) for grant in grants) == [
        ("${module.iam.iam_anyscale_access_service_acct_member}", "roles/storage.legacyBucketReader"),
        ("${module.iam.iam_anyscale_access_service_acct_member}", "roles/storage.objectAdmin"),
        ("${module.iam.iam_anyscale_cluster_node_service_acct_member}", "roles/storage.legacyBucketReader"),
        ("${module.iam.iam_anyscale_cluster_node_service_acct_member}", "roles/storage.objectAdmin"),
    ]
    assert {grant["bucket"] for grant in grants} == {"acme-anyscale"}


def test_lifecycle_rules_become_strings(tmp_path: pathlib.Path) -> None:
    rule = "{action: {type: Delete}, condition: {age: 30, matches_prefix: [logs/, tmp/]}}"
    stack = made(EXISTING_PROJECT + f"bucket: {{lifecycle_rules: [{rule}]}}", tmp_path)
    assert stack.modules["cloudstorage"].rendered["lifecycle_rules"] == [
        {"action": {"type": "Delete"}, "condition": {"age": "30", "matches_prefix": "logs/,tmp/"}}
    ]


REFUSED: dict[str, Any] = {
    "no project": ("", "project: is required"),
    "AWS's key": (EXISTING_PROJECT + "tags: {team: ml}", "unknown key 'tags': the closest matches are"),
    "AWS's region": (EXISTING_PROJECT.replace("project:", "region: us-east-1\nproject:"), "is set twice"),
    "project number": ("project: {project_id: '123456789012'}", "a project ID, which begins with a letter"),
    "capital letters in a label": (EXISTING_PROJECT + "labels: {Team: ml}", "labels.Team"),
    "reserved prefix": (EXISTING_PROJECT + "name_prefix: gcp-ml-", "not with gcp- or goog"),
    "subnet that is no network": (EXISTING_PROJECT + "vpc: {subnet_cidr: 10.0.0.1/16}", "vpc.*subnet_cidr"),
    "small subnet": (
        EXISTING_PROJECT + "vpc: {subnet_cidr: 10.0.0.0/25}",
        "module.vpc: the nodes' subnet is too small",
    ),
    "one name of two": (
        EXISTING_PROJECT + "iam: {cluster_service_account_name: acme-node}",
        "is set without anyscale_access_service_acct_name",
    ),
    "existing accounts without a provider": (
        EXISTING_PROJECT + "iam: {anyscale_service_account_email: a@acme-ml.iam.gserviceaccount.com}",
        "provider_name: is required",
    ),
    "Filestore that is too small": (
        EXISTING_PROJECT + "filestore: {capacity_gb: 100}",
        "the tier STANDARD does not offer",
    ),
    "two equal rules": (
        EXISTING_PROJECT + "firewall:\n  ingress_rules:\n"
        "    - {rule: ssh-tcp, cidr_blocks: [10.0.0.0/8]}\n    - {rule: ssh-tcp, cidr_blocks: [11.0.0.0/8]}",
        "the same priority",
    ),
}


@pytest.mark.parametrize(("text", "says"), REFUSED.values(), ids=REFUSED)
def test_fails_with_one_clear_message(text: str, says: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConstructsError, match=says):
        made(text, tmp_path)


def test_fails_on_a_misspelt_key_with_its_line(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"vpc.subnet: unknown key 'subnet': did you mean") as error:
        made(EXISTING_PROJECT + "vpc: {vpc_id: projects/acme-ml/global/networks/ml, subnet: ml}", tmp_path)
    assert [str(each.place).rpartition("/")[2] for each in error.value.findings] == ["ml.yaml:6:52", "ml.yaml:6:1"]
