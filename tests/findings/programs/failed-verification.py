"""A cloud whose MemoryDB does not work: the anyscale program reports it, with exit status 0."""

import json
import os
import pathlib
import subprocess
import sys

outputs = {
    "name": "vm-aws-us-east-2",
    "provider": "AWS",
    "compute_stack": "VM",
    "region": "us-east-2",
    "object_storage": {"bucket_name": "s3://acme-anyscale"},
    "aws_config": {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "security_group_ids": ["sg-0123456789abcdef0"],
        "anyscale_iam_role_id": "arn:aws:iam::111122223333:role/anyscale-access",
        "external_id": "org_1234abcd-prod",
        "cluster_iam_role_id": "arn:aws:iam::111122223333:role/anyscale-node",
        "memorydb_cluster_name": "anyscale",
    },
}
there = outputs | {"cloud_resource_id": "cldrsrc_1"}
pathlib.Path("there.json").write_text(json.dumps({"resources": [there]}))
pathlib.Path("outputs.json").write_text(json.dumps(outputs))
program = pathlib.Path("anyscale")
program.write_text("""#!/bin/sh
case $2 in
list) if [ -f registered ]; then echo '[{"id": "cld_1"}]'; else echo '[]'; fi ;;
get) cat there.json ;;
register) touch registered; echo 'memorydb cluster: FAILED' ;;
esac
""")
program.chmod(0o755)
environment = os.environ | {"ANYSCALE_BIN": "./anyscale", "ANYSCALE_CLI_TOKEN": "sss_1234"}
command = [
    sys.executable,
    "-m",
    "anyscale_constructs",
    "register",
    "prod",
    "--outputs",
    "outputs.json",
    "--name",
    "prod",
    "--verify",
    "--json",
]
subprocess.run(command, check=False, env=environment)
