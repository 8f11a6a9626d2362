"""The minimum cost of the work in Python: reads YAML with libyaml, and writes the same JSON.

Usage: python floor.py OUT CLOUDS TEMPLATE
"""

import json
import pathlib
import sys

import yaml

out, clouds, template = map(pathlib.Path, sys.argv[1:])
TEMPLATE = template.read_text()
for file in sorted(clouds.glob("*.yaml")):
    yaml.load(file.read_text(), yaml.CSafeLoader)
    for name, content in json.loads(TEMPLATE.replace("cloud-000", file.stem)).items():
        folder = out / "stacks" / name
        folder.mkdir(parents=True)
        (folder / "cdk.tf.json").write_text(json.dumps(content, indent=2))
