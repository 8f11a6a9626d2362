"""Git ignores output and states, with the .gitignore of this repository, of init, and of the documentation."""

import posixpath
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from anyscale_constructs.cli.repository import TEMPLATES
from anyscale_constructs.clouds.operator import SUFFIX
from anyscale_constructs.terraform import backend
from tests import ROOT


def shown() -> dict[str, str]:
    """Returns the texts, by their place."""
    texts = {".gitignore": (ROOT / ".gitignore").read_text(encoding="utf-8")}
    texts["init"] = TEMPLATES.get_template("gitignore.jinja").render()
    for page in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]:
        blocks = re.findall(r"```gitignore\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        texts |= {f"{page.name} {number}": block for number, block in enumerate(blocks)}
    return texts


def made() -> Iterator[str]:
    """Returns the files that synthesis and Terraform create next to those that belong into git."""
    yield from ("cdktf.out/manifest.json", ".cdktf.out.abc123/stacks/prod/cdk.tf.json")
    for path in (None, "../../../prod.tfstate", "../../../state/prod.tfstate"):
        first = backend.Local(path=path)
        states = {"prod": first, f"prod{SUFFIX}": backend.beside(first, SUFFIX)}
        for name, state in states.items():
            file = posixpath.normpath(f"cdktf.out/stacks/{name}/{backend.place(state, name)}")
            folder, slash, own = file.rpartition("/")
            yield from (file, f"{file}.backup", f"{folder}{slash}.{own}.lock.info")


@pytest.mark.parametrize("where", shown())
def test_output_and_states_are_ignored(where: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text(shown()[where], encoding="utf-8")
    ask = ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "--stdin"]
    ignored = subprocess.run(ask, input="\n".join(made()), capture_output=True, text=True, check=True).stdout
    assert ignored.splitlines() == list(made())


def test_a_page_shows_the_lines() -> None:
    assert "backends.md 0" in shown()
