"""The app: stacks in, Terraform JSON out, all of it or nothing."""

import json
import os
import pathlib
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from anyscale_constructs import engine
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.errors import SynthesisError

# Both engines write their own version into the JSON; one constant keeps the bytes the same on either.
_FORMAT_VERSION = "0.21.0"
_RESIDUE = re.compile(r"TfToken\[|<jsii\.|jsii\._")


class App(engine.App):
    """A CDKTF app whose stacks are checked before and after synthesis.

    Args:
        outdir: The output directory. Default: CDKTF_OUTDIR, which the CLI sets, else cdktf.out.
    """

    def __init__(self, outdir: str | os.PathLike[str] | None = None) -> None:
        super().__init__(outdir=os.fspath(outdir) if outdir else None, stack_traces=False)
        self.node.set_context("cdktfVersion", _FORMAT_VERSION)
        self.stacks: list[CloudStack] = []

    def synth(self) -> None:
        """Writes each stack's JSON.

        Raises:
            ConstructsError: A stack is wrong; nothing is written then, or the JSON holds what Terraform can't read.
        """
        for stack in (child for child in self.node.children if isinstance(child, CloudStack)):
            stack.prepare()
        super().synth()
        for file in sorted(pathlib.Path(self.outdir).glob("stacks/*/cdk.tf.json")):
            text = file.read_text(encoding="utf-8")
            if residue := _RESIDUE.search(text):
                raise SynthesisError(
                    f"{file.parent.name}: {_around(text, residue)} is left of a value that is known only later",
                    mend="take the value from your configuration, or write a Terraform function with expr()",
                )
            file.write_text(json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n", encoding="utf-8")
