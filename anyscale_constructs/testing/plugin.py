"""The pytest plugin: what it needs beside pytest is imported when a test asks for it.

PYTEST_DONT_REWRITE: it holds no assert statement, and pytest would warn where it is imported before it is a plugin.
"""

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from anyscale_constructs.testing.clouds import Clouds, SynthesizedCloud
    from anyscale_constructs.testing.stacks import SynthesizedStack

_T = TypeVar("_T")
_CLOUDS = pytest.StashKey["Clouds"]()
_ACCEPT = "The Terraform changed. To accept it: pytest --snapshot-update"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes a test for each cloud or stack of those that ask for one."""
    # Other fixtures of the names `cloud` and `stack` do not use these.
    names = [name for name in ("_cloud_name", "_stack_name") if name in metafunc.fixturenames]
    if not names:
        return
    from anyscale_constructs.errors import ConstructsError  # noqa: PLC0415 - other tests need none of it

    clouds = _clouds(metafunc.config)
    try:
        stacks = [(cloud, stack) for cloud in clouds for stack in _stacks(clouds, cloud, names)]
    except ConstructsError as error:
        raise pytest.Collector.CollectError(clouds.explain(error)) from None
    rows = [[cloud if name == "_cloud_name" else (cloud, stack) for name in names] for cloud, stack in stacks]
    metafunc.parametrize(names, rows, indirect=True, ids=[stack for _, stack in stacks], scope="session")


@pytest.hookimpl(wrapper=True)
def pytest_assertrepr_compare(left: Any, right: Any) -> Generator[None, list[list[str] | None], list[list[str] | None]]:
    """Names the command that accepts a change of a stack, above the difference, since pytest cuts the end off."""
    results = yield
    for side in (left, right):
        if type(side).__name__ == "SnapshotAssertion" and side.extension_class.__name__ == "CloudSnapshotExtension":
            return [lines and [lines[0], _ACCEPT, *lines[1:]] for lines in results]
    return results


@pytest.fixture(scope="session")
def clouds(pytestconfig: pytest.Config) -> "Clouds":
    """The repository's clouds by name, e.g. `clouds["prod"].stacks`; each is synthesized once."""
    return _clouds(pytestconfig)


@pytest.fixture(scope="session")
def cloud(_cloud_name: str, clouds: "Clouds") -> "SynthesizedCloud":
    """Each cloud of the repository: its name, its file, its configuration and its stacks."""
    return _made(clouds, lambda: clouds[_cloud_name])


@pytest.fixture(scope="session")
def stack(_stack_name: tuple[str, str], clouds: "Clouds") -> "SynthesizedStack":
    """Each stack of each cloud of the repository; a cloud on Kubernetes has two."""
    return _made(clouds, lambda: clouds.stack(*_stack_name))


@pytest.fixture
def cloud_snapshot(request: pytest.FixtureRequest) -> "SnapshotAssertion":
    """The fixture `snapshot` of syrupy, with a JSON file for each stack: `assert stack == cloud_snapshot`."""
    from anyscale_constructs.errors import ConstructsError  # noqa: PLC0415 - other tests need none of it

    try:
        from anyscale_constructs.testing.snapshots import CloudSnapshotExtension  # noqa: PLC0415 - it needs syrupy
    except ConstructsError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    snapshot: SnapshotAssertion = request.getfixturevalue("snapshot")
    return snapshot.use_extension(CloudSnapshotExtension)


@pytest.fixture(scope="session")
def _cloud_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def _stack_name(request: pytest.FixtureRequest) -> tuple[str, str]:
    names: tuple[str, str] = request.param
    return names


def _stacks(clouds: "Clouds", cloud: str, names: Sequence[str]) -> list[str]:
    return clouds.stack_names(cloud) if "_stack_name" in names else [cloud]


def _clouds(config: pytest.Config) -> "Clouds":
    """The clouds of the session: those beside the cdktf.json that is nearest, from pytest's root or its folder up."""
    if _CLOUDS not in config.stash:
        from anyscale_constructs.testing.clouds import Clouds, root_of  # noqa: PLC0415 - other tests need none of it

        here = config.invocation_params.dir
        config.stash[_CLOUDS] = Clouds(root_of(config.rootpath, here, *here.parents) or config.rootpath)
    return config.stash[_CLOUDS]


def _made(clouds: "Clouds", make: Callable[[], _T]) -> _T:
    from anyscale_constructs.errors import ConstructsError  # noqa: PLC0415 - other tests need none of it

    try:
        return make()
    except ConstructsError as error:
        raise pytest.fail.Exception(clouds.explain(error), pytrace=False) from None
