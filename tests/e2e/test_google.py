"""Values that depend on data sources in the GKE module, which is why the library sets the zones."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.doubles.server import Doubles
from tests.e2e.lives import ADDED, EXAMPLES, Config, apply, edit, merged, one_more_api, synthesize


def without_zones(document: dict[str, Any]) -> None:
    """Removes the zones, which the library always passes to upstream's module."""
    del document["module"]["gke"]["zones"]


@pytest.mark.parametrize(
    ("change", "inputs", "changes"),
    [
        (
            without_zones,
            {},
            {"google_container_cluster.primary": "update", "random_shuffle.available_zones[0]": "replace"},
        ),
        (None, {"release_channel": "UNSPECIFIED"}, {"google_container_cluster.primary": "update"}),
    ],
    ids=["zones at random", "the latest version"],
)
def test_values_from_data_sources_are_unknown_when_an_api_changes(
    change: Callable[[dict[str, Any]], None] | None,
    inputs: Config,
    changes: Mapping[str, str],
    doubles: Doubles,
    tmp_path: Path,
) -> None:
    def synthesize_edited(config: Config) -> Path:
        stack = synthesize("gke", config, tmp_path)[0]
        if change:
            edit(stack, change)
        return stack

    config = merged(EXAMPLES["gke"], {"modules": {"gke": {"inputs": inputs}}})
    stack = synthesize_edited(config)
    terraform = doubles.terraform(stack, tmp_path)
    apply(terraform)
    synthesize_edited(merged(config, one_more_api(stack)))
    expected = {ADDED: "create"} | {f"module.gke.{address}": action for address, action in changes.items()}
    assert terraform.plan().changes == expected
