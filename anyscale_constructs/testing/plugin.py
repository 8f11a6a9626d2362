"""The pytest plugin, which imports anything other than pytest only when a test requests its fixtures.

PYTEST_DONT_REWRITE: it has no assert statements, and pytest would warn if it is imported before it is registered.
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
    """Parametrizes the tests that request `cloud` or `stack`, with all clouds or stacks."""
    # Users' own fixtures named `cloud` and `stack` do not use these.
    names = [name for name in ("_cloud_name", "_stack_name") if name in metafunc.fixturenames]
    if not names:
        return
    from anyscale_constructs.errors import ConstructsError  # noqa: PLC0415 - not needed by other tests

    clouds = _clouds(metafunc.config)
    try:
        stacks = [(cloud, stack) for cloud in clouds for stack in _stacks(clouds, cloud, names)]
    except ConstructsError as error:
        raise pytest.Collector.CollectError(clouds.explain(error)) from None
    rows = [[cloud if name == "_cloud_name" else (cloud, stack) for name in names] for cloud, stack in stacks]
    metafunc.parametrize(names, rows, indirect=True, ids=[stack for _, stack in stacks], scope="session")


@pytest.hookimpl(wrapper=True)
def pytest_assertrepr_compare(left: Any, right: Any) -> Generator[None, list[list[str] | None], list[list[str] | None]]:
    """Adds the command that accepts a changed snapshot above the difference, since pytest truncates the end."""
    results = yield
    for side in (left, right):
        if type(side).__name__ == "SnapshotAssertion" and side.extension_class.__name__ == "CloudSnapshotExtension":
            return [lines and [lines[0], _ACCEPT, *lines[1:]] for lines in results]
    return results


@pytest.fixture(scope="session")
def clouds(pytestconfig: pytest.Config) -> "Clouds":
    """The clouds of the repository, by name, e.g. `clouds["prod"].stacks`; each one is synthesized once."""
    return _clouds(pytestconfig)


@pytest.fixture(scope="session")
def cloud(_cloud_name: str, clouds: "Clouds") -> "SynthesizedCloud":
    """Each cloud of the repository, with its name, file, configuration and stacks."""
    return _made(clouds, lambda: clouds[_cloud_name])


@pytest.fixture(scope="session")
def stack(_stack_name: tuple[str, str], clouds: "Clouds") -> "SynthesizedStack":
    """Each stack of each cloud of the repository; Kubernetes clouds have two stacks."""
    return _made(clouds, lambda: clouds.stack(*_stack_name))


@pytest.fixture
def cloud_snapshot(request: pytest.FixtureRequest) -> "SnapshotAssertion":
    """Syrupy's fixture `snapshot` with one JSON file per stack, for `assert stack == cloud_snapshot`."""
    from anyscale_constructs.errors import ConstructsError  # noqa: PLC0415 - not needed by other tests

    try:
        from anyscale_constructs.testing.snapshots import CloudSnapshotExtension  # noqa: PLC0415 - requires syrupy
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
    """Returns the clouds of the session, next to the cdktf.json in pytest's root, the working directory or a parent."""
    if _CLOUDS not in config.stash:
        from anyscale_constructs.testing.clouds import Clouds, root_of  # noqa: PLC0415 - not needed by other tests

        here = config.invocation_params.dir
        config.stash[_CLOUDS] = Clouds(root_of(config.rootpath, here, *here.parents) or config.rootpath)
    return config.stash[_CLOUDS]


def _made(clouds: "Clouds", make: Callable[[], _T]) -> _T:
    from anyscale_constructs.errors import ConstructsError  # noqa: PLC0415 - not needed by other tests

    try:
        return make()
    except ConstructsError as error:
        raise pytest.fail.Exception(clouds.explain(error), pytrace=False) from None
