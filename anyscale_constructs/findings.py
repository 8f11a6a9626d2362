"""Rules, and findings: the problems of a cloud, kept as data until they are printed."""

import datetime
import itertools
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from anyscale_constructs import words

Severity = Literal["error", "warning", "note"]
"""An error stops synthesis; a warning reports a likely problem; a note is shown only on request."""

Key = tuple[str | int, ...]
"""A path in a configuration: keys and list indexes, outermost first."""

NOT_GIVEN: Any = object()
"""The value of a finding that has no value to show."""
_LONGEST = 80
# User names and passwords in front of a host: messages may end up in logs.
_CREDENTIALS = re.compile(r"""(?:(?<=http://)|(?<=https://)|(?<=oci://))[^\s'"]+@|[^\s/'":]*:[^\s/'":]+@""")
# Prefixes of tokens, which no ID has: Anyscale's, AWS's, Google's, GitHub's, GitLab's, and JSON Web Tokens.
_TOKENS = re.compile(r"\b(sss_|aph0_|A[KS]IA(?=[A-Z0-9]{12})|AIza|gh[opsu]_|github_pat_|glpat-|eyJ)[\w.-]+")
# A long run of upper-case and lower-case letters and digits without a separator is random, unlike the IDs of clouds.
_RANDOM = re.compile(r"(?<![\w:/.-])(?=[\w+]{32})(?=\w*[a-z])(?=\w*[A-Z])(?=\w*\d)[A-Za-z0-9_+]{32,}={0,2}(?![\w:/.-])")
# The words of a name in snake case, kebab case or camel case.
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SECRET_WORDS = {"password", "passwords", "passwd", "passphrase", "secret", "secrets", "token", "tokens"}
_SECRET_WORDS |= {"credential", "credentials", "apikey"}
_SECRET_KEYS = {"private", "access", "account", "api", "shared", "signing"}
# A key that ends with one of these refers to a secret stored elsewhere; its value is not secret.
_NAMES_OF_SECRETS = {"arn", "arns", "id", "ids", "name", "names", "revision", "path", "file"}
# The parameters of a URL that are secrets by their names, or that sign the URL.
_PARAMETERS = re.compile(r"(?<=[?&])([\w.-]+)=[^&\s'\"]+")
_SIGNATURES = {"sig", "signature", "x-amz-signature", "x-goog-signature"}
CONTROL = re.compile(r"[\ud800-\udfff\ufffe\uffff\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters not allowed in strings: control characters except tab and line feed, surrogates, and direction marks."""

LOST_KEY = "__proto__"
"""The key that an object in JavaScript, and so in the engines on Node.js, cannot have."""

RULES: dict[str, "Rule"] = {}
"""All loaded rules, by ID."""


@dataclass(frozen=True)
class Rule:
    """A rule that clouds are checked against.

    Args:
        id: The ID, a noun phrase in kebab case, e.g. `public-ingress`.
        severity: The severity of findings that break the rule.
        why: The reason for the rule, in one or two sentences.
        source: The source of the rule: a URL, or an upstream module and file. Default: none.
        command: The command that evaluates the rule. Default: `synth`.
        allowable: Whether a cloud can allow a warning of this rule; False for rules about the run as a whole.
            Default: True.
    """

    id: str
    severity: Severity
    why: str
    source: str = ""
    command: Literal["synth", "register", "review", "doctor"] = "synth"
    allowable: bool = True

    def __post_init__(self) -> None:
        """Adds the rule to `RULES`.

        Raises:
            ValueError: A different rule has the same ID.
        """
        if RULES.setdefault(self.id, self) != self:
            raise ValueError(f"two rules have the ID {self.id}")


CONTROL_CHARACTER = Rule(
    "control-character", "error", "Providers reject control characters and unpaired surrogates, often only at apply."
)


def control_character(text: str) -> str:
    """Returns what is wrong with a string that has a control character; empty if it has none."""
    found = CONTROL.search(text)
    return f"contains the control character U+{ord(found.group()):04X}" if found else ""


class Place(NamedTuple):
    """A position in a file; lines and columns begin at 1, and 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join(map(str, filter(None, (self.file, self.line, self.column))))


class Finding(NamedTuple):
    """One violation of a rule.

    Args:
        what: What is wrong, as one clause that begins with its subject.
        fix: How to fix it, as an imperative. Default: the message does not say.
        value: The value that was given. Default: the message shows no value.
        allowed: What is accepted instead, as a noun phrase. Default: the message does not say.
        rule: The rule. Default: the guard's rule, in a finding of a guard.
        on: The construct's inputs that the finding concerns, the most relevant first. Default: the guard's inputs, in
            a finding of a guard.
        key: The path in the configuration. Default: unknown.
        construct: The construct's Terraform address, or its ID. Default: unknown.
        cloud: The name of the stack. Default: unknown.
        place: The file, line and column. Default: unknown.
    """

    what: str
    fix: str = ""
    value: Any = NOT_GIVEN
    allowed: str = ""
    rule: Rule | None = None
    on: Sequence[str] = ()
    key: Key = ()
    construct: str = ""
    cloud: str = ""
    place: Place | None = None

    def __eq__(self, other: object) -> bool:
        """Returns whether both findings are the same, wherever they are."""
        return isinstance(other, Finding) and self[:-1] == other[:-1]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:-1])

    @property
    def severity(self) -> Severity:
        """The severity of the rule; `error` without a rule."""
        return self.rule.severity if self.rule else "error"

    @property
    def text(self) -> str:
        """The message: what is wrong, the value, and what is accepted instead."""
        return self._message(self._name)

    def _message(self, name: str) -> str:
        """Returns the message, with the value as that of a key or an input."""
        text = self.what if self.value is NOT_GIVEN else f"{self.what}; got {shown(self.value, name)}"
        return clean(f"{text}; expected {self.allowed}" if self.allowed else text)

    @property
    def _name(self) -> str:
        return str(self.key[-1]) if self.key else next(iter(self.on), "")

    @property
    def where(self) -> str:
        """The place, followed by the stack unless the file is named after it."""
        place = str(self.place) if self.place and self.place.file else ""
        return clean(": ".join(filter(None, (place, self.stack))))

    @property
    def stack(self) -> str:
        """The name of the stack; empty if the file is named after it."""
        file = self.place.file if self.place else ""
        return "" if os.path.splitext(os.path.basename(file))[0] == self.cloud else self.cloud  # noqa: PTH119, PTH122 - pathlib is slow

    @property
    def subject(self) -> str:
        """The construct, else the key; empty if the text already begins with it."""
        if self.construct:
            known = self.construct == self.cloud or self.what.startswith(self.construct)
            return "" if known else clean(self.construct)
        steps = [cut(str(step)) for step in self.key]
        begins = re.match(r"[\w.-]+", self.what)
        if begins and begins.group() == ".".join(steps):
            return ""
        return clean(".".join(steps[:-1] if begins and steps and begins.group() == steps[-1] else steps))

    def __str__(self) -> str:
        return self._with_fix(": ".join(filter(None, (self.where, self.subject, self.text))))

    def _with_fix(self, said: str) -> str:
        return f"{said}. Fix: {clean(self.fix)}" if self.fix else said

    @property
    def annotation(self) -> str:
        """The text for the engine's manifest, which names the construct itself."""
        return self._with_fix(self._message(next(iter(self.on), "")))

    def as_dict(self) -> dict[str, Any]:
        """Returns the finding as a JSON object; unknown fields are None."""
        place = self.place or Place("")
        return {
            "rule": self.rule.id if self.rule else None,
            "severity": self.severity,
            "cloud": self.cloud or None,
            "file": place.file or None,
            "line": place.line or None,
            "column": place.column or None,
            "config_path": ".".join(map(str, self.key)) or None,
            "construct": self.construct or None,
            "input": next(iter(self.on), None),
            "what": clean(self.what),
            "value": None if self.value is NOT_GIVEN else plain(self.value, self._name),
            "allowed": clean(self.allowed) or None,
            "fix": clean(self.fix) or None,
        }


def in_json(path: str, what: str, fix: str = "", value: Any = NOT_GIVEN, *, rule: Rule) -> Finding:
    """Returns a finding about a path in a stack's JSON; the text begins with the path.

    Args:
        path: The path, e.g. `module.vpc.tags.team`.
        what: What is wrong there, as a predicate, e.g. `contains an unresolved token`.
        fix: How to fix it, as an imperative. Default: the message does not say.
        value: The value that was given. Default: the message shows no value.
        rule: The rule that is broken.
    """
    parts = path.split(".")
    depth = 3 if parts[0] in {"data", "resource"} else 2
    construct, on = ".".join(parts[:depth]), parts[depth : depth + 1]
    return Finding(f"{path} {what}", fix, value, rule=rule, on=on, construct=construct)


def within(findings: Iterable[Finding], **changes: Any) -> list[Finding]:
    """Returns copies of findings with their empty fields filled in.

    Args:
        findings: The findings to complete.
        **changes: The values of fields of `Finding`, by name. Fields that are already set stay.
    """
    return [
        finding._replace(**{name: value for name, value in changes.items() if not getattr(finding, name)})
        for finding in findings
    ]


@lru_cache
def clean(text: str) -> str:
    """Returns text that is safe in a terminal or log: expressions as code, without secrets and control characters.

    Cached, since many clouds have the same messages.
    """
    text = _without_credentials(_RANDOM.sub("...", _TOKENS.sub(r"\1...", words.spelled(text))))
    text = _PARAMETERS.sub(_without_secret, text) if "=" in text else text
    return CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def _without_credentials(text: str) -> str:
    return _CREDENTIALS.sub("...@", text) if "@" in text else text  # the pattern is slow, and every match has an @


def _without_secret(parameter: re.Match[str]) -> str:
    name = parameter[1]
    return f"{name}=..." if is_secret(name) or name.lower() in _SIGNATURES else parameter[0]


def cut(text: str) -> str:
    """Returns a name, truncated if it is long."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def is_secret(name: str) -> bool:
    """Returns whether the name of a key or an input suggests a secret, whose value must not be shown."""
    parts = [word.lower() for word in _WORD.findall(name)]
    if not parts or parts[-1] in _NAMES_OF_SECRETS:
        return False
    key = any(one in _SECRET_KEYS and other in {"key", "keys"} for one, other in itertools.pairwise(parts))
    return key or not _SECRET_WORDS.isdisjoint(parts) or parts == ["connection", "string"]


def shown(value: Any, name: str = "") -> str:
    """Returns a value as a message shows it: written as in YAML or JSON, truncated, without secrets.

    Args:
        value: The value.
        name: The key or input that has the value; if the name suggests a secret, the value is hidden. Default: none.
    """
    if is_secret(name) and value is not None and not isinstance(value, bool):
        return "a hidden value"
    text = _spelled(value)
    rest = text[_LONGEST:]
    if rest:
        # Truncation can cut credentials in two: keep their final @, so that the pattern still matches them.
        end = "@" if "@" in re.split(r"[\s'\"]", rest, maxsplit=1)[0] else ""
        text = f"{text[:_LONGEST]}{end}...{rest[-1]}"
    return _without_credentials(text)


def plain(value: Any, name: str) -> Any:
    """Returns a value as JSON, without secrets.

    Args:
        value: The value.
        name: The key or input that has the value; if the name suggests a secret, the value is hidden.
    """
    if is_secret(name):
        return "..."
    match value:
        case Mapping():
            return {str(key): plain(each, str(key)) for key, each in value.items()}
        case list() | tuple():
            return [plain(each, name) for each in value]
        case None | bool() | int() | float():
            return value
    return clean(str.__str__(value) if isinstance(value, str) else str(value))


def _spelled(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case datetime.date():
            return str(value)
        case str() if words.PREFIX in str.__str__(value):  # repr() of an expression would show its class
            return repr(words.spelled(str.__str__(value)))
        case Mapping():
            inside = (
                f"{_spelled(key)}: {'...' if is_secret(str(key)) else _spelled(each)}" for key, each in value.items()
            )
            return f"{{{', '.join(inside)}}}"
        case list() | tuple():
            return f"[{', '.join(map(_spelled, value))}]"
    return repr(value)
