"""Clouds before and after a change, planned offline with the real Terraform, modules and provider."""

import copy
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

from anyscale_constructs.review import offline, sides
from anyscale_constructs.review.plans import Change
from tests import ROOT
from tests.e2e.clones import module_sources
from tests.e2e.plugins import OLD_S3, Plugins, find_plugins
from tests.e2e.terraform import clean_environment
from tests.examples import FOLDER

Edit = Callable[[dict[str, Any]], object]


class Workshop:
    """The environment in which clouds are changed and planned.

    Args:
        work: A directory for all files.
    """

    def __init__(self, work: Path) -> None:
        self.work = work

    @cached_property
    def _plugins(self) -> Plugins:
        return find_plugins(self.work)

    def example(self, name: str, edit: Edit = lambda _: None) -> dict[str, Any]:
        """Returns an example that can be planned with the available provider."""
        config: dict[str, Any] = copy.deepcopy(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))
        config.pop("mirror", None)
        if "bucket_name" not in config.get("bucket", {}) and self._plugins.only_aws_5:
            config.setdefault("modules", {}).setdefault("s3", {})["ref"] = OLD_S3
        edit(config)
        return config

    def side(self, name: str, clouds: Mapping[str, str]) -> sides.Side:
        """Synthesizes clouds as a review does.

        Args:
            name: The side's directory.
            clouds: The text of each cloud, by name.
        """
        folder = self.work / name
        (folder / "clouds").mkdir(parents=True)
        (folder / "cdktf.json").write_text('{"context": {"clouds": "clouds"}}', encoding="utf-8")
        for cloud, text in clouds.items():
            (folder / "clouds" / f"{cloud}.yaml").write_text(text, encoding="utf-8")
        before = Path.cwd()
        os.chdir(folder)
        try:
            return sides.from_work_tree()
        finally:
            os.chdir(before)

    def environment(self, *reviewed: sides.Side) -> dict[str, str]:
        """Returns the environment of a review: no network if providers and modules are on this machine."""
        folders = [folder for side in reviewed for folder in side.out.glob("stacks/*")]
        closed = clean_environment(self.work, self._plugins, module_sources(folders))
        return {**closed, "PYTHONPATH": str(ROOT)}


def planned(base: sides.Side, head: sides.Side, stack: str) -> list[Change]:
    """Returns the offline plan of a stack."""
    plans = offline.plan(base, head)
    assert not plans.failures, plans.failures
    return plans.changes.get(stack, [])


def replace_environment(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """Runs the block in another environment, except for the variables of pytest."""
    for name in [*os.environ]:
        if not name.startswith("PYTEST_"):
            monkeypatch.delenv(name)
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
