"""Two syntheses of clouds in YAML, to compare."""

import contextlib
import io
import pathlib
from collections.abc import Mapping

from anyscale_constructs.cli.synthesis import synthesize_clouds
from anyscale_constructs.review.stacks import StackContent, read

CLOUD = """\
stack: ec2
region: us-east-2
org_id: org_1234abcd
cloud_id: cld_1234abcd
vpc: {cidr_block: 10.0.0.0/16}
security_group: {ingress_cidr_blocks: [203.0.113.0/24]}
"""


def synthesized(folder: pathlib.Path, clouds: Mapping[str, str]) -> pathlib.Path:
    """Returns the output directory of clouds in YAML, by name."""
    (folder / "clouds").mkdir(parents=True)
    for name, text in clouds.items():
        (folder / "clouds" / f"{name}.yaml").write_text(text)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        synthesize_clouds(folder / "clouds", folder / "out", [], notes=False, format="text")
    return folder / "out"


def pair(folder: pathlib.Path, before: str, after: str) -> tuple[StackContent, StackContent]:
    """Returns the stack of one cloud before and after a change."""
    base, head = (synthesized(folder / side, {"prod": text}) for side, text in (("base", before), ("head", after)))
    return read(base)["prod"], read(head)["prod"]
