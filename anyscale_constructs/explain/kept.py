"""What a destroy keeps, or refuses to delete."""

from collections.abc import Iterator, Mapping, Sequence

from anyscale_constructs.explain.parts import Part, Stack, spelled
from anyscale_constructs.explain.sections import Section, grouped
from anyscale_constructs.review import kinds
from anyscale_constructs.review.facts import is_off

MEANINGS: Mapping[str, str] = {
    "prevent_destroy": "prevent_destroy: Terraform refuses to destroy it",
    "deletion_protection": "deletion_protection: the provider refuses to delete it",
    "force_destroy = false": "force_destroy is off: a destroy fails while objects are in the bucket",
    "versions of objects": "old versions of objects are kept, and must be deleted before the bucket",
    "retention policy": "retention policy: objects cannot be deleted during the retention period",
    "deleted files are kept": "deleted objects can be restored for some days",
    "backups": "AWS Backup keeps backups of the files",
    "snapshots": "snapshots are kept as long as the store exists",
}
"""The meaning of each fact on deletion, by its value in reviews."""


def kept(stacks: Sequence[Stack]) -> Section:
    """Returns the section on what a destroy keeps, or refuses to delete.

    Args:
        stacks: The stacks of the cloud.
    """
    lines = [line for stack in stacks for part in stack.parts.values() for line in _kept(stack, part)]
    rest = "everything that these stacks create" if not lines else "everything else that these stacks create"
    note = f"A destroy deletes {rest}. Existing resources that are only referenced stay."
    return Section("What a destroy keeps", grouped(lines), note)


def _kept(stack: Stack, part: Part) -> Iterator[tuple[str, str]]:
    for fact in stack.facts_on(part):
        if fact.kind is kinds.DELETION:
            yield part.address, MEANINGS.get(str(fact.value), spelled(fact.value))
    if part.kind == "aws_kms_key":
        days = spelled(part.arguments.get("deletion_window_in_days", 30))
        yield part.address, f"the key is deleted after {days} days; until then, the deletion can be cancelled"
    if part.kind == "google/cloudapis" and is_off(part.arguments.get("disable_services_on_destroy")):
        yield part.address, "the APIs of the project stay enabled"
