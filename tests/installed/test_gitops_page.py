"""What docs/how-to/gitops.md shows is what the wheel prints."""

import re
import shlex
from pathlib import Path

from tests import ROOT
from tests.wheel import Environment

PAGE = (ROOT / "docs" / "how-to" / "gitops.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```sh\n(.*?)```\n\n(?:[^`]*)```(?:json)?\n(.*?)```", PAGE, flags=re.DOTALL)


def test_its_commands_print_what_it_shows(installed: Environment, tmp_path: Path) -> None:
    repository = tmp_path / "acme-clouds"

    def said(command: str, folder: Path = repository) -> str:
        end = installed.run(shlex.split(command.replace("\\\n", "")), folder)
        assert end.returncode == 0, end.stderr
        return end.stdout

    (init, made), (everything, table), (changed, matrix) = SHOWN
    assert said(init, tmp_path) == made
    assert said(everything) == table
    for command in ("init --quiet --initial-branch main", "add --all", "commit --quiet --message Start"):
        said(f"git -c user.name=a -c user.email=a@example.com {command}")
    cloud = repository / "clouds" / "prod.yaml"
    text = cloud.read_text(encoding="utf-8")
    cloud.write_text(text.replace("ingress_cidr_blocks: [203.0.113.0/24]", "ingress_cidr_blocks: [198.51.100.0/24]"))
    assert said(changed) == matrix
