"""Tests of your clouds, in pytest: fixtures, assertions, matchers and snapshots.

Pytest loads the plugin by itself where it is installed, with `pip install 'anyscale-constructs[testing]'`. What stands
here is loaded when it is first used.

PYTEST_DONT_REWRITE: it holds no assert statement, and pytest would warn where it is imported before it is a plugin.
"""

from typing import TYPE_CHECKING

from anyscale_constructs import lazy

if TYPE_CHECKING:
    from anyscale_constructs.testing.assertions import (
        assert_module,
        assert_no_findings,
        assert_output,
        assert_resource,
    )
    from anyscale_constructs.testing.clouds import Clouds, SynthesizedCloud
    from anyscale_constructs.testing.matching import ANY, Capture, partial
    from anyscale_constructs.testing.replacing import assert_nothing_replaced
    from anyscale_constructs.testing.snapshots import CloudSnapshotExtension
    from anyscale_constructs.testing.stacks import ModuleCall, SynthesizedStack, synthesize

__all__ = [
    "ANY",
    "Capture",
    "CloudSnapshotExtension",
    "Clouds",
    "ModuleCall",
    "SynthesizedCloud",
    "SynthesizedStack",
    "assert_module",
    "assert_no_findings",
    "assert_nothing_replaced",
    "assert_output",
    "assert_resource",
    "partial",
    "synthesize",
]

_PLACES = lazy.places(
    {
        "assertions": ["assert_module", "assert_no_findings", "assert_output", "assert_resource"],
        "clouds": ["Clouds", "SynthesizedCloud"],
        "matching": ["ANY", "Capture", "partial"],
        "replacing": ["assert_nothing_replaced"],
        "snapshots": ["CloudSnapshotExtension"],
        "stacks": ["ModuleCall", "SynthesizedStack", "synthesize"],
    }
)

pytest_plugins = ["anyscale_constructs.testing.plugin"]

# No __dir__: pytest would load all of it, to look for fixtures.
__getattr__, _ = lazy.attributes(__name__, _PLACES)
