"""Fixtures, assertions, matchers and snapshots for tests of your clouds with pytest.

Pytest loads the plugin automatically if it is installed, with `pip install 'anyscale-constructs[testing]'`. Names are
loaded on first use.

PYTEST_DONT_REWRITE: it has no assert statements, and pytest would warn if it is imported before it is registered.
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

# No __dir__, because pytest would load every name in its search for fixtures.
__getattr__, _ = lazy.attributes(__name__, _PLACES)
