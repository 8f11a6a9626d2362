"""Inputs that are used only if others are true."""

from collections.abc import Mapping

import pytest

from anyscale_constructs.codegen import hcl
from anyscale_constructs.terraform.interface import Interface, Variable

VARIABLES = "\n".join(f'variable "{name}" {{}}' for name in ("on", "other", "list", "x", "module_enabled", "create"))
ON, OTHER, BOTH = (("on",),), (("other",),), (("on", "other"),)
EITHER = (("on",), ("other",))


def read(code: str) -> Mapping[str, Variable]:
    return hcl.read({"main.tf": f"{VARIABLES}\n{code}\n"}).variables


# what a resource that uses var.x asks for -> what var.x is used with
CONDITIONS = {
    "count = var.on ? 1 : 0": ON,
    "count = var.on == true ? 1 : 0": ON,
    "count = var.on != null ? 1 : 0": ON,
    "count = var.module_enabled && var.on ? 1 : 0": ON,
    "count = var.on && var.other ? length(var.list) : 0": BOTH,
    "count = local.on ? 1 : 0": ON,
    "count = local.both ? 1 : 0": BOTH,
    "for_each = var.on ? toset(var.list) : []": ON,
    "for_each = var.on ? var.list : {}": ON,
    "for_each = { for k, v in var.list : k => v if var.on && var.other }": BOTH,
    "for_each = { for k, v in merge(\nvar.list, {}\n) : k => v if local.on }": ON,
    "count = (var.other || var.list) && var.on ? 1 : 0": ON,
    "for_each = var.list": (("list",),),
    # No condition that it knows, or none at all.
    "": (),
    "count = 1": (),
    "count = var.on || var.other ? 1 : 0": (),
    "count = var.on || var.other && var.list ? 1 : 0": (),
    "count = !var.on ? 1 : 0": (),
    "count = var.on == null ? 1 : 0": (),
    "count = var.on ? 0 : 1": (),
    "count = var.on ? 1 : 2": (),
    "count = length(var.list) > 0 ? 1 : 0": (),
    "count = length(var.list)": (),
    "count = var.module_enabled ? 1 : 0": (),
    "count = var.create && var.module_enabled ? 1 : 0": (),
    "count = var.x ? 1 : 0": (),
    "for_each = { for k, v in var.list : k => v }": (),
}
LOCALS = """locals {
  on = var.module_enabled && var.on ? true : false
  both = local.on && var.other
}"""


@pytest.mark.parametrize(("condition", "groups"), CONDITIONS.items())
def test_a_resource_exists_if_its_condition_holds(condition: str, groups: tuple[tuple[str, ...], ...]) -> None:
    code = f'{LOCALS}\nresource "a_b" "c" {{\n{condition}\nname = "a-${{var.x}}"\n}}'
    assert read(code)["x"].used_with == groups


def resource(name: str, condition: str, value: str) -> str:
    return f'resource "a_b" "{name}" {{\ncount = {condition} ? 1 : 0\nblock {{\nvalue = {value}\n}}\n}}\n'


# more of a module -> what var.x is used with, in addition to a resource that exists if var.on is true
BESIDE = {
    resource("other", "var.other", "var.x"): EITHER,
    resource("both", "var.on && var.other", "var.x"): ON,
    resource("always", "true", "var.x"): (),
    'output "x" {\nvalue = var.x\n}': (),
    'output "c" {\nvalue = a_b.c[0].id\n}': ON,
    "locals {\nx = var.x\n}\n" + resource("other", "var.other", "local.x"): EITHER,
    "locals {\nx = var.x\ny = { a = [local.x] }\n}\n" + resource("other", "var.other", "local.y.a"): EITHER,
    "locals {\nunused = var.x\n}": ON,
    'data "d" "e-f" {\nname = var.x\n}\n' + resource("other", "var.other", "data.d.e-f.id"): EITHER,
    'data "d" "e" {\ncount = var.on ? 1 : 0\nname = var.x\n}\n' + resource("other", "var.other", "data.d.e[0].id"): ON,
    'module "m" {\nsource = "./m"\ncreate = var.other\nname = var.x\n}': EITHER,
    'module "m" {\nsource = "./m"\nname = var.x\n}': (),
}


@pytest.mark.parametrize(("code", "groups"), BESIDE.items())
def test_all_uses_count_where_they_end(code: str, groups: tuple[tuple[str, ...], ...]) -> None:
    assert read(resource("c", "var.on", "var.x") + code)["x"].used_with == groups


def test_the_catalog_has_the_switches_of_upstream() -> None:
    iam, eks, gke = (Interface.load(name).variables for name in ("aws/iam", "aws/eks", "google/gke"))
    role, node = "create_anyscale_access_role", "create_cluster_node_instance_profile"
    assert iam["anyscale_cluster_node_managed_policy_arns"].used_with == ((node,),)
    assert iam["role_permissions_boundary_arn"].used_with == ((role,), (node,))
    assert iam["tags"].used_with == iam["anyscale_external_id"].used_with == ()
    assert eks["kms_key_administrators"].used_with == (("create_kms_key", "encryption_config"),)
    assert eks["tags"].used_with == eks["addons"].used_with == ()
    assert gke["grant_registry_access"].used_with == (("create_service_account",),)
