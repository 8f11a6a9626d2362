"""The plugin, as a repository's tests use it."""

import os
import pathlib
import subprocess
import sys

import pytest

from tests import ROOT
from tests.unit.cli.parts import CLOUD, KUBERNETES

CONFTEST = 'pytest_plugins = ["anyscale_constructs.testing"]\n'
COUNTED = """
import pytest
from anyscale_constructs.cli import synthesis
from anyscale_constructs.testing import plugin

made = []
gather = synthesis.gather_clouds
synthesis.gather_clouds = lambda directory, out, names: made.append(*names) or gather(directory, out, names)

@pytest.fixture(scope="session", autouse=True)
def _restored():
    yield
    synthesis.gather_clouds = gather
    print("made:", *sorted(made))
"""


@pytest.fixture
def repository(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A repository of two clouds, one of them on Kubernetes."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # syrupy reports nothing in a worker
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest(CONFTEST)
    pytester.mkdir("clouds")
    (pytester.path / "cdktf.json").write_text("{}")
    (pytester.path / "clouds" / "prod.yaml").write_text(CLOUD)
    (pytester.path / "clouds" / "cluster.yaml").write_text(KUBERNETES)
    return pytester


def ran(repository: pytest.Pytester, *options: str) -> pytest.RunResult:
    return repository.runpytest("-v", "-p", "no:cacheprovider", "-p", "no:xdist", *options)


def passed(result: pytest.RunResult) -> set[str]:
    return {line.split(" ")[0].partition("::")[2] for line in result.outlines if " PASSED" in line}


def test_there_is_a_test_for_each_cloud_and_stack(repository: pytest.Pytester) -> None:
    repository.makepyfile("""
        import pathlib

        def test_cloud(cloud):
            assert cloud.file == pathlib.Path("clouds") / f"{cloud.name}.yaml"
            assert cloud.config.region == "us-east-2"
            stacks = {"prod": ["prod"], "cluster": ["cluster", "cluster-operator"]}
            assert [stack.name for stack in cloud.stacks] == stacks[cloud.name]

        def test_stack(stack):
            assert stack.terraform

        def test_both(stack, cloud):
            assert stack in cloud.stacks

        def test_one(clouds):
            assert [*clouds] == ["cluster", "prod"]
            assert clouds["prod"].stacks[0].name == "prod"
    """)
    stacks = ["prod", "cluster", "cluster-operator"]
    names = {f"{test}[{stack}]" for test in ("test_stack", "test_both") for stack in stacks}
    assert passed(ran(repository)) == names | {"test_cloud[prod]", "test_cloud[cluster]", "test_one"}


def test_each_cloud_is_synthesized_once_and_only_if_it_is_used(repository: pytest.Pytester) -> None:
    repository.makeconftest(CONFTEST + COUNTED)
    repository.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", range(20))
        def test_many(number, stack, cloud):
            assert stack.terraform
    """)
    result = ran(repository, "-s")
    assert len(passed(result)) == 60
    result.stdout.fnmatch_lines(["*made: cluster prod"])
    result = ran(repository, "-s", "-k", "prod")
    assert len(passed(result)) == 20
    result.stdout.fnmatch_lines(["*made: prod"])


@pytest.mark.parametrize("own", ["step", "build"])
def test_own_kinds_are_used(repository: pytest.Pytester, own: str) -> None:
    stacks = repository.mkpydir("own_kinds")  # this process has a package `stacks` already
    (repository.path / "cdktf.json").write_text('{"context": {"stacks": "own_kinds"}}')
    bodies = {
        "step": "def compose(self):\n        super().compose()\n        self.add_output('mine', 1)",
        "build": "@classmethod\n    def build(cls, scope, name, config):\n"
        "        return [*super().build(scope, name, config), CloudStack(scope, name + '-more')]",
    }
    (stacks / "mine.py").write_text(
        "from anyscale_constructs import CloudStack\nfrom anyscale_constructs.clouds import Ec2Config, Ec2Stack\n\n"
        f"class MineStack(Ec2Stack):\n    config_type = Ec2Config\n\n    {bodies[own]}\n"
    )
    (repository.path / "clouds" / "prod.yaml").write_text(CLOUD.replace("stack: ec2", "stack: mine"))
    (repository.path / "clouds" / "cluster.yaml").unlink()
    repository.makepyfile("def test_stack(stack): assert (stack.name != 'prod') or stack.outputs")
    names = {"step": {"prod"}, "build": {"prod", "prod-more"}}
    assert passed(ran(repository)) == {f"test_stack[{name}]" for name in names[own]}


def test_an_invalid_cloud_fails_only_its_own_tests_with_its_error(repository: pytest.Pytester) -> None:
    (repository.path / "clouds" / "prod.yaml").write_text(CLOUD.replace("region", "regoin"))
    (repository.path / "clouds" / "other.yaml").write_text(CLOUD.replace("ec2", "ec3"))
    repository.makepyfile("""
        def test_cloud(cloud): pass
        def test_stack(stack): pass
    """)
    result = ran(repository)
    assert passed(result) == {"test_cloud[cluster]", "test_stack[cluster]", "test_stack[cluster-operator]"}
    result.assert_outcomes(passed=3, errors=4)
    result.stdout.fnmatch_lines(
        [
            "error?unknown-key?: clouds/prod.yaml:2:1: regoin: unknown key 'regoin': did you mean 'region'?*",
            "  2 | regoin: *",
        ]
    )
    result.stdout.no_fnmatch_line("*raceback*")
    result.stdout.no_fnmatch_line("*During handling*")
    result.stdout.no_fnmatch_line("*clouds.py:*")


@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_a_repository_without_clouds_is_one_error(repository: pytest.Pytester, folder: str) -> None:
    for cloud in (repository.path / "clouds").iterdir():
        cloud.unlink()
    if folder == "missing":
        (repository.path / "clouds").rmdir()
    repository.makepyfile("""
        def test_cloud(cloud): pass
        def test_stack(stack): pass
    """)
    result = ran(repository)
    result.assert_outcomes(errors=1)
    said = {
        "empty": "error*: the directory of clouds contains no *.yaml files; got 'clouds'",
        "missing": "error*: the directory of clouds does not exist*",
    }
    result.stdout.fnmatch_lines([said[folder], "  Fix: *--clouds*"])


def test_other_fixtures_with_the_same_names_are_unchanged(repository: pytest.Pytester) -> None:
    repository.makepyfile("""
        import pytest

        @pytest.fixture
        def stack(): return 1

        def test_fixture(stack): assert stack == 1

        def test_with_ours(stack, cloud): assert stack == 1

        @pytest.mark.parametrize("cloud", [1, 2])
        def test_values(cloud): assert cloud in {1, 2}
    """)
    names = {"test_fixture", "test_with_ours[prod]", "test_with_ours[cluster]", "test_values[1]", "test_values[2]"}
    assert passed(ran(repository)) == names


@pytest.mark.parametrize("where", ["tests", "elsewhere/deep"])
def test_the_repository_is_found_from_folders_in_it(
    repository: pytest.Pytester, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repository.path / where
    folder.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text("def test_cloud(cloud): pass\n")
    monkeypatch.chdir(folder)
    assert passed(ran(repository)) == {"test_cloud[prod]", "test_cloud[cluster]"}


def test_earlier_imports_do_not_matter(repository: pytest.Pytester) -> None:
    """As in an editable installation, whose files are unknown to pytest."""
    first = "import anyscale_constructs.testing.plugin\nfrom anyscale_constructs.testing import ANY\n"
    repository.makeconftest(first + CONFTEST)
    repository.makepyfile("def test_cloud(cloud): pass")
    result = repository.runpytest_subprocess("-v", "-W", "error", "-p", "no:cacheprovider")
    assert passed(result) == {"test_cloud[prod]", "test_cloud[cluster]"}


def test_a_snapshot_has_one_file_per_stack(repository: pytest.Pytester) -> None:
    repository.makepyfile("def test_terraform(stack, cloud_snapshot): assert stack == cloud_snapshot")
    ran(repository, "--snapshot-update").assert_outcomes(passed=3)
    folder = next(repository.path.glob("__snapshots__/*"))
    kept = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert [*sorted(kept)] == [f"test_terraform[{name}].json" for name in ("cluster-operator", "cluster", "prod")]
    assert all(b'"//"' not in text for text in kept.values())
    ran(repository).assert_outcomes(passed=3)
    ran(repository, "--snapshot-update")
    assert kept == {file.name: file.read_bytes() for file in folder.iterdir()}
    cloud = repository.path / "clouds" / "prod.yaml"
    cloud.write_text("# a comment\n" + "".join(reversed(CLOUD.splitlines(keepends=True))))
    ran(repository).assert_outcomes(passed=3)
    cloud.write_text(CLOUD.replace("org_1234abcd", "org_changed1"))
    result = ran(repository)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["E*The Terraform changed. To accept it: pytest --snapshot-update", "E*org_1234abcd*"])
    cloud.unlink()
    result = ran(repository)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*1 snapshot unused*"])
    assert ran(repository, "--snapshot-update").ret == 0
    assert [*sorted(kept)][:2] == sorted(file.name for file in folder.iterdir())


def test_parts_are_snapshots_too(repository: pytest.Pytester) -> None:
    repository.makepyfile("""
        def test_vpc(clouds, cloud_snapshot):
            assert clouds["prod"].stacks[0].module("vpc").inputs == cloud_snapshot
    """)
    ran(repository, "--snapshot-update").assert_outcomes(passed=1)
    (file,) = repository.path.glob("__snapshots__/*/*")
    assert (file.name, file.read_text().splitlines()[1].strip()[:6]) == ("test_vpc.json", '"anysc')


def test_other_snapshots_keep_their_messages(repository: pytest.Pytester) -> None:
    repository.makepyfile("def test_text(snapshot): assert 'x' == snapshot")
    result = ran(repository)
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*The Terraform changed*")


def test_without_syrupy_the_error_says_what_to_install(
    repository: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "syrupy.extensions.json", None)
    monkeypatch.delitem(sys.modules, "anyscale_constructs.testing.snapshots", raising=False)
    repository.makepyfile("""
        def test_terraform(stack, cloud_snapshot): pass
        def test_stack(stack): pass
    """)
    result = ran(repository)
    result.assert_outcomes(passed=3, errors=3)
    result.stdout.fnmatch_lines(["syrupy is not installed. Fix: pip install 'anyscale-constructs?testing?'"])


def test_the_plugin_imports_nothing_if_it_is_not_used(tmp_path: pathlib.Path) -> None:
    """Pytest loads the installed plugin in every run, so it must only import pytest."""
    program = (
        "import sys, pytest; before = {*sys.modules}\n"
        "import anyscale_constructs.testing.plugin, anyscale_constructs.testing as t\n"
        "dir(t); print(*sorted({*sys.modules} - before))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    loaded = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True, cwd=tmp_path).split()
    assert {
        name for name in loaded if name.partition(".")[0] in {"anyscale_constructs", "jsii", "pydantic", "syrupy"}
    } == {
        "anyscale_constructs",
        "anyscale_constructs.lazy",
        "anyscale_constructs.testing",
        "anyscale_constructs.testing.plugin",
    }


def test_matchers_and_types_start_no_engine(tmp_path: pathlib.Path) -> None:
    program = "import sys; from anyscale_constructs.testing import *; print('jsii' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    assert (
        subprocess.check_output([sys.executable, "-c", program], env=environment, text=True, cwd=tmp_path) == "False\n"
    )


def test_rules_are_listed_without_pytest(tmp_path: pathlib.Path) -> None:
    program = (
        "import sys; sys.modules.update(pytest=None, syrupy=None)\n"
        "from anyscale_constructs.terraform.allowances import every_rule\nprint(len(every_rule()) > 50)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    assert (
        subprocess.check_output([sys.executable, "-c", program], env=environment, text=True, cwd=tmp_path) == "True\n"
    )
