"""A token that has expired."""

import json
import os
import pathlib
import subprocess
import sys

resource = {
    "provider": "GENERIC",
    "compute_stack": "K8S",
    "region": "default",
    "object_storage": {"bucket_name": "s3://acme-anyscale"},
}
outputs = {"anyscale_cloud_name": "prod", "anyscale_cloud_resource": resource}
pathlib.Path("outputs.json").write_text(json.dumps(outputs))
program = pathlib.Path("anyscale")
program.write_text("""#!/bin/sh
echo 'Error: your credentials are invalid or have expired' >&2
exit 1
""")
program.chmod(0o755)
environment = os.environ | {"ANYSCALE_BIN": "./anyscale", "ANYSCALE_CLI_TOKEN": "sss_1234"}
command = [sys.executable, "-m", "anyscale_constructs", "register", "prod", "--outputs", "outputs.json", "--json"]
subprocess.run(command, check=False, env=environment)
