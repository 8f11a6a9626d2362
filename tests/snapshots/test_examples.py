"""Snapshots of every example cloud, which show a reviewer what changes."""

from syrupy.assertion import SnapshotAssertion

from anyscale_constructs.testing import SynthesizedStack


def test_example(stack: SynthesizedStack, cloud_snapshot: SnapshotAssertion) -> None:
    assert stack == cloud_snapshot
