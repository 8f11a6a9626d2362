"""A plan that destroys the flow logs of a VPC."""

import json
import pathlib
import subprocess
import sys

change = {"actions": ["delete"], "before": {"id": "1"}, "after": None, "after_unknown": {}}
changes = [
    {"address": "module.vpc.aws_flow_log.anyscale_vpc[0]", "mode": "managed", "type": "aws_flow_log", "change": change}
]
plan = {"format_version": "1.2", "planned_values": {}, "resource_changes": changes}
pathlib.Path("plan.json").write_text(json.dumps(plan))
subprocess.run([sys.executable, "-m", "anyscale_constructs", "check-plan", "plan.json"], check=False)
