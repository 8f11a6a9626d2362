"""Upstream's examples of its root module, applied unchanged, and clouds of this library that adopt them."""

import copy
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e.account import EmulatedAccount
from tests.e2e.control_plane import ORG_ID
from tests.e2e.examples import synthesize
from tests.e2e.lifecycle import Cloud
from tests.e2e.plugins import OLD_S3, Plugins

_REPOSITORY = "anyscale/terraform-aws-anyscale-cloudfoundation-modules"
_REGION = "us-east-2"
_CALL = "example"
_RANGE = ["203.0.113.0/24", "198.51.100.0/24"]
_BUCKET = "e2e-anyscale-kitchensink"
_SECRET = f"arn:aws:secretsmanager:{_REGION}:444455556666:secret:registry-AbCdEf"
_PRIVATE = ["172.24.101.0/24", "172.24.102.0/24", "172.24.103.0/24"]
_PUBLIC = ["172.24.21.0/24", "172.24.22.0/24", "172.24.23.0/24"]


class Example(NamedTuple):
    """One of upstream's examples.

    Attributes:
        folder: The example's directory.
        call: The name of the call of the root module.
        variables: The values of its variables.
        config: The configuration of the cloud that adopts it.
        registered: Whether it must be registered first, because its external ID is the cloud's ID.
    """

    folder: str
    call: str
    variables: Mapping[str, Any]
    config: Mapping[str, Any]
    registered: bool = False


EXAMPLES = {
    "adopted": Example(
        "anyscale-v2",
        "aws_anyscale_v2",
        {"customer_ingress_cidr_ranges": ",".join(_RANGE), "anyscale_cloud_id": "cld_e2e0001"},
        {
            "cloud_id": "cld_e2e0001",
            "external_id": "cld_e2e0001",
            "vpc": {"cidr_block": "172.24.0.0/16", "public_subnets": _PRIVATE},
            "security_group": {"ingress_cidr_blocks": _RANGE},
            "efs": {},
        },
        registered=True,
    ),
    "adopted-everything": Example(
        "anyscale-v2-kitchensink",
        "aws_anyscale_v2_kitchen_sink",
        {
            "customer_ingress_cidr_ranges": ",".join(_RANGE),
            "s3_bucket_name": _BUCKET,
            "anyscale_org_id": ORG_ID,
            "anyscale_external_id": "kitchensink",
            "anyscale_cluster_node_byod_secret_arns": [_SECRET],
        },
        {
            "external_id": f"{ORG_ID}-kitchensink",
            "networking_mode": "PRIVATE",
            "name_prefix": "anyscale-kitchensink-",
            "vpc": {"cidr_block": "172.24.0.0/16", "public_subnets": _PUBLIC, "private_subnets": _PRIVATE},
            "security_group": {
                "ingress_rules": [
                    {"rule": "https-443-tcp", "cidr_blocks": _PRIVATE},
                    {"rule": "nfs-tcp", "cidr_blocks": ["172.24.0.0/16"]},
                    {"rule": "ssh-tcp", "cidr_blocks": _PRIVATE},
                ],
                "machine_pool_cidr_ranges": ["172.24.201.0/24", "172.24.202.0/24"],
            },
            "bucket": {
                "name": _BUCKET,
                "lifecycle_rules": [
                    {
                        "id": "log",
                        "enabled": True,
                        "filter": {"prefix": "log1/"},
                        "transition": [
                            {"days": 30, "storage_class": "ONEZONE_IA"},
                            {"days": 60, "storage_class": "GLACIER"},
                        ],
                        "noncurrent_version_transition": [{"days": 30, "storage_class": "STANDARD_IA"}],
                    }
                ],
            },
            "iam": {
                "cluster_node_role_name": "anyscale-tf-cluster-node-role",
                "cluster_node_secret_arns": [_SECRET],
            },
            "efs": {},
            "memorydb": {"name": "anyscale-kitchensink-memorydb"},
            "modules": {
                "securitygroups": {"inputs": {"security_group_name_prefix": "anyscale-kitchensink-sg-"}},
                "iam": {
                    "inputs": {"anyscale_cluster_node_byod_secrets_policy_name": "anyscale-tf-byod-secrets-policy"}
                },
                "memorydb": {
                    "inputs": {
                        "anyscale_memorydb_description": "MemoryDB for Anyscale Services",
                        "memorydb_parameter_group_name_prefix": "anyscale-ks-pg-",
                        "memorydb_parameter_group_description": "MemoryDB Parameter Group for Anyscale Services",
                        "memorydb_subnet_group_name": "anyscale-ks-sg",
                        "memorydb_subnet_group_description": "MemoryDB Subnet Group for Anyscale Services",
                    }
                },
            },
        },
    ),
}


def adopted(plugins: Plugins, work: Path, names: Collection[str] = ()) -> list[Cloud]:
    """Returns the clouds that adopt upstream's examples.

    Args:
        plugins: The source of Terraform's providers.
        work: A directory for synthesized stacks.
        names: The names of the examples. Default: the one with all modules.
    """
    wanted = names or {"adopted-everything"}
    return [_cloud(name, each, plugins, work / name) for name, each in EXAMPLES.items() if name in wanted]


def _cloud(name: str, example: Example, plugins: Plugins, work: Path) -> Cloud:
    config = {"stack": "ec2", "region": _REGION, "org_id": ORG_ID, **copy.deepcopy(example.config)}
    config["adopt"] = {"module": f"module.{_CALL}.module.{example.call}"}
    if plugins.only_aws_5:
        config.setdefault("modules", {})["s3"] = {"ref": OLD_S3}

    def upstream(_: EmulatedAccount) -> Path:
        ours = json.loads((synthesize(name, config, work / "state") / "cdk.tf.json").read_text(encoding="utf-8"))
        ref = OLD_S3 if plugins.only_aws_5 else "v0.40.1"
        source = f"git::https://github.com/{_REPOSITORY}.git//examples/{example.folder}?ref={ref}"
        required = {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}}
        tree = {
            "terraform": {"backend": ours["terraform"]["backend"], "required_providers": required},
            "provider": {"aws": {"region": _REGION}},
            "module": {_CALL: {"source": source, "aws_region": _REGION, **example.variables}},
        }
        folder = work / "upstream" / "stacks" / name
        folder.mkdir(parents=True)
        (folder / "cdk.tf.json").write_text(json.dumps(tree), encoding="utf-8")
        return folder

    return Cloud(
        name=name,
        synth=lambda _: synthesize(name, config, work / "ours"),
        before=upstream,
        region=_REGION,
        registered=example.registered,
        ejected=False,
    )
