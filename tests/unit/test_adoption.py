"""Moves, imports, and clouds that Anyscale's root module created."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.aws import S3
from anyscale_constructs.clouds import Ec2Config, Ec2Stack, GenericConfig, GenericStack
from anyscale_constructs.config.document import Document
from anyscale_constructs.errors import ConfigError, SynthesisError
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.adoption import load_root
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.move_blocks import adopted
from anyscale_constructs.terraform.moves import Import, Moved
from tests.examples import FOLDER

Synth = Callable[..., tuple[dict[str, Any], str, list[Finding]]]

AT = "module.aws_anyscale_v2"
ADOPTED: Mapping[str, Any] = {
    "external_id": "org_1-prod",
    "vpc": {"cidr_block": "10.0.0.0/16", "public_subnets": ["10.0.0.0/19", "10.0.32.0/19"]},
    "efs": {},
    "memorydb": {},
    "adopt": {"module": "aws_anyscale_v2"},
}


@pytest.fixture
def synth(tmp_path: Path) -> Synth:
    """Synthesizes a cloud; returns its JSON, its versions.tf and its findings."""

    def synth(**config: Any) -> tuple[dict[str, Any], str, list[Finding]]:
        app = App(tmp_path)
        required = {"region": "us-east-2", "org_id": "org_1"}
        stack = Ec2Stack(app, "prod", Ec2Config.model_validate(required | config))
        app.synth()
        folder = tmp_path / "stacks" / "prod"
        return json.loads((folder / "cdk.tf.json").read_text()), (folder / "versions.tf").read_text(), stack.findings

    return synth


def said(findings: list[Finding], rule: str) -> list[str]:
    return [each.on[0] if each.on else each.what for each in findings if each.rule and each.rule.id == rule]


def test_moves_and_imports_are_blocks(synth: Synth) -> None:
    _, versions, _ = synth(
        moved=[
            Moved(source="module.network", to="module.vpc"),
            {"from": "aws_iam_role.a", "to": "module.iam.aws_iam_role.b[0]"},
        ],
        **{"import": [{"to": 'module.s3.aws_s3_bucket.b["x"]', "id": "a-${b}"}]},
    )
    assert "moved {\n  from = module.network\n  to = module.vpc\n}" in versions
    assert "moved {\n  from = aws_iam_role.a\n  to = module.iam.aws_iam_role.b[0]\n}" in versions
    assert 'import {\n  id = "a-$${b}"\n  to = module.s3.aws_s3_bucket.b["x"]\n}' in versions


def test_each_stack_of_a_cloud_has_its_own(tmp_path: Path) -> None:
    app = App(tmp_path)
    cloud = Document(FOLDER / "generic.yaml").data
    config = GenericConfig.model_validate(
        {key: value for key, value in cloud.items() if key != "stack"}
        | {"imports": [Import(to="helm_release.anyscale-operator", id="anyscale-operator/anyscale-operator")]}
    )
    GenericStack.build(app, "prod", config)
    app.synth()
    has = {
        name: "import {" in (tmp_path / "stacks" / name / "versions.tf").read_text()
        for name in ("prod", "prod-operator")
    }
    assert has == {"prod": False, "prod-operator": True}


@pytest.mark.parametrize(
    "address",
    [
        "vpc",
        "module.vpc.",
        "data.aws_vpc.a",
        "module.vpc.data.aws_vpc.a",
        "aws_vpc.a[b]",
        "module.vpc[0].aws_vpc",
        "a.b.c",
    ],
)
def test_invalid_addresses_are_errors(address: str, synth: Synth) -> None:
    for config in ({"moved": [{"from": address, "to": "module.vpc"}]}, {"import": [{"to": address, "id": "a"}]}):
        with pytest.raises(Exception, match="the address of a"):
            synth(**config)


@pytest.mark.parametrize(
    "addresses",
    [
        {"from": "module.a", "to": "module.nothing"},
        {"from": "aws_vpc.a", "to": "aws_vpc.b"},
        {"from": "module.vpc", "to": "module.s3"},
    ],
)
def test_a_target_is_in_the_stack_and_a_source_is_not(addresses: dict[str, str], synth: Synth) -> None:
    with pytest.raises(SynthesisError, match="in the stack"):
        synth(moved=[addresses])
    synth(moved=[{"from": "module.vpc[0]", "to": "module.vpc"}])


def test_a_cloud_of_the_root_module_moves(synth: Synth) -> None:
    tree, versions, findings = synth(**ADOPTED)
    moves = {f"{AT}.module.{name}": call.module.partition("/")[2] for name, call in load_root("aws").calls.items()}
    for source, to in moves.items():
        assert f"moved {{\n  from = {source}\n  to = module.{to}\n}}" in versions
    assert versions.count("\nmoved {") == len(moves) == len(tree["module"])
    assert f"removed {{\n  from = {AT}.random_id.common_name\n  lifecycle {{\n    destroy = false\n  }}\n}}" in versions
    assert versions.count("\nremoved {") == 1
    assert not said(findings, "adopted-name") + said(findings, "part-left-behind")


def test_names_are_the_root_modules(synth: Synth) -> None:
    iam = {
        "cluster_node_cloudwatch_policy": True,
        "cluster_node_custom_policy": {"Version": "2012-10-17", "Statement": []},
    }
    more = {"iam": iam, "security_group": {"machine_pool_cidr_ranges": ["10.9.0.0/24"]}}
    plain = synth(**ADOPTED, **more)[0]["module"]
    prefixed = synth(**ADOPTED, **more, name_prefix="acme-")[0]["module"]
    # The root module makes neither.
    not_made = {"anyscale_custom_policy_name_prefix", "anyscale_custom_policy_description", "memorydb_acl_name_prefix"}
    for call in load_root("aws").calls.values():
        module = call.module.partition("/")[2]
        for name, given in call.inputs.items():
            if name in not_made:
                assert name not in plain[module]
            elif given.prefix:
                assert (plain[module][name], prefixed[module][name]) == (given.value, "acme-")
            elif given.is_known and name != "module_enabled":
                assert plain[module][name] == ("${null}" if given.value is None else given.value)


def test_a_common_name_is_completed(synth: Synth) -> None:
    adopt = {"adopt": {"module": "module.ml.module.anyscale[0]", "common_name": "acme-1a2b"}}
    tree, versions, findings = synth(**{**ADOPTED, **adopt})
    assert "from = module.ml.module.anyscale[0].module.aws_anyscale_s3\n" in versions
    assert tree["module"]["s3"]["anyscale_bucket_name"] == "acme-1a2b"
    assert tree["module"]["iam"]["anyscale_access_role_name"] == "acme-1a2b-crossacct-iam-role"
    assert tree["module"]["memorydb"]["anyscale_memorydb_name"] == "acme-1a2b"
    assert not said(findings, "adopted-name")


def test_each_name_that_differs_is_reported(synth: Synth) -> None:
    config = {
        "bucket": {"name": "acme-anyscale"},
        "iam": {"control_plane_role_name": "acme-role"},
        "modules": {"securitygroups": {"inputs": {"security_group_name_prefix": "acme-"}}},
    }
    tree, _, findings = synth(**ADOPTED, **config)
    assert said(findings, "adopted-name") == [
        "security_group_name_prefix",
        "anyscale_bucket_name",
        "anyscale_access_role_name",
    ]
    assert tree["module"]["s3"]["anyscale_bucket_name"] == "acme-anyscale"


def test_resources_that_the_cloud_lacks_are_removed_from_the_state_without_destroying_them(synth: Synth) -> None:
    without = {key: value for key, value in ADOPTED.items() if key not in {"efs", "memorydb"}}
    _, versions, findings = synth(**without)
    for name in ("efs", "memorydb"):
        assert f"removed {{\n  from = {AT}.module.aws_anyscale_{name}\n  lifecycle {{\n    destroy = false" in versions
    assert len(said(findings, "part-left-behind")) == 1


def test_a_cloud_without_an_external_id_keeps_its_own_id(synth: Synth) -> None:
    tree, _, _ = synth(**{**ADOPTED, "cloud_id": "cld_1", "external_id": "cld_1"})
    assert "anyscale_external_id" not in tree["module"]["iam"]
    assert tree["module"]["iam"]["anyscale_cloud_id"] == "cld_1"
    assert tree["output"]["anyscale_cloud_resource"]["value"]["aws_config"]["external_id"] == "cld_1"
    for config in ({"external_id": "cld_2"}, {"external_id": "cld_1", "adopt": None}, {"external_id": None}):
        with pytest.raises(Exception, match="external_id"):
            synth(**{**ADOPTED, "cloud_id": "cld_1", **config})


def test_only_the_clouds_own_modules_are_the_root_modules(tmp_path: Path) -> None:
    app = App(tmp_path)
    stack = Ec2Stack(
        app,
        "prod",
        Ec2Config.model_validate({"region": "us-east-2", "org_id": "org_1", **ADOPTED, "name_prefix": "acme-"}),
    )
    more = S3(stack, "more", anyscale_bucket_prefix="more-")
    assert more.rendered["anyscale_bucket_prefix"] == "more-"
    assert adopted(stack)["aws/s3"] == "module.s3"


def test_a_misspelt_key_is_pointed_to_the_key_of_yaml() -> None:
    config: Any = Ec2Config
    moved: Any = Moved
    with pytest.raises(ConfigError, match="did you mean 'import'"):
        config(region="us-east-2", org_id="org_1", imprt=[])
    with pytest.raises(ConfigError, match="did you mean 'from'"):
        moved(frm="module.a", to="module.b")


def test_the_root_module_is_of_the_tag_of_its_modules() -> None:
    root = load_root("aws")
    for call in root.calls.values():
        interface = Interface.load(call.module)
        assert interface.commit == root.commit
        assert call.inputs.keys() <= interface.variables.keys()
