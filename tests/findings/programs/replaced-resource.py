"""A plan that replaces a VPC, and with it a subnet."""

import json
import pathlib
import subprocess
import sys

vpc = {
    "actions": ["delete", "create"],
    "before": {"id": "vpc-1", "cidr_block": "10.0.0.0/19"},
    "after": {"cidr_block": "10.0.0.0/18"},
    "after_unknown": {"id": True},
    "replace_paths": [["cidr_block"]],
}
subnet = {
    "actions": ["delete", "create"],
    "before": {"id": "subnet-1", "vpc_id": "vpc-1"},
    "after": {},
    "after_unknown": {"id": True, "vpc_id": True},
    "replace_paths": [["vpc_id"]],
}
changes = [
    {"address": "module.vpc.aws_vpc.anyscale_vpc[0]", "mode": "managed", "type": "aws_vpc", "change": vpc},
    {"address": "module.vpc.aws_subnet.private[0]", "mode": "managed", "type": "aws_subnet", "change": subnet},
]
plan = {"format_version": "1.2", "planned_values": {}, "resource_changes": changes}
pathlib.Path("plan.json").write_text(json.dumps(plan))
subprocess.run([sys.executable, "-m", "anyscale_constructs", "check-plan", "plan.json"], check=False)
