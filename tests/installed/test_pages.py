"""Every page can be followed: its blocks are run or checked in its order, with the wheel installed."""

from pathlib import Path

import pytest

from tests import ROOT, pages
from tests.pages import Block
from tests.reader import Reader
from tests.wheel import Environment

PAGES = {page.relative_to(ROOT).as_posix(): page for page in pages.written()}


@pytest.mark.parametrize("page", [name for name, page in PAGES.items() if pages.blocks(page)])
def test_it_can_be_followed(page: str, installed: Environment, tmp_path: Path) -> None:
    Reader(installed, tmp_path).follow(pages.blocks(PAGES[page]))


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_found(page: str) -> None:
    assert len(pages.blocks(PAGES[page])) == PAGES[page].read_text(encoding="utf-8").count("```") / 2


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
    with pytest.raises(AssertionError):
        Reader(installed, tmp_path).follow([*SHOWN, Block(9, None, False, language, text)])


def test_a_page_that_shows_what_is_not_printed_fails(installed: Environment, tmp_path: Path) -> None:
    command = Block(9, None, False, "sh", "anyscale-constructs list\n")
    for text, fails in (("STACK ... -\n", False), ("STACK ... none\n", True), ("error[unknown-key]: a\n", True)):
        reader = Reader(installed, tmp_path)
        page = [*SHOWN, command, Block(12, None, False, "", text)]
        if fails:
            with pytest.raises(AssertionError):
                reader.follow(page)
        else:
            reader.follow(page)
