"""What several Google modules have in common, and the guards for it."""

from typing import Any

from pydantic import TypeAdapter

from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.types import Labels
from anyscale_constructs.terraform.module import Inputs, value_is_refused

CLIENT_CONFIG = "data.google_client_config.current"
"""Where upstream reads the provider's project, region and zone, unless inputs give them."""

_SHORTEST_SUFFIX = 4
_MOST_LABELS = 64
_LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)


def the_module_is_enabled(i: Inputs) -> Finding | None:
    """Without its resources a module's outputs are empty or null, and null inside a text is an error."""
    if i["module_enabled"] is False:
        return Finding("module_enabled is off, so the outputs are empty or null", "leave the construct out instead")
    return None


def the_random_suffix_has_a_length(i: Inputs) -> Finding | None:
    """Upstream's own check lets 2 pass, and then makes zero random bytes, which fails even without a suffix."""
    length = i["random_char_length"]
    if i.known("random_char_length") and (length < _SHORTEST_SUFFIX or length % 2):
        return Finding("random_char_length is no length upstream can make", "leave it out", length, "4, 6, 8, ...")
    return None


def labels_are_ones_google_accepts(i: Inputs) -> Finding | None:
    """Google refuses others at apply, when half of the cloud is there."""
    labels = i["labels"]
    if is_unresolved(labels):
        return None
    if len(labels) >= _MOST_LABELS:
        allowed = f"at most {_MOST_LABELS - 1}, since upstream adds one"
        return Finding("labels are too many", "leave some out", len(labels), allowed)
    return value_is_refused(_LABELS, labels, "labels", "change it")


def name_is_refused(
    i: Inputs, kind: TypeAdapter[Any], *names: str, default: str = "", after: str = ""
) -> Finding | None:
    """An error when Google refuses the name that upstream makes.

    Args:
        i: The module's inputs.
        kind: The type of such names.
        names: The inputs upstream takes it from: the first that is set.
        default: What upstream takes when none is.
        after: What upstream appends after the random suffix.
    """
    given = next((name for name in names if i[name] is not None), names[-1])
    text, suffix = default if i[given] is None else i[given], _suffix(i)
    if suffix is None or is_unresolved(text):
        return None
    what = f"{given} with the random suffix" if suffix else given
    return value_is_refused(kind, text + suffix + after, what, "choose another")


def globally_unique(given: dict[str, Any]) -> dict[str, Any]:
    """A longer suffix for names that all of Google Cloud shares: upstream's four digits are soon taken."""
    return {"random_char_length": 8} | given


def exact_names(given: dict[str, Any], *names: str) -> dict[str, Any]:
    """Switches the random suffix off where a name is given: upstream appends it to names as well as to prefixes."""
    return {"enable_random_name_suffix": False} | given if any(name in given for name in names) else given


def _suffix(i: Inputs) -> str | None:
    switch, length = "enable_random_name_suffix", "random_char_length"
    if switch not in i or i[switch] is False:
        return ""
    return "0" * i[length] if i.known(switch, length) else None
