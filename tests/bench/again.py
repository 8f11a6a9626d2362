"""Writes the synthesized clouds with plain cdktf, from a template: it plans and checks nothing.

A program written by hand does at least this.

Usage: python again.py OUT COUNT TEMPLATE
"""

import json
import pathlib
import sys
from typing import Any

from cdktf import App, LocalBackend, TerraformHclModule, TerraformOutput, TerraformStack  # noqa: TID251 - the reference for the comparison


class Stack(TerraformStack):
    def __init__(self, scope: App, id: str, content: dict[str, Any]) -> None:
        super().__init__(scope, id)
        LocalBackend(self, path=content["terraform"].pop("backend")["local"]["path"])
        for name, call in content.pop("module", {}).items():
            source, version = call.pop("source"), call.pop("version", None)
            TerraformHclModule(self, name, source=source, version=version, variables=call)
        for name, output in content.pop("output").items():
            TerraformOutput(self, name, value=output["value"])
        for block, inner in content.items():
            self.add_override(block, inner)


out, count, template = sys.argv[1:]
TEMPLATE = pathlib.Path(template).read_text()
app = App(outdir=out, stack_traces=False)
for number in range(int(count)):
    for name, content in json.loads(TEMPLATE.replace("cloud-000", f"cloud-{number:03}")).items():
        Stack(app, name, content)
app.synth()
