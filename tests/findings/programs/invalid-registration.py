"""An output with the cloud resource as a JSON string instead of an object."""

import json
import pathlib
import subprocess
import sys

outputs = {"anyscale_cloud_name": "prod", "anyscale_cloud_resource": json.dumps({"provider": "AWS"})}
pathlib.Path("outputs.json").write_text(json.dumps(outputs))
command = [sys.executable, "-m", "anyscale_constructs", "register", "prod", "--outputs", "outputs.json"]
subprocess.run(command, check=False)
