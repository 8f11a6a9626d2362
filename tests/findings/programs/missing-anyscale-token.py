"""Neither a token in the environment nor a login."""

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
environment = os.environ | {"ANYSCALE_BIN": sys.executable, "HOME": "/no/such/home", "ANYSCALE_CLI_TOKEN": ""}
command = [sys.executable, "-m", "anyscale_constructs", "register", "prod", "--outputs", "outputs.json"]
subprocess.run(command, check=False, env=environment)
