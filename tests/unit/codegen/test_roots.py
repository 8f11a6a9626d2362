"""The modules that a root module calls, and its names, read from its files."""

import json
from pathlib import Path

from anyscale_constructs.codegen.git import Checkout
from anyscale_constructs.codegen.roots import dump_root, read_root
from anyscale_constructs.terraform.adoption import Call, Input, parse_root
from anyscale_constructs.terraform.interface import Interface, Variable

REPOSITORY = "anyscale/terraform-aws-anyscale-cloudfoundation-modules"
FILES = {
    "main.tf": """
locals {
  common_name = try(random_id.common_name[0].hex, null)
  prefix      = coalesce(var.bucket_prefix, var.common_prefix, "acme-")
  name        = var.bucket_name != null ? var.bucket_name : local.common_name
  policy      = var.policy != null ? var.policy : local.common_name != null ? "${local.common_name}-policy" : null
}
resource "random_id" "common_name" { byte_length = 4 }
module "bucket" {
  source      = "./modules/aws-anyscale-s3"
  name        = local.name
  prefix      = local.prefix
  policy_name = local.policy
  description = var.description
  same        = var.same
  unknown     = var.description
  other       = length(var.same)

  module_enabled = var.enabled
}
module "elsewhere" { source = "./modules/elsewhere" }
""",
    "variables.tf": """
variable "bucket_prefix" { default = null }
variable "common_prefix" { default = null }
variable "bucket_name" { default = null }
variable "policy" { default = null }
variable "description" { default = "A bucket" }
variable "same" { default = "same" }
variable "enabled" { default = true }
""",
}


class Tree(Checkout):
    def files(self, path: str, suffix: str) -> dict[str, str]:
        assert (path, suffix) == (".", ".tf")
        return FILES


def test_names_and_what_differs_from_the_modules_own_defaults() -> None:
    names = ("name", "prefix", "description", "other")
    variables = {name: Variable("string") for name in names} | {
        "policy_name": Variable("string", default="of-its-own"),
        "same": Variable("string", default="same"),
        "module_enabled": Variable("bool", default=True),
    }
    interface = Interface("aws/s3", REPOSITORY, "", "v1", "1" * 40, "", {}, variables, {})
    root = read_root(Tree(Path(), "v1", "1" * 40), REPOSITORY, {"aws/s3": interface})
    assert root.resources == ["random_id.common_name"]
    assert root.calls == {
        "bucket": Call(
            "aws/s3",
            {
                "name": Input(common_name=""),
                "prefix": Input("acme-", is_known=True, prefix=True),
                "policy_name": Input(is_known=True, common_name="-policy"),
                "description": Input("A bucket", is_known=True),
                "module_enabled": Input(True, is_known=True),
            },
        )
    }
    assert parse_root(dump_root(root)) == root
    assert json.loads(dump_root(root))["calls"]["bucket"]["inputs"]["policy_name"] == {
        "value": None,
        "common_name": "-policy",
    }
