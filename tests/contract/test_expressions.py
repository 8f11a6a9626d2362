"""Terraform code that the library writes, evaluated by the real Terraform."""

import json
import pathlib
import subprocess

from anyscale_constructs.aws import ExistingSecurityGroup, ExistingVpc, MemoryDb, Vpc
from anyscale_constructs.terraform.stack import CloudStack

GROUP = ExistingSecurityGroup(security_group_id="sg-0123456789abcdef0")
ZONES = {"subnet-00000001": "us-east-1a", "subnet-00000002": "us-east-1b", "subnet-00000003": "us-east-1b"}
# What Terraform would look up, and what it would find in an account where us-east-1a is the zone without MemoryDB.
LOOKED_UP = {
    "data.aws_availability_zones.memorydb.names": ["us-east-1b", "us-east-1c"],
    "module.vpc.public_subnet_ids_az_map": ZONES,
}


def value(expression: str, terraform: str, folder: pathlib.Path) -> object:
    """Returns the value that Terraform computes for an expression."""
    for code, found in LOOKED_UP.items():
        expression = expression.replace(code, json.dumps(found))
    (folder / "main.tf.json").write_text(json.dumps({"output": {"it": {"value": expression}}}))
    for command in (["init"], ["apply", "-auto-approve"]):
        subprocess.run([terraform, f"-chdir={folder}", *command, "-input=false"], check=True, capture_output=True)
    shown = [terraform, f"-chdir={folder}", "output", "-json", "it"]
    made: object = json.loads(subprocess.run(shown, check=True, capture_output=True).stdout)
    return made


def test_memorydb_uses_the_subnets_in_zones_that_offer_it(
    stack: CloudStack, terraform: str, tmp_path: pathlib.Path
) -> None:
    existing = ExistingVpc(vpc_id="vpc-0123456789abcdef0", subnet_ids_to_az=ZONES)
    for vpc, name in ((Vpc(stack), "memorydb"), (existing, "other")):
        module = MemoryDb(stack, name, vpc=vpc, security_group=GROUP, region="us-east-1")
        expression = module.rendered["memorydb_subnet_ids"].replace(f"zones.{name}.names", "zones.memorydb.names")
        assert value(expression, terraform, tmp_path) == ["subnet-00000002", "subnet-00000003"]
