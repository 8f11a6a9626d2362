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
    "retention policy": "retention policy: objects cannot be deleted before their time",
    "deleted files are kept": "deleted objects can be restored for a time",
    "backups": "AWS Backup keeps backups of the files",
    "snapshots": "snapshots are kept while the store exists",
}
"""What each fact on deletion means, by the words that reviews have for it."""


def kept(stacks: Sequence[Stack]) -> Section:
    """What a destroy keeps, or refuses to delete.

    Args:
        stacks: The stacks of the cloud.
    """
    lines = [line for stack in stacks for part in stack.parts.values() for line in _kept(stack, part)]
    rest = "all that these stacks make" if not lines else "everything else that these stacks make"
    note = f"A destroy deletes {rest}. What exists already, and is only named, stays."
    return Section("What a destroy keeps", grouped(lines), note)


def _kept(stack: Stack, part: Part) -> Iterator[tuple[str, str]]:
    for fact in stack.facts_on(part):
        if fact.kind is kinds.DELETION:
            yield part.address, MEANINGS.get(str(fact.value), spelled(fact.value))
    if part.kind == "aws_kms_key":
        days = spelled(part.arguments.get("deletion_window_in_days", 30))
        yield part.address, f"the key is deleted after {days} days, until when that can be cancelled"
    if part.kind == "google/cloudapis" and is_off(part.arguments.get("disable_services_on_destroy")):
        yield part.address, "the project's APIs stay enabled"
