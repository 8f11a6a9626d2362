"""Every page can be followed: its blocks are run or checked in order, with the wheel installed."""

import json
from pathlib import Path

import pytest
import yaml

from tests import ROOT, pages
from tests.examples import FOLDER
from tests.pages import Block
from tests.reader import Reader
from tests.unit.cli.parts import files
from tests.wheel import FILES, Environment

PAGES = {page.relative_to(ROOT).as_posix(): page for page in pages.written()}


@pytest.mark.parametrize("page", [name for name, page in PAGES.items() if pages.blocks(page)])
def test_a_page_can_be_followed_literally(page: str, installed: Environment, tmp_path: Path) -> None:
    Reader(installed, tmp_path).follow(pages.blocks(PAGES[page]))


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_found(page: str) -> None:
    assert len(pages.blocks(PAGES[page])) == PAGES[page].read_text(encoding="utf-8").count("```") / 2


def test_the_first_cloud_is_the_minimal_example() -> None:
    shown = FILES["clouds/minimal.yaml"]
    assert yaml.safe_load(shown) == yaml.safe_load((FOLDER / "minimal.yaml").read_text(encoding="utf-8"))
    assert len(shown.splitlines()) <= 10


def test_python_gives_the_same_terraform_as_yaml(installed: Environment, tmp_path: Path) -> None:
    made = {}
    for way, file, command in (
        ("yaml", "clouds/minimal.yaml", ["anyscale-constructs", "synth"]),
        ("python", "main.py", ["python", "main.py"]),
    ):
        (tmp_path / way / file).parent.mkdir(parents=True)
        (tmp_path / way / file).write_text(FILES[file], encoding="utf-8")
        end = installed.run(command, tmp_path / way)
        assert end.returncode == 0, end.stderr
        made[way] = files(tmp_path / way / "cdktf.out")
    assert made["yaml"] == made["python"]
    assert list(json.loads(made["yaml"]["stacks/minimal/cdk.tf.json"])["resource"]) == [
        "aws_default_security_group",
        "aws_iam_role_policy",
    ]


CLOUD = "stack: ec2\nregion: us-east-2\norg_id: org_1\nvpc: {cidr_block: 10.0.0.0/19}\n"
SHOWN = [Block(1, "clouds/prod.yaml", False, "yaml", CLOUD)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("diff", " region: us-east-2\n-org_id: org_2\n+org_id: org_3\n"),
        ("hcl", "host {\n"),
        ("json", "{"),
        ("python", "from anyscale_constructs import Nothing\n"),
        ("python", "import\n"),
        ("sh", "anyscale-constructs register prod --tfvar a.tfvars.json"),
        ("sh", "anyscale-constructs sync"),
        ("sh", "anyscale-constructs synth && anyscale-constructs register prot"),
        ("sh", "anyscale-constructs synth prot"),
        ("sh", "anyscale-constructs synth\nterraform -chdir=cdktf.out/stacks/prot init"),
        ("sh", "az ad sp create --id 1"),
        ("sh", "cd nowhere"),
        ("sh", "git add nothing"),
        ("sh", "make nothing"),
        ("sh", "make test NOTHING=1"),
        ("sh", "pip install 'anyscale-constructs[nothing]'"),
        ("sh", "pip install anyscale-construct"),
        ("sh", "python nothing.py"),
        ("sh", "terrraform init"),
        ("toml", "a ="),
        ("yaml", "- a"),
        ("yaml", "stack: ec2\n"),
        ("yaml", "vpc: {cidr_blok: 10.0.0.0/16}\n"),
    ],
)
def test_a_wrong_block_fails(language: str, text: str, installed: Environment, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"^(line 9: |python -c )"):
        Reader(installed, tmp_path).follow([*SHOWN, Block(9, None, False, language, text)])


def test_a_page_with_wrong_output_fails(installed: Environment, tmp_path: Path) -> None:
    command = Block(9, None, False, "sh", "anyscale-constructs list\n")
    for text, fails in (("STACK ... -\n", False), ("STACK ... none\n", True), ("error[unknown-key]: a\n", True)):
        reader = Reader(installed, tmp_path)
        page = [*SHOWN, command, Block(12, None, False, "", text)]
        if fails:
            with pytest.raises(AssertionError):
                reader.follow(page)
        else:
            reader.follow(page)
