"""Escapes plain strings for Terraform, which interprets every string as a template."""

import datetime
import ipaddress
import pathlib
import re

from anyscale_constructs import words
from anyscale_constructs.errors import InputError

WRITTEN_AS_TEXT = (
    pathlib.PurePath,
    datetime.date,
    ipaddress.IPv4Network,
    ipaddress.IPv4Address,
    ipaddress.IPv6Network,
    ipaddress.IPv6Address,
)
"""The types whose values are written to Terraform as strings."""

_STEPS = r"""(?:\.[A-Za-z_][\w-]*|\[(?:\d+|"[^"\\$%]*")\])*"""
REFERENCE = re.compile(r"\$\{((?:module|var|local|data)\.[A-Za-z_]" + rf"[\w-]*{_STEPS})" + r"\}")
"""Matches a string that consists of exactly one reference; the group is its code."""
ENGINE_NUMBER = r"-8\.1095622\d*e\+298"
"""Matches the engine's token for a number, as Python prints it."""
_OPENING = re.compile(r"(\$+|%+)\{")
# A Terraform expression rather than a variable of another template language: a function call, a named value, a resource
# (whose type begins with a provider's name and an underscore), or a placeholder of one of these.
_LOOKS_LIKE_CODE = re.compile(
    r"(?<!\$)\$\{(?:"
    r"[^}]*?(?<![\w.:-])(?:[a-z][a-z0-9_]*\(|(?:module|var|local|data|each|count|path|self|terraform)\.[A-Za-z_]"
    r"|[a-z][a-z0-9]*_\w+\.[A-Za-z_][\w-]*[.\[])"
    rf"|(?:\$\{{TfToken\[[^\]]*\]\}}|{words.WORD.pattern}|{ENGINE_NUMBER})[^{{}}]*\}}"
    r")"
)


def literal(text: str, at: str = "value") -> str:
    """Returns a string escaped for Terraform, so that Terraform reads it literally.

    `${` and `%{` are escaped as `$${` and `%%{`, unless they already are. A string that consists of exactly one
    reference, such as `${var.region}`, is code. Engine tokens are unchanged.

    Args:
        text: The string.
        at: The path of the string, for the error. Default: `value`.

    Raises:
        InputError: The string contains Terraform code next to other text.
    """
    if "{" not in text or REFERENCE.fullmatch(text):
        return text
    if found := _LOOKS_LIKE_CODE.search(text):
        raise InputError(
            f"{at} contains Terraform code in a plain string",
            value=text[found.start() :],
            fix='in Python, use an expression: "prefix-" + vpc.vpc_id, or expr("lower(var.name)"); '
            "write $${ for a literal ${",
        )

    def escape(match: re.Match[str]) -> str:
        signs, is_token = match.group(1), text.startswith("${TfToken[", match.end() - 2)
        if is_token and len(signs) > 1:  # the engine would read the token as text
            return words.word(words.Code(f'"{signs[1:]}"', "string")) + "${"
        return match.group() if is_token or len(signs) > 1 else f"{signs}{match.group()}"

    return _OPENING.sub(escape, text)
