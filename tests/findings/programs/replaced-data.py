"""A plan that replaces a MemoryDB cluster, for another key."""

import json
import pathlib
import subprocess
import sys

address = "module.memorydb.aws_memorydb_cluster.anyscale_memorydb[0]"
change = {
    "actions": ["delete", "create"],
    "before": {"name": "anyscale", "kms_key_arn": "arn:aws:kms:us-east-2:111122223333:key/1234abcd"},
    "after": {"name": "anyscale", "kms_key_arn": None},
    "after_unknown": {},
    "replace_paths": [["kms_key_arn"]],
}
changes = [{"address": address, "mode": "managed", "type": "aws_memorydb_cluster", "change": change}]
plan = {"format_version": "1.2", "planned_values": {}, "resource_changes": changes}
pathlib.Path("plan.json").write_text(json.dumps(plan))
subprocess.run([sys.executable, "-m", "anyscale_constructs", "check-plan", "plan.json"], check=False)
