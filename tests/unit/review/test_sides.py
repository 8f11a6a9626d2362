"""The two sides of a review."""

import gc
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from anyscale_constructs.errors import ReviewError
from anyscale_constructs.findings import Place
from anyscale_constructs.review import sides
from tests import said
from tests.unit.review.repository import CLOUD, FOLDER, commit, git, repository

KIND = """from anyscale_constructs.clouds import Ec2Stack


class OwnStack(Ec2Stack):
    def compose(self):
        super().compose()
        self.add_output("made_by", "{}")
"""


@pytest.fixture
def infra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = repository(tmp_path / "repository")
    monkeypatch.chdir(folder)
    return folder


def stack(side: sides.Side, name: str = "prod") -> dict[str, dict[str, dict[str, object]]]:
    content: dict[str, dict[str, dict[str, object]]] = json.loads(
        (side.out / "stacks" / name / "cdk.tf.json").read_text(encoding="utf-8")
    )
    return content


def test_each_side_has_its_own_files(infra: Path) -> None:
    (infra / "clouds/prod.yaml").write_text(CLOUD.replace("/19", "/18"))
    base, head = sides.from_revision("HEAD"), sides.from_work_tree()
    assert [stack(side)["module"]["vpc"]["cidr_block"] for side in (base, head)] == ["10.0.0.0/19", "10.0.0.0/18"]
    assert (base.name, head.name) == ("HEAD", "work tree")
    assert not [*infra.glob("cdktf.out")]


@pytest.mark.usefixtures("infra")
def test_inputs_and_keys_have_places() -> None:
    base, head = sides.from_revision("main"), sides.from_work_tree()
    assert base.origins["prod"]["vpc.cidr_block"] == Place("main:clouds/prod.yaml", 5, 3)
    assert head.origins["prod"]["securitygroups.ingress_from_cidr_map"] == Place("clouds/prod.yaml", 7, 3)
    assert head.origins["prod"]["security_group.ingress_cidr_blocks"] == Place("clouds/prod.yaml", 7, 3)
    assert head.origins["prod"][""] == Place("clouds/prod.yaml")


def test_a_revision_has_its_own_kinds_of_clouds(infra: Path) -> None:
    own = CLOUD.replace("stack: ec2", "stack: own")
    files = {f"{FOLDER}/prod.yaml": own, "infra/stacks/__init__.py": ""}
    first = commit(infra.parent, files | {"infra/stacks/own.py": KIND.format("before")})
    (infra / "stacks/own.py").write_text(KIND.format("now"))
    made = [stack(side)["output"]["made_by"]["value"] for side in (sides.from_revision(first), sides.from_work_tree())]
    assert made == ["before", "now"]


def test_the_library_is_the_one_that_runs(infra: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own repository contains a directory with its name, and PYTHONPATH may be relative."""
    monkeypatch.setenv("PYTHONPATH", ".")
    commit(infra.parent, {"infra/anyscale_constructs/__init__.py": "raise ImportError('of the revision')"})
    assert sides.from_revision("HEAD").stacks() == ["prod"]


def test_credentials_are_not_passed_on(infra: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["AWS_SECRET_ACCESS_KEY", "GOOGLE_CREDENTIALS", "ARM_CLIENT_SECRET", "KUBECONFIG", "ANYSCALE_CLI_TOKEN"]
    for name in [*names, "TF_VAR_token"]:
        monkeypatch.setenv(name, "there")
    own = KIND.replace('"{}"', f"str([n for n in {[*names, 'TF_VAR_token']} if n in __import__('os').environ])")
    files = {"infra/stacks/__init__.py": "", "infra/stacks/own.py": own}
    commit(infra.parent, files | {f"{FOLDER}/prod.yaml": CLOUD.replace("stack: ec2", "stack: own")})
    assert stack(sides.from_revision("HEAD"))["output"]["made_by"]["value"] == "[]"


def test_allowances_are_part_of_a_side(infra: Path) -> None:
    (infra / "clouds/prod.yaml").write_text(
        f"{CLOUD}allow: {{unrestricted-permissions: known, replaced-data: no data yet}}\n"
    )
    ((rule, allowance),) = sides.from_work_tree().allowances["prod"]
    assert (rule.id, allowance.reason) == ("replaced-data", "no data yet")


def test_temporary_folders_are_removed(infra: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    side = sides.from_revision("HEAD")
    assert [*temporary.iterdir()]
    del side
    gc.collect()
    (infra / "clouds/prod.yaml").write_text("stack: [")
    with pytest.raises(ReviewError):
        sides.from_work_tree()
    assert [*temporary.iterdir()] == []


def test_an_error_in_a_revision_names_it(infra: Path) -> None:
    commit(infra.parent, {f"{FOLDER}/prod.yaml": CLOUD.replace("region", "regoin")})
    (infra / "clouds/prod.yaml").write_text(CLOUD)
    with pytest.raises(ReviewError) as caught:
        sides.from_revision("main")
    first = caught.value.findings[0]
    assert first.place == Place("main:clouds/prod.yaml", 2, 1)
    assert first.rule is not None
    assert first.rule.id == "unknown-key"


def no_repository(infra: Path) -> None:
    (infra.parent / ".git").rename(infra.parent / "git")


def shallow(infra: Path) -> None:
    head = commit(infra.parent, {})
    (infra.parent / ".git/shallow").write_text(f"{head}\n")


def unrelated(infra: Path) -> None:
    tree = git(infra, "mktree")
    git(infra, "update-ref", "refs/remotes/origin/main", git(infra, "commit-tree", "-m", "other", tree))


def nothing(_: Path) -> None:
    pass


def without_project(infra: Path) -> None:
    (infra / "cdktf.json").unlink()
    commit(infra.parent, {})


BASE, REVISION = sides.merge_base, lambda: sides.from_revision("HEAD")
NO_GIT = (
    "this directory is not in a git repository. Fix: run the command in one, or review two output directories of "
    "synthesis"
)
OTHER = "Fix: name the revision to compare with, such as main"
SHALLOW = """this is a shallow clone without the merge base of HEAD and origin/main. \
Fix: set fetch-depth: 0 for actions/checkout, or run git fetch --unshallow"""
NO_PROJECT = """HEAD has no infra/cdktf.json. \
Fix: name a revision that contains it, or run the command in the directory that contained it"""
NO_FOLDER = """clouds is neither a revision of this repository nor an output directory of synthesis. \
Fix: use a revision, such as HEAD~1, or the directory of anyscale-constructs synth --out"""
UNKNOWN = "the revision does not exist; got '{}'. Fix: use a revision that git log shows"


@pytest.mark.parametrize(
    ("breaks", "call", "text"),
    [
        (no_repository, BASE, NO_GIT),
        (no_repository, REVISION, NO_GIT),
        (shallow, BASE, SHALLOW),
        (nothing, BASE, f"there is no origin/main to compare with. {OTHER}"),
        (unrelated, BASE, f"HEAD and origin/main have no common commit. {OTHER}"),
        (nothing, lambda: sides.from_revision("v9"), UNKNOWN.format("v9")),
        (nothing, lambda: sides.from_revision("--output=x"), UNKNOWN.format("--output=x")),
        (without_project, REVISION, NO_PROJECT),
        (nothing, lambda: sides.from_folder(Path("clouds")), NO_FOLDER),
    ],
)
def test_sides_that_cannot_be_compared_are_one_line(
    breaks: Callable[[Path], None], call: Callable[[], object], text: str, infra: Path
) -> None:
    breaks(infra)
    with pytest.raises(ReviewError) as caught:
        call()
    assert said(caught.value) == text


def test_the_merge_base_is_where_the_branch_began(infra: Path) -> None:
    first = git(infra, "rev-parse", "HEAD")
    git(infra, "checkout", "--quiet", "-b", "feature")
    commit(infra.parent, {"a": ""})
    git(infra, "checkout", "--quiet", "main")
    git(infra, "update-ref", "refs/remotes/origin/main", commit(infra.parent, {"b": ""}))
    git(infra, "checkout", "--quiet", "feature")
    assert sides.merge_base() == first
    assert sides.from_revision(first).name == first[:7]


LOCK = '[[package]]\nname = "anyscale-constructs"\nversion = "{}"\n'


@pytest.mark.parametrize(
    ("file", "text", "wanted"),
    [
        ("requirements.txt", "anyscale-constructs==0.1.0 \\\n    --hash=sha256:1\n", "==0.1.0"),
        ("requirements.txt", "anyscale-constructs[cdktn] ~= 0.1.0\n", "~= 0.1.0"),
        ("requirements.txt", "anyscale-constructs>=0.1\n", ""),
        ("requirements.txt", "anyscale-constructs-other==9\n", ""),
        ("pyproject.toml", '[project]\ndependencies = ["anyscale-constructs>=9,<10"]\n', ">=9,<10"),
        ("uv.lock", LOCK.format("0.1.0"), "== 0.1.0"),
        ("uv.lock", LOCK.format("0.2.0"), ""),
        ("pylock.toml", "not TOML", ""),
        ("other.toml", 'project = "a"\npackage = {name = "b"}\n', ""),
    ],
)
def test_another_version_of_the_library_is_noted(file: str, text: str, wanted: str, infra: Path) -> None:
    commit(infra.parent, {f"infra/{file}": text})
    notes = [note.text for note in sides.from_revision("main").notes]
    here = "but is synthesized with 0.2.0"
    assert notes == ([f"main requires anyscale-constructs {wanted} in {file}, {here}"] if wanted else [])
