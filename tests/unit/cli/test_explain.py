"""`anyscale-constructs explain`: a cloud on one page."""

from pathlib import Path

import pytest

from anyscale_constructs.explain.formats import FORMATS
from tests.unit.cli.parts import CLOUD, KUBERNETES, Run, files, write

BEGINNINGS = {
    "text": "prod: AWS, VM, us-east-2, PUBLIC; 1 stack: prod\n",
    "mermaid": "flowchart TD\n",
    "html": "<!doctype html>\n",
    "svg": "<svg ",
}


@pytest.mark.parametrize("format", FORMATS)
def test_it_prints_the_page_and_writes_nothing(format: str, run: Run, folder: Path) -> None:
    write(folder, prod=CLOUD, other="nonsense: true")
    before = files(folder)
    status, out, err = run("prod", "--format", format, command="explain")
    assert (status, err) == (0, "")
    assert out.startswith(BEGINNINGS[format])
    assert files(folder) == before


def test_it_explains_all_stacks_of_a_cloud(run: Run, folder: Path) -> None:
    write(folder, prod=KUBERNETES)
    _, out, _ = run("prod", command="explain")
    assert "2 stacks, applied in this order: prod, prod-operator" in " ".join(out.split())


def test_fails_on_an_unknown_cloud(run: Run, folder: Path) -> None:
    write(folder, prod=CLOUD)
    status, out, err = run("prd", command="explain")
    assert (status, out) == (2, "")
    assert "'prd'" in err
    assert "prod" in err


def test_clouds_can_be_elsewhere(run: Run, folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "prod.yaml").write_text(CLOUD)
    status, out, _ = run("prod", "--clouds", "elsewhere", command="explain")
    assert (status, out.splitlines()[0]) == (0, BEGINNINGS["text"].strip())
