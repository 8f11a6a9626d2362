"""A registered cloud with a different region."""

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
there = resource | {"name": "k8s-generic-default", "cloud_resource_id": "cldrsrc_1", "region": "berlin"}
pathlib.Path("there.json").write_text(json.dumps({"resources": [there]}))
pathlib.Path("outputs.json").write_text(json.dumps(outputs))
program = pathlib.Path("anyscale")
program.write_text("""#!/bin/sh
case $2 in
list) echo '[{"id": "cld_1"}]' ;;
get) cat there.json ;;
esac
""")
program.chmod(0o755)
environment = os.environ | {"ANYSCALE_BIN": "./anyscale", "ANYSCALE_CLI_TOKEN": "sss_1234"}
command = [sys.executable, "-m", "anyscale_constructs", "register", "prod", "--outputs", "outputs.json", "--json"]
subprocess.run(command, check=False, env=environment)
