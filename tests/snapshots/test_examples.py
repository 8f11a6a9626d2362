"""Every example cloud as a snapshot: what a reviewer should see change."""

from syrupy.assertion import SnapshotAssertion

from anyscale_constructs.testing import SynthesizedStack


def test_example(stack: SynthesizedStack, cloud_snapshot: SnapshotAssertion) -> None:
    assert stack == cloud_snapshot
