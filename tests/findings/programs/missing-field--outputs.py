"""A resource file without the zones that a cloud on EKS needs."""

import json
import pathlib
import subprocess
import sys

outputs = {
    "provider": "AWS",
    "compute_stack": "K8S",
    "region": "us-east-2",
    "object_storage": {"bucket_name": "s3://acme-anyscale"},
    "kubernetes_config": {"anyscale_operator_iam_identity": "arn:aws:iam::111122223333:role/anyscale-operator"},
}
pathlib.Path("outputs.json").write_text(json.dumps(outputs))
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
]
subprocess.run(command, check=False)
