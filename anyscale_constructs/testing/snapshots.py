"""Snapshots of stacks, for syrupy."""

from typing import Any

from anyscale_constructs.errors import ConstructsError
from anyscale_constructs.testing.stacks import SynthesizedStack

try:
    from syrupy.extensions.json import JSONSnapshotExtension
except ImportError:
    raise ConstructsError("syrupy is not installed", fix="pip install 'anyscale-constructs[testing]'") from None


class CloudSnapshotExtension(JSONSnapshotExtension):
    """Writes one JSON file per stack, with sorted keys and without the engine's comments.

    Other values, such as the inputs of a module, can be snapshots too.
    """

    def serialize(self, data: Any, **options: Any) -> Any:
        """Returns the text of the snapshot file.

        Args:
            data: A `SynthesizedStack`, or a part of its JSON.
            **options: The options of syrupy.
        """
        value = data.terraform if isinstance(data, SynthesizedStack) else data
        return super().serialize(value, **options)
