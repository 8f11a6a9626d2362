"""The sections on networks, roles, registration, costs and deletion."""

from typing import Any

import pytest

from anyscale_constructs.explain import costs, identity, kept, networks
from anyscale_constructs.explain.page import page_of
from anyscale_constructs.explain.registered import registration
from anyscale_constructs.explain.text import as_text
from anyscale_constructs.review import kinds, module_facts, resource_facts
from anyscale_constructs.review.facts import Row
from anyscale_constructs.terraform.interface import Interface
from tests.unit.explain.parts import call, content, said, stack

TABLES = {**networks.RANGES, **costs.COUNTS, **identity.READERS}
MODULES = [name for name in TABLES if "/" in name]
DELETION = [
    row
    for rows in (resource_facts.ALL, *resource_facts.RESOURCES.values(), *module_facts.MODULES.values())
    for row in rows
    if row.kind is kinds.DELETION
]


@pytest.mark.parametrize("module", MODULES)
def test_the_tables_name_modules_and_inputs_of_the_catalog(module: str) -> None:
    variables = Interface.load(module).variables
    assert [row.path for row in networks.RANGES.get(module, ()) if row.path not in variables] == []


SUBNETS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "AWS keeps 5": (
        {"module": {"vpc": call("aws/vpc", public_subnets=["10.0.0.0/28"], availability_zones=["us-east-2a"])}},
        ["10.0.0.0/16: VPC, 65,536 addresses", "10.0.0.0/28: public subnet 1, us-east-2a, 11 usable of 16"],
    ),
    "Google keeps 4": (
        {"module": {"vpc": call("google/vpc", private_subnet_cidr="10.0.0.0/28", gke_pod_range_cidr="10.4.0.0/21")}},
        [
            "10.0.0.0/28: private subnet, 12 usable of 16",
            "10.4.0.0/21: pods, a secondary range of the private subnet, 2,048 addresses",
        ],
    ),
    "Azure keeps 5": (
        {"resource": {"azurerm_subnet": {"nodes": {"address_prefixes": ["10.0.0.0/28"]}}}},
        ["10.0.0.0/28: subnet, 11 usable of 16"],
    ),
    "not known yet": (
        {"resource": {"aws_subnet": {"a": {"cidr_block": "${cidrsubnet(var.range, 4, 1)}"}}}},
        ["<var.range>: subnet"],
    ),
    "existing": (
        {"module": {"eks": call("aws/eks", vpc_id="vpc-1", subnet_ids=["subnet-1", "subnet-2"])}},
        ["vpc-1", "subnet-1", "subnet-2"],
    ),
}


@pytest.mark.parametrize("case", SUBNETS)
def test_subnets_have_their_size_and_usable_addresses(case: str) -> None:
    tree, expected = SUBNETS[case]
    ((_, lines),) = said(networks.subnets([stack(**tree)])).items()
    assert sorted(lines) == sorted(expected)


REACHED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "ports with the same sources are one line": (
        {
            "module": {
                "a": call(
                    "aws/securitygroups",
                    ingress_with_self=[],
                    ingress_from_cidr_map=[
                        {"rule": rule, "cidr_blocks": "10.0.0.0/8"} for rule in ("https-443-tcp", "ssh-tcp")
                    ],
                )
            }
        },
        ["tcp 443, tcp 22 from 10.0.0.0/8"],
    ),
    "a group": (
        {
            "resource": {
                "aws_security_group_rule": {
                    "a": {"from_port": 22, "to_port": 22, "source_security_group_id": "${aws_security_group.b.id}"}
                }
            }
        },
        ["tcp 22 from <aws_security_group.b.id>"],
    ),
    "everybody": (
        {"module": {"a": call("aws/eks", endpoint_public_access=True)}},
        ["the cluster's API: tcp 443 from everybody"],
    ),
    "nobody outside": (
        {"module": {"a": call("google/gke", enable_private_endpoint=True, enable_private_nodes=True)}},
        ["the cluster's API: only from inside the network"],
    ),
    "an internal load balancer": (
        {
            "resource": {
                "helm_release": {"a": {"values": ['{"sourceRanges": [], "annotations": {"scheme": "internal"}}']}}
            }
        },
        ["the load balancer: only from inside the network"],
    ),
    "ranges of an internal load balancer": (
        {
            "resource": {
                "helm_release": {
                    "a": {"values": ['{"sourceRanges": ["10.0.0.0/8"], "annotations": {"scheme": "internal"}}']}
                }
            }
        },
        ["the load balancer: only from 10.0.0.0/8"],
    ),
    "a subnet": (
        {
            "resource": {
                "azurerm_storage_account": {
                    "a": {
                        "network_rules": {
                            "default_action": "Deny",
                            "virtual_network_subnet_ids": ["${azurerm_subnet.nodes.id}"],
                        }
                    }
                }
            }
        },
        ["storage: only from <azurerm_subnet.nodes.id>"],
    ),
}


@pytest.mark.parametrize("case", REACHED)
def test_who_reaches_which_port(case: str) -> None:
    tree, expected = REACHED[case]
    ((_, lines),) = said(networks.reach([stack(**tree)])).items()
    assert lines == expected


_ISSUER = "<module.eks.oidc_provider_arn>"
_IRSA = (
    '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": '
    '"${module.eks.oidc_provider_arn}"}, "Condition": {"StringEquals": {"sub": "system:serviceaccount:ray:jobs"}}}]}'
)
TRUSTED: dict[str, tuple[dict[str, Any], dict[str, list[str]]]] = {
    "Anyscale's control plane on AWS": (
        {
            "module": {
                "iam": call("aws/iam", anyscale_external_id="org_1-a", create_cluster_node_instance_profile=False)
            }
        },
        {"module.iam (control plane)": ["arn:aws:iam::525325868955:root, if the external ID is org_1-a"]},
    ),
    "without an external ID": (
        {"module": {"iam": call("aws/iam", create_cluster_node_instance_profile=False)}},
        {"module.iam (control plane)": ["arn:aws:iam::525325868955:root, without an external ID"]},
    ),
    "the cloud's ID as the external ID": (
        {"module": {"iam": call("aws/iam", anyscale_cloud_id="cld_1", create_cluster_node_instance_profile=False)}},
        {"module.iam (control plane)": ["arn:aws:iam::525325868955:root, if the external ID is cld_1"]},
    ),
    "nodes on AWS": (
        {"module": {"iam": call("aws/iam", create_anyscale_access_role=False)}},
        {"module.iam (nodes)": ["ec2.amazonaws.com: instances with the profile"]},
    ),
    "a trust policy of its own for nodes": (
        {
            "module": {
                "iam": call(
                    "aws/iam",
                    anyscale_external_id="org_1-a",
                    anyscale_cluster_node_custom_assume_role_policy='{"Statement": [{"Effect": "Allow", "Action": '
                    '"sts:AssumeRole", "Principal": {"Service": ["ec2.amazonaws.com", "ssm.amazonaws.com"]}}]}',
                )
            }
        },
        {
            "module.iam (control plane)": ["arn:aws:iam::525325868955:root, if the external ID is org_1-a"],
            "module.iam (nodes)": ["ec2.amazonaws.com: sts:AssumeRole", "ssm.amazonaws.com: sts:AssumeRole"],
        },
    ),
    "Anyscale's control plane on Google": (
        {
            "module": {
                "iam": call("google/iam", anyscale_org_id="org_1", create_anyscale_cluster_node_service_acct=False)
            }
        },
        {
            "module.iam (control plane)": [
                "roles of AWS account 525325868955 that begin with gcp_if_org_1, by workload identity federation"
            ]
        },
    ),
    "EKS Pod Identity": (
        {
            "resource": {
                "aws_eks_pod_identity_association": {
                    "a": {"namespace": "ray", "service_account": "jobs", "role_arn": "${aws_iam_role.jobs.arn}"}
                }
            }
        },
        {"aws_iam_role.jobs": ["pods of the service account ray/jobs, by EKS Pod Identity"]},
    ),
    "IRSA": (
        {"resource": {"aws_iam_role": {"jobs": {"assume_role_policy": _IRSA}}}},
        {
            "aws_iam_role.jobs": [
                f"{_ISSUER}: sts:AssumeRoleWithWebIdentity, if sub StringEquals system:serviceaccount:ray:jobs"
            ]
        },
    ),
    "workload identity on Google": (
        {
            "resource": {
                "google_service_account_iam_member": {
                    "a": {
                        "service_account_id": "${google_service_account.jobs.name}",
                        "role": "roles/iam.workloadIdentityUser",
                        "member": "serviceAccount:acme.svc.id.goog[ray/jobs]",
                    }
                }
            }
        },
        {"google_service_account.jobs": ["pods of the service account ray/jobs: roles/iam.workloadIdentityUser"]},
    ),
    "workload identity on Azure": (
        {
            "resource": {
                "azurerm_federated_identity_credential": {
                    "a": {
                        "user_assigned_identity_id": "${azurerm_user_assigned_identity.jobs.id}",
                        "subject": "system:serviceaccount:ray:jobs",
                        "issuer": "https://issuer.example",
                    }
                }
            }
        },
        {
            "azurerm_user_assigned_identity.jobs": [
                "pods of the service account ray/jobs, if the token is from https://issuer.example"
            ]
        },
    ),
}


@pytest.mark.parametrize("case", TRUSTED)
def test_who_may_assume_which_role_and_on_what_condition(case: str) -> None:
    tree, expected = TRUSTED[case]
    assert said(identity.trust([stack(**tree)])) == expected


def test_registration_shows_known_values_and_those_known_after_apply() -> None:
    value = {"region": "us-east-2", "aws_config": {"vpc_id": "${module.vpc.vpc_id}", "subnet_ids": ["a", "b"]}}
    section = registration([stack(output={"anyscale_cloud_resource": {"value": value}})])
    assert said(section) == {
        "region": ["us-east-2"],
        "aws_config.vpc_id": ["<module.vpc.vpc_id>"],
        "aws_config.subnet_ids": ["a", "b"],
    }
    assert section.note.startswith("Sent by anyscale-constructs register cloud,")


def test_terraform_registers_a_cloud_that_is_a_resource() -> None:
    section = registration(
        [
            stack(
                output={"anyscale_cloud_resource": {"value": {}}},
                resource={"anyscale_cloud_resource": {"cloud_resource": {}}},
            )
        ]
    )
    assert section.note.startswith("Sent by terraform apply itself.")


SECRET = "hunter2"  # noqa: S105 - it is none
LEAKS: dict[str, dict[str, Any]] = {
    "a key that is named like a secret": {
        "output": {"anyscale_cloud_resource": {"value": {"config": {"api_key": SECRET, "password": [SECRET]}}}}
    },
    "a sensitive output": {"output": {"anyscale_cloud_resource": {"value": {"a": SECRET}, "sensitive": True}}},
    "another output": {"output": {"db": {"value": SECRET, "sensitive": True}}},
    "credentials in a URL": {
        "output": {"anyscale_cloud_resource": {"value": {"url": f"https://user:{SECRET}@redis.example"}}}
    },
    "an input": {"module": {"memorydb": call("aws/memorydb", memorydb_users={"a": {"passwords": [SECRET]}})}},
    "a resource": {"resource": {"aws_db_instance": {"a": {"password": SECRET}}}},
    "a chart": {"resource": {"helm_release": {"a": {"values": [f'{{"sourceRanges": [], "token": "{SECRET}"}}']}}}},
    "a condition": {
        "resource": {
            "aws_iam_role": {
                "a": {
                    "assume_role_policy": '{"Statement": [{"Effect": "Allow", "Principal": "*", "Condition": '
                    f'{{"StringEquals": {{"password": "{SECRET}"}}}}}}]}}'
                }
            }
        }
    },
}


@pytest.mark.parametrize("case", LEAKS)
def test_no_secret_is_on_the_page(case: str) -> None:
    assert SECRET not in as_text(page_of("cloud", [content("cloud", LEAKS[case])]))


NAT: dict[str, tuple[dict[str, Any], str | None]] = {
    "one for each private subnet": ({"private_subnets": ["a", "b"], "public_subnets": ["c", "d"]}, "2"),
    "one for each zone": ({"private_subnets": ["a"], "availability_zones": ["a", "b", "c"]}, "3"),
    "a limit": ({"private_subnets": ["a", "b"], "max_nat_gateway_count": 1}, "1"),
    "no private subnet": ({"public_subnets": ["c", "d"]}, None),
    "switched off": ({"private_subnets": ["a", "b"], "create_ngw": False}, None),
}


@pytest.mark.parametrize("case", NAT)
def test_nat_gateways_are_counted_as_the_module_makes_them(case: str) -> None:
    inputs, expected = NAT[case]
    section = said(costs.costs([stack(module={"vpc": call("aws/vpc", **inputs)})]))
    lines = section.get("NAT gateways", [])
    assert [line.partition(" ")[0] for line in lines] == ([expected] if expected else [])


COSTS: dict[str, tuple[dict[str, Any], dict[str, list[str]]]] = {
    "interface endpoints": (
        {
            "resource": {
                "aws_vpc_endpoint": {
                    "a": {"vpc_endpoint_type": "Interface", "service_name": "ecr", "subnet_ids": ["a", "b"]}
                }
            }
        },
        {"interface endpoints": ["2 for ecr, 1 in each subnet (aws_vpc_endpoint.a)"]},
    ),
    "nodes of AKS": (
        {
            "resource": {
                "azurerm_kubernetes_cluster_node_pool": {
                    "a": {"name": "cpu", "max_count": 10, "vm_size": "D4"},
                    "b": {"name": "gpu", "max_count": 2, "vm_size": "NC6", "priority": "Spot"},
                }
            }
        },
        {
            "nodes at most": [
                "12 in total",
                "10 in cpu: D4 (azurerm_kubernetes_cluster_node_pool.a)",
                "2 in gpu: NC6, spot (azurerm_kubernetes_cluster_node_pool.b)",
            ]
        },
    ),
    "a number that is not known": (
        {
            "resource": {
                "azurerm_kubernetes_cluster_node_pool": {"a": {"name": "cpu", "max_count": "${var.n}", "vm_size": "D4"}}
            }
        },
        {"nodes at most": ["an unknown number in cpu: D4 (azurerm_kubernetes_cluster_node_pool.a)"]},
    ),
    "Redis": (
        {"module": {"a": call("aws/memorydb", module_enabled=True, memorydb_num_shards=2)}},
        {"Redis nodes": ["6 of MemoryDB: db.t4g.small (module.a)"]},
    ),
}


@pytest.mark.parametrize("case", COSTS)
def test_costs_are_counted(case: str) -> None:
    tree, expected = COSTS[case]
    assert said(costs.costs([stack(**tree)])) == expected


@pytest.mark.parametrize("row", DELETION, ids=lambda row: row.path)
def test_every_protection_of_data_in_reviews_has_a_meaning(row: Row) -> None:
    values = (True, False, 1, "Enabled", "RDB", {"days": 7})
    assert {fact for value in values for fact in row.take(value)} <= set(kept.MEANINGS)


def test_a_destroy_keeps_what_is_protected() -> None:
    section = kept.kept(
        [
            stack(
                module={"s3": call("aws/s3"), "off": call("aws/s3", force_destroy=True)},
                resource={
                    "aws_kms_key": {"this": {"deletion_window_in_days": 7, "lifecycle": {"prevent_destroy": True}}}
                },
            )
        ]
    )
    assert said(section) == {
        "module.s3": ["force_destroy is off: a destroy fails while objects are in the bucket"],
        "aws_kms_key.this": [
            "prevent_destroy: Terraform refuses to destroy it",
            "the key is deleted after 7 days; until then, the deletion can be cancelled",
        ],
    }
