"""The examples on AWS, adapted to an emulated account: existing resources are created first, the state is local."""

import copy
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests import ROOT, before
from tests.e2e.account import ACCOUNT_ID, EmulatedAccount
from tests.e2e.control_plane import ORG_ID
from tests.e2e.lifecycle import Cloud, Synth
from tests.e2e.plugins import OLD_S3, Plugins
from tests.e2e.report import StepFailedError
from tests.examples import CLOUDS

WHOLE = {"everything"}
"""The examples that go through all steps."""
BRIEF = {"regulated", "eks"}
"""The examples that start as new clouds, and are neither updated nor ejected."""

_TAG = {"e2e": "updated"}
_RANGE = "192.0.2.0/24"
_MAX_SIZE = 7


def clouds(plugins: Plugins, work: Path, names: Collection[str] = (), release: Path | None = None) -> list[Cloud]:
    """Returns examples that the command registers.

    Args:
        plugins: The source of Terraform's providers.
        work: A directory for synthesized stacks.
        names: The names of the examples, which go through all steps. Default: `WHOLE` and `BRIEF`.
        release: The tree of the commit that existing clouds were created with. Default: every cloud is new.
    """
    found = []
    for name, config in registered().items():
        if name in (names or WHOLE | BRIEF):
            brief = not names and name in BRIEF
            cloud = _cloud(name, config, plugins, work / "synth" / name, None if brief else release)
            found.append(replace(cloud, update=None, ejected=False) if brief else cloud)
    return found


def registered() -> dict[str, dict[str, Any]]:
    """Returns the configurations of the examples on AWS that the command registers, by name."""
    configs = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in CLOUDS}
    return {
        name: config
        for name, config in configs.items()
        if config["stack"] in {"ec2", "eks"} and config.get("registration") != "terraform"
    }


def _cloud(name: str, config: dict[str, Any], plugins: Plugins, work: Path, release: Path | None) -> Cloud:
    made: dict[str, Any] = {}
    file = release / before.CLOUDS / f"{name}.yaml" if release else None
    existing = yaml.safe_load(file.read_text(encoding="utf-8")) if file and file.exists() else {}

    def of_existing(tree: Path, folder: Path) -> Synth:
        return lambda account: synthesize(name, _appliable(name, existing, plugins, account), folder, tree)

    def first(account: EmulatedAccount) -> Path:
        made.update(_appliable(name, config, plugins, account))
        return synthesize(name, made, work / "first")

    updated, patterns = _update(config)
    return Cloud(
        name=name,
        synth=first,
        before=of_existing(release, work / "before") if release and existing else None,
        upgraded=of_existing(ROOT, work / "upgraded") if existing not in ({}, config) else None,
        update=lambda _: synthesize(name, updated(made), work / "updated"),
        changes=patterns,
        region=config["region"],
        name_prefix=config["name_prefix"] if config.get("prefix_all_names") else "",
        variables={"memorydb_passwords": '{"anyscale": ["a-password-of-16"]}'} if _has_users(config) else {},
    )


def _appliable(name: str, config: dict[str, Any], plugins: Plugins, account: EmulatedAccount) -> dict[str, Any]:
    """Returns the example in an account, without anything that only its owner has."""
    config = {key: value for key, value in config.items() if key not in {"backend", "mirror"}}
    config |= {"org_id": ORG_ID}
    if config["stack"] == "ec2":
        config |= {"external_id": f"{ORG_ID}-{name}"}
    return with_existing_resources(config, plugins, account)


def with_existing_resources(config: dict[str, Any], plugins: Plugins, account: EmulatedAccount) -> dict[str, Any]:
    """Returns a configuration whose existing resources are created in an account.

    Args:
        config: A cloud's configuration.
        plugins: The source of Terraform's providers.
        account: The account.
    """
    config = copy.deepcopy(config)
    new_bucket = "bucket_name" not in config.get("bucket", {})
    if new_bucket and plugins.only_aws_5:
        config.setdefault("modules", {}).setdefault("s3", {})["ref"] = OLD_S3
    if "kms_key_arn" in config:
        config["kms_key_arn"] = account.key()
    if "vpc_id" in config.get("vpc", {}):
        zones = list(config["vpc"]["subnet_ids_to_az"].values())
        vpc, subnets = account.network("10.0.0.0/16", [f"10.0.{16 * index}.0/20" for index in range(len(zones))])
        tables = config["vpc"].get("s3_endpoint_route_table_ids", [])
        config["vpc"] = {"vpc_id": vpc, "subnet_ids_to_az": account.zones(subnets)}
        if tables:
            config["vpc"]["s3_endpoint_route_table_ids"] = [account.route_table(vpc, subnet) for subnet in subnets]
        if "efs_id" in config.get("efs", {}):
            group = account.security_group(vpc, "efs")
            config["efs"] = {"efs_id": account.file_system(subnets, group), "security_group_id": group}
        if "cluster_name" in config.get("memorydb", {}):
            group = account.security_group(vpc, "memorydb")
            account.memorydb(config["memorydb"]["cluster_name"], subnets, group)
            config["memorydb"]["security_group_id"] = group
        if "cluster_name" in config.get("cluster", {}):
            account.cluster(config["cluster"]["cluster_name"], subnets)
            account.role(config["cluster"]["node_role_name"], "ec2.amazonaws.com")
    if not new_bucket:
        account.bucket(config["bucket"]["bucket_name"])
    if "allowed_account_ids" in config.get("provider", {}):
        config["provider"]["allowed_account_ids"] = [ACCOUNT_ID]
    if "permissions_boundary_arn" in config.get("iam", {}):
        config["iam"]["permissions_boundary_arn"] = f"arn:aws:iam::{ACCOUNT_ID}:policy/boundary"
    return config


def _update(config: dict[str, Any]) -> tuple[Callable[[dict[str, Any]], dict[str, Any]], tuple[str, ...]]:
    """A change of tags and of something else in the YAML, and the changed addresses."""
    if "cluster_name" in config.get("cluster", {}):
        return lambda made: made | {"tags": _TAG}, ("aws_iam_role.*", "module.iam.aws_iam_policy.*")
    new_efs = "efs" in config and "efs_id" not in config["efs"]
    tagged, address = ("efs", "module.efs.aws_efs_*") if new_efs else ("bucket", "module.s3.aws_s3_bucket.*")

    def updated(made: dict[str, Any]) -> dict[str, Any]:
        changed = copy.deepcopy(made)
        section = changed.setdefault(tagged, {})
        section["tags"] = section.get("tags", {}) | _TAG
        if config["stack"] == "eks":
            changed["cluster"].setdefault("nodes", {})["max_size"] = _MAX_SIZE
            return changed
        group = changed["security_group"]
        if "ingress_rules" in group:
            group["ingress_rules"][0]["cidr_blocks"] = [_RANGE]
        else:
            group["ingress_cidr_blocks"] = [_RANGE]
        return changed

    if config["stack"] == "eks":
        return updated, (address, "module.eks.module.eks_managed_node_group*.aws_eks_node_group.this*")
    return updated, (address, "module.securitygroups.aws_security_group_rule.ingress_from_*")


def _has_users(config: dict[str, Any]) -> bool:
    return bool(config.get("memorydb", {}).get("users"))


def synthesize(name: str, config: dict[str, Any], work: Path, tree: Path = ROOT) -> Path:
    """Returns the directory of the stack that a version of the library synthesizes from a cloud's configuration.

    Args:
        name: The cloud's name.
        config: Its configuration.
        work: A directory for it.
        tree: The library's checkout. Default: this one.

    Raises:
        StepFailedError: The synthesis failed.
    """
    folder = work / "clouds"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    if wrong := before.synthesize(tree, folder, work / "out"):
        raise StepFailedError(wrong)
    return work / "out" / "stacks" / name
