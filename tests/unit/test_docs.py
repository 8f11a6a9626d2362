"""The documentation is correct: generated pages are up to date, and the code in docs/how-to/cdktf.md runs."""

import importlib
import inspect
import json
import pathlib
import re
from typing import Any

import pytest

from anyscale_constructs import engine, errors, testing
from anyscale_constructs.azure import CLIENT_ID
from anyscale_constructs.cli.app import APP
from docs import generate
from tests import ROOT, pages
from tests.examples import written

PAGES = list(pages.every_page())
README = (ROOT / "README.md").read_text(encoding="utf-8")
ONLY_IN = {
    errors.OutdatedError: "`modules`",
    errors.RefusedChangeError: "`register`",
    errors.ControlPlaneError: "`register`",
}
"""The command to which an error belongs."""
FOR_CDKTF_USERS = (ROOT / "docs" / "how-to" / "cdktf.md").read_text(encoding="utf-8")


def test_generated_pages_are_up_to_date() -> None:
    assert generate.stale(generate.pages()) == [], "to accept them, run: make docs"


@pytest.mark.node
def test_the_page_for_cdktf_users_runs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each comment after a line is the resulting Terraform."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", FOR_CDKTF_USERS, flags=re.DOTALL)
    program = "\n".join(blocks).replace("from cdktf", f"from {engine.name}")
    exec(compile(program, "cdktf.md", "exec"), {})  # noqa: S102 - the page is ours
    outputs = json.loads((tmp_path / "cdktf.out" / "stacks" / "platform" / "cdk.tf.json").read_text())["output"]
    shown = re.findall(r'"(\w+)", .*\)  # (.*)', program)
    assert len(shown) > 4
    assert {name: outputs[name]["value"] for name, _ in shown} == dict(shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_have_existing_targets(page: pathlib.Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8"))
    targets = {(page.parent / link if link else page).resolve(): anchor for link, anchor in links}
    assert [str(target) for target in targets if not target.exists()] == []
    anchors = {target: anchor for target, anchor in targets.items() if anchor and target in PAGES}
    assert {target: anchor for target, anchor in anchors.items() if anchor not in headings(target)} == {}


def headings(page: pathlib.Path) -> set[str]:
    """Returns the anchors of a page's headings, as on GitHub and in mkdocs."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", ["docs/concepts/aks.md", "docs/clouds/aks.md"])
def test_pages_show_how_to_create_anyscales_service_principal(page: str) -> None:
    assert f"az ad sp create --id {CLIENT_ID}" in (ROOT / page).read_text(encoding="utf-8")


def commands() -> dict[str, Any]:
    """Returns the modules of the commands, by command."""
    return {
        name: importlib.import_module(f"anyscale_constructs.cli.{place.partition(':')[0]}")
        for name, place in APP.commands.items()
    }


def test_the_page_of_the_program_lists_every_command() -> None:
    page = (ROOT / "docs" / "concepts" / "program.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+)", page, flags=re.MULTILINE)) == APP.commands.keys()


def test_the_page_of_exit_statuses_has_every_one() -> None:
    """It lists the statuses of errors, of commands and of signals."""
    page = (ROOT / "docs" / "concepts" / "exit-statuses.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d, ]+) \| (.*?) \|", page, flags=re.MULTILINE)
    said = {(int(status), name) for left, names in rows for status in left.split(", ") for name in names.split(", ")}
    raised = {
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.ConstructsError)
    }
    assert said == {
        *((status, "all") for status in (0, 130, 141, 143)),
        *((error.exit_status, ONLY_IN.get(error, "all")) for error in raised),
        *(
            (getattr(module, status), f"`{name}`")
            for name, module in commands().items()
            for status in re.findall(r"sys\.exit\((_\w+)\)", inspect.getsource(module))
        ),
    }


def test_the_page_on_tests_lists_everything() -> None:
    """It lists all names that tests can import, and all fixtures."""
    page = (ROOT / "docs" / "how-to" / "testing.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)[`(]", page))
    types = {"CloudSnapshotExtension", "Clouds", "ModuleCall", "SynthesizedCloud", "SynthesizedStack"}
    assert {*testing.__all__} - types | {"cloud", "clouds", "stack", "cloud_snapshot"} <= named


def test_the_air_gapped_cloud_takes_all_modules_and_charts_from_mirrors(tmp_path: pathlib.Path) -> None:
    (shown,) = [block.text for block in pages.blocks(ROOT / "docs" / "how-to" / "air-gapped.md") if block.file]
    (tmp_path / "prod.yaml").write_text(shown, encoding="utf-8")
    texts = [(stack / "cdk.tf.json").read_text("utf-8") for stack in written(tmp_path / "prod.yaml", tmp_path / "out")]
    found = re.findall(r'"(?:source|repository)": "((?:git::https|https|oci):[^"]*)"', "".join(texts))
    assert len(found) > 7
    assert [source for source in found if ".example.com/" not in source] == []


def test_no_page_tells_organizations_at_azures_console_how_to_register() -> None:
    pages = [README, *(page.read_text(encoding="utf-8") for page in ROOT.glob("docs/**/*.md"))]
    assert [text for text in pages if "controlPlaneURL:" in text or "https://console.azure.anyscale.com" in text] == []
