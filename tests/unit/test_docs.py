"""What the documentation says is so: generated pages are up to date, and the README's examples run."""

import json
import pathlib
import re
import runpy

import pytest
import yaml

from anyscale_constructs import engine
from anyscale_constructs.azure import CLIENT_ID
from tests import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FOR_CDKTF_USERS = (ROOT / "docs" / "cdktf.md").read_text(encoding="utf-8")


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)


@pytest.mark.parametrize("page", ["traps.md", "configuration.md"])
def test_generated_page_is_up_to_date(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    pages = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()
    assert pages[page] == (ROOT / "docs" / page).read_text(encoding="utf-8"), "to accept it, run: make docs"


def test_the_readme_shows_the_minimal_example() -> None:
    (shown,) = blocks("yaml")
    example = (ROOT / "examples" / "clouds" / "minimal.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(shown) == yaml.safe_load(example)
    assert len(shown.splitlines()) <= 10


def test_the_readme_shows_the_same_cloud_in_python(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = blocks("python")
    exec(compile(shown, "README.md", "exec"), {})  # noqa: S102 - the README is ours
    made = json.loads((tmp_path / "cdktf.out" / "stacks" / "minimal" / "cdk.tf.json").read_text())
    assert sorted(made["module"]) == ["iam", "s3", "s3_policy", "securitygroups", "vpc"]
    assert made["module"]["vpc"]["cidr_block"] == "10.0.0.0/19"
    assert made["module"]["iam"]["anyscale_external_id"] == "org_1234abcd-minimal"


def test_the_page_for_cdktf_users_runs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each comment behind a line is the Terraform that the line gives."""
    monkeypatch.chdir(tmp_path)
    program = "\n".join(blocks("python", FOR_CDKTF_USERS)).replace("from cdktf", f"from {engine.name}")
    exec(compile(program, "cdktf.md", "exec"), {})  # noqa: S102 - the page is ours
    outputs = json.loads((tmp_path / "cdktf.out" / "stacks" / "platform" / "cdk.tf.json").read_text())["output"]
    shown = re.findall(r'"(\w+)", .*\)  # (.*)', program)
    assert len(shown) > 4
    assert {name: outputs[name]["value"] for name, _ in shown} == dict(shown)


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))], ids=lambda page: page.name)
def test_links_lead_somewhere(page: pathlib.Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "docs/kubernetes.md", "docs/configuration.md"])
def test_it_says_how_a_tenant_gets_anyscales_service_principal(page: str) -> None:
    assert f"az ad sp create --id {CLIENT_ID}" in (ROOT / page).read_text(encoding="utf-8")


def test_no_page_tells_organizations_at_azures_console_how_to_register() -> None:
    pages = [README, *(page.read_text(encoding="utf-8") for page in ROOT.glob("docs/**/*.md"))]
    assert [text for text in pages if "controlPlaneURL:" in text or "https://console.azure.anyscale.com" in text] == []
