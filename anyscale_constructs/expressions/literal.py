"""What a plain string means to Terraform, which reads every string as a template."""

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
"""The types whose values stand in Terraform as strings."""

_STEPS = r"""(?:\.[A-Za-z_][\w-]*|\[(?:\d+|"[^"\\$%]*")\])*"""
REFERENCE = re.compile(r"\$\{((?:module|var|local|data)\.[A-Za-z_]" + rf"[\w-]*{_STEPS})" + r"\}")
"""Text that is wholly one reference, whose code is the group."""
ENGINE_NUMBER = r"-8\.1095622\d*e\+298"
"""The engine's token for a number, as Python writes it."""
_OPENING = re.compile(r"(\$+|%+)\{")
# What Terraform would read as an expression rather than as another program's variable: a call, a named value of
# Terraform's, or a resource, whose type has its provider's name before an underscore; or what stands for one of those.
_LOOKS_LIKE_CODE = re.compile(
    r"(?<!\$)\$\{(?:"
    r"[^}]*?(?<![\w.:-])(?:[a-z][a-z0-9_]*\(|(?:module|var|local|data|each|count|path|self|terraform)\.[A-Za-z_]"
    r"|[a-z][a-z0-9]*_\w+\.[A-Za-z_][\w-]*[.\[])"
    rf"|(?:\$\{{TfToken\[[^\]]*\]\}}|{words.WORD.pattern}|{ENGINE_NUMBER})[^{{}}]*\}}"
    r")"
)


def literal(text: str, at: str = "value") -> str:
    """The text as Terraform has to be given it, so that it means these very letters.

    `${` and `%{` become `$${` and `%%{`; where they are given as `$${` and `%%{` already, they stay. Text that is
    wholly one reference, such as `${var.region}`, is code. The engine's tokens stay as they are.

    Args:
        text: The text.
        at: Where it stands, for the error.

    Raises:
        InputError: Terraform code stands in the midst of the text.
    """
    if "{" not in text or REFERENCE.fullmatch(text):
        return text
    if found := _LOOKS_LIKE_CODE.search(text):
        raise InputError(
            f"{at} has Terraform code in a plain string",
            value=text[found.start() :],
            fix='in Python, write it with an expression: "prefix-" + vpc.vpc_id, or expr("lower(var.name)"); '
            "write $${ for the letters ${",
        )

    def escape(match: re.Match[str]) -> str:
        signs, is_token = match.group(1), text.startswith("${TfToken[", match.end() - 2)
        if is_token and len(signs) > 1:  # the engine would take the token for text
            return words.word(words.Code(f'"{signs[1:]}"', "string")) + "${"
        return match.group() if is_token or len(signs) > 1 else f"{signs}{match.group()}"

    return _OPENING.sub(escape, text)
