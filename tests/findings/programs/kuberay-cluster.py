"""A cluster with KubeRay, which this library does not support."""

import json
import pathlib
import subprocess
import sys

resource = {
    "provider": "GENERIC",
    "compute_stack": "KUBERAY",
    "region": "default",
    "object_storage": {"bucket_name": "s3://acme-anyscale"},
}
outputs = {"anyscale_cloud_name": "prod", "anyscale_cloud_resource": resource}
pathlib.Path("outputs.json").write_text(json.dumps(outputs))
command = [sys.executable, "-m", "anyscale_constructs", "register", "prod", "--outputs", "outputs.json"]
subprocess.run(command, check=False)
