"""Guards and inputs that several Google modules share."""

from typing import Any

from pydantic import TypeAdapter

from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.types import Labels
from anyscale_constructs.terraform.guards import Inputs, guard, value_is_refused

CLIENT_CONFIG = "data.google_client_config.current"
"""The data source from which upstream reads the provider's project, region and zone, unless inputs set them."""

_SHORTEST_SUFFIX = 4
_LONGEST_SUFFIX = 99  # longer than any name that Google accepts
_MOST_LABELS = 64
_LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)


@guard("google-module-disabled", "module_enabled")
def the_module_is_enabled(i: Inputs) -> Finding | None:
    """A disabled module has empty or null outputs, which the rest of the cloud needs."""
    if i["module_enabled"] is False:
        return Finding("module_enabled is false, so the module's outputs are empty or null", "remove it")
    return None


@guard("google-name-suffix", "random_char_length")
def the_random_suffix_has_a_length(i: Inputs) -> Finding | None:
    """Upstream accepts a length of 2, but then requests zero random bytes, which fails even without a suffix."""
    length = i["random_char_length"]
    if i.known("random_char_length") and (length < _SHORTEST_SUFFIX or length % 2):
        return Finding("random_char_length must be an even number of at least 4", "remove it", length)
    return None


@guard("google-labels", "labels")
def labels_are_ones_google_accepts(i: Inputs) -> Finding | None:
    """Google rejects invalid labels at apply, after part of the cloud has been created."""
    labels = i["labels"]
    if is_unresolved(labels):
        return None
    if len(labels) >= _MOST_LABELS:
        allowed = f"at most {_MOST_LABELS - 1}, since upstream adds one"
        return Finding("labels has too many entries", "remove some", len(labels), allowed)
    return value_is_refused(_LABELS, labels, "labels", "change the label")


def name_is_refused(
    i: Inputs, kind: TypeAdapter[Any], *names: str, default: str = "", after: str = ""
) -> Finding | None:
    """Returns an error if Google would reject the name that upstream composes.

    Args:
        i: The module's inputs.
        kind: The type of such names.
        names: The inputs of the name, of which upstream uses the first that is set.
        default: The name that upstream uses if none is set.
        after: The text that upstream appends after the random suffix. Default: none.
    """
    given = next((name for name in names if i[name] is not None), names[-1])
    text, suffix = default if i[given] is None else i[given], _suffix(i)
    if suffix is None or is_unresolved(text):
        return None
    added = " and ".join(filter(None, ("the random suffix" if suffix else "", after)))
    what = f"{given} with {added}" if added else given
    found = value_is_refused(kind, text + suffix + after, what, "change it")
    return found and found._replace(on=[given])


def globally_unique(given: dict[str, Any]) -> dict[str, Any]:
    """Sets a longer suffix for names that are unique in all of Google Cloud: upstream's four digits often collide."""
    return {"random_char_length": 8} | given


def exact_names(given: dict[str, Any], *names: str) -> dict[str, Any]:
    """Disables the random suffix if a name is set: upstream appends it to names as well as to prefixes."""
    return {"enable_random_name_suffix": False} | given if any(name in given for name in names) else given


def _suffix(i: Inputs) -> str | None:
    switch, length = "enable_random_name_suffix", "random_char_length"
    if switch not in i or i[switch] is False:
        return ""
    return "0" * int(min(i[length], _LONGEST_SUFFIX)) if i.known(switch, length) else None
