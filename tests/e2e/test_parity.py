"""Terraform plans the same for upstream's sixteen examples and for the same clouds in YAML, except for this list."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.doubles.server import Doubles
from tests.e2e.parity.comparing import differences, made
from tests.e2e.parity.planning import EXAMPLES, plan

DIFFERENCES = {
    "common name": (
        r'random_id\.common_name\[0\]: not in ours|\S+\.tags(_all)?: "\(known after apply\)" -> ',
        "name_prefix replaces a random name that all resources share, which makes their tags unknown",
    ),
    "names": (
        r"\S+\.(name|name_prefix|bucket_prefix|firewall_policy|tags(_all)?\.Name|random_id\.\w+\[0\]\.prefix): ",
        "ours begin with name_prefix, and say what they are for",
    ),
    "descriptions": (
        r"\S+\.description: ",
        "ours are those of the modules, where upstream's root module has others",
    ),
    "tags": (
        r"\S+\.(tags|tags_all|labels)\.(tf_module|anyscale-org-id|anyscale_cloud_id): ",
        "ours say which library made the resource, and for which organization and cloud",
    ),
    "capacity reservations": (
        r"aws_iam_role_policy\.iam_control_plane: only in ours",
        "the control plane may describe capacity reservations, as machine pools need",
    ),
    "default security group": (
        r"aws_default_security_group\.this: only in ours",
        "ours has no rules, so that nothing which names no group is reachable or reaches anything",
    ),
    "external id": (
        r"iam\.aws_iam_role\.anyscale_access_role\[0\]\.assume_role_policy\.Statement\[0\]\.Condition\S+: ",
        "ours begins with the organization's id and is known before the cloud is registered; upstream's is the cloud's",
    ),
    "public addresses": (
        r"vpc\.aws_subnet\.public\[\d\]\.map_public_ip_on_launch: true -> false",
        "no node of a private cloud is in a public subnet, and whatever else is there needs no public address",
    ),
    "key": (
        r"aws_kms_(alias\.this: only in ours|key_policy\.this: only in ours|key\.this\.\S+: )",
        "ours has an alias, and its policy is a resource of its own, which waits for the roles",
    ),
    "suffixes": (
        r"(project|cloudstorage)\.random_id\.random_char_suffix\.byte_length: 2 -> 4",
        "names that all of Google Cloud shares are soon taken with four digits",
    ),
    "suffixes for nothing": (
        r"\w+\.random_id\.random_char_suffix: not in ours",
        "upstream makes suffixes for what it does not create",
    ),
    "APIs": (
        r"cloudapis\.google_project_service\.\S+: only in ours",
        "ours enables the APIs of identity federation, of the logging sink, and of infrastructure manager",
    ),
    "places": (
        r'\S+\.(region|location): "\(known after apply\)" -> "us-central1',
        "ours are those of the configuration; upstream reads them from what it creates",
    ),
    "ports of NAT": (
        r"vpc\.google_compute_router_nat\.main\[0\]\.enable_dynamic_port_allocation: false -> true",
        "nodes that download much need more ports than the least",
    ),
    "SSH from the proxy": (
        r"vpc_firewall\.\S+\.ingress_allow_from_cidr_blocks\[1\]\.match\[0\]\.src_ip_ranges: ",
        "the load balancers' proxies connect by HTTPS only",
    ),
}
"""The accepted differences: a pattern, and the reason. The file of each example lists the differences that it has."""


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_an_example_has_the_same_plan_as_upstreams(file: Path, doubles: Doubles, tmp_path: Path) -> None:
    upstream, ours = map(made, plan(file, tmp_path, doubles))
    found = list(differences(upstream, ours))
    explained = {name: [each for each in found if re.match(what, each)] for name, (what, _) in DIFFERENCES.items()}
    assert sorted(set(found) - {each for name in explained for each in explained[name]}) == []
    assert [name for name in explained if explained[name]] == _expected(file)


def _expected(file: Path) -> list[str]:
    """Returns the names of the differences that an example has."""
    names = yaml.safe_load(file.read_text(encoding="utf-8"))["differences"]
    return [name for name in DIFFERENCES if name in names]


def test_each_difference_occurs_in_an_example() -> None:
    named = [name for file in EXAMPLES for name in yaml.safe_load(file.read_text(encoding="utf-8"))["differences"]]
    assert set(named) == set(DIFFERENCES)


def resource(address: str, after: dict[str, Any], **unknown: bool) -> dict[str, Any]:
    """Returns Terraform's JSON of a new resource in a plan."""
    change = {"after": after, "after_unknown": unknown}
    return {"address": address, "mode": "managed", "change": change}


def test_differences_are_reported_by_their_address() -> None:
    root = "module.example.module.aws_anyscale_v2.module.aws_anyscale_securitygroup_self"
    upstream = made(
        {
            "resource_changes": [
                resource(f"{root}.aws_security_group.a[0]", {"ports": [443, 22], "tags": {"a": "b"}}, id=True),
                resource(f"{root}.aws_security_group_rule.b", {"cidr_blocks": ["10.0.0.0/8", "192.0.2.0/24"]}),
                resource(f"{root}.aws_iam_role.c", {"policy": '{"Version": "2012-10-17"}'}),
                resource("module.example.aws_kms_key.d", {}),
            ]
        }
    )
    ours = made(
        {
            "resource_changes": [
                resource("module.securitygroups.aws_security_group.a[0]", {"ports": [443, 80], "tags": None}, id=True),
                resource(
                    "module.securitygroups.aws_security_group_rule.b", {"cidr_blocks": ["192.0.2.0/24", "10.0.0.0/8"]}
                ),
                resource("module.securitygroups.aws_iam_role.c", {"policy": '{"Version":"2008-10-17"}'}),
                resource("aws_iam_role_policy.e", {}),
            ]
        }
    )
    assert list(differences(upstream, ours)) == [
        "aws_iam_role_policy.e: only in ours",
        "aws_kms_key.d: not in ours",
        'securitygroups.aws_iam_role.c.policy.Version: "2012-10-17" -> "2008-10-17"',
        "securitygroups.aws_security_group.a[0].ports[1]: 22 -> 80",
        'securitygroups.aws_security_group.a[0].tags: {"a": "b"} -> null',
    ]
