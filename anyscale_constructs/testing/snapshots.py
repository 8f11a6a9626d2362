"""Snapshots of stacks, in syrupy."""

from typing import Any

from anyscale_constructs.errors import ConstructsError
from anyscale_constructs.testing.stacks import SynthesizedStack

try:
    from syrupy.extensions.json import JSONSnapshotExtension
except ImportError:
    raise ConstructsError("syrupy is not installed", fix="pip install 'anyscale-constructs[testing]'") from None


class CloudSnapshotExtension(JSONSnapshotExtension):
    """A JSON file for each stack, with sorted keys and without the engine's notes.

    Other values, such as the inputs of a module, are written in the same way.
    """

    def serialize(self, data: Any, **options: Any) -> Any:
        """The text of the file.

        Args:
            data: A `SynthesizedStack`, or a part of its JSON.
            **options: As syrupy has them.
        """
        value = data.terraform if isinstance(data, SynthesizedStack) else data
        return super().serialize(value, **options)
