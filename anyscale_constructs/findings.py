"""What is wrong with a cloud, as data until it is printed: rules, and findings that a rule is broken."""

import datetime
import itertools
import pathlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from anyscale_constructs import words

Severity = Literal["error", "warning", "note"]
"""An error stops synthesis; a warning says that it works, but something is amiss; a note is told when asked for."""

Key = tuple[str | int, ...]
"""Where something stands in a configuration: keys and indexes from the outermost."""

NOT_GIVEN: Any = object()
"""The value of a finding that shows none."""
_LONGEST = 80
# Before a host; a log may keep the message.
_CREDENTIALS = re.compile(r"""(?:(?<=http://)|(?<=https://)|(?<=oci://))[^\s'"]+@|[^\s/'":]*:[^\s/'":]+@""")
# Tokens that begin as no id does: Anyscale's, AWS's, Google's, GitHub's, GitLab's, and JSON Web Tokens.
_TOKENS = re.compile(r"\b(sss_|aph0_|A[KS]IA(?=[A-Z0-9]{12})|AIza|gh[opsu]_|github_pat_|glpat-|eyJ)[\w.-]+")
# Long text of letters in both cases and digits, without a separator, is random: no id of a cloud's is.
_RANDOM = re.compile(r"(?<![\w:/.-])(?=\w*[a-z])(?=\w*[A-Z])(?=\w*\d)[A-Za-z0-9_+]{32,}={0,2}(?![\w:/.-])")
# The words of a name, in whatever way they are joined.
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SECRET_WORDS = {"password", "passwords", "passwd", "passphrase", "secret", "secrets", "token", "tokens"}
_SECRET_WORDS |= {"credential", "credentials", "apikey"}
_SECRET_KEYS = {"private", "access", "account", "api", "shared", "signing"}
# Names of secrets that exist elsewhere, which are no secrets.
_NAMES_OF_SECRETS = {"arn", "arns", "id", "ids", "name", "names", "revision", "path", "file"}
CONTROL = re.compile(r"[\ud800-\udfff\ufffe\uffff\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What text must not hold: control characters but tab and line feed, halves of characters, changes of direction."""

RULES: dict[str, "Rule"] = {}
"""All rules that are loaded, by id."""


@dataclass(frozen=True)
class Rule:
    """What must hold, or should.

    Args:
        id: A noun phrase in kebab case, e.g. `public-ingress`.
        severity: What breaking it means.
        why: Why it is so, in one or two sentences.
        source: Where that is said or was found: a URL, or upstream's module and file.
        command: The command that evaluates it.
        allowable: Whether a cloud can allow it, if it is a warning: it can't what is about the run as a whole.
    """

    id: str
    severity: Severity
    why: str
    source: str = ""
    command: Literal["synth", "register", "review", "doctor"] = "synth"
    allowable: bool = True

    def __post_init__(self) -> None:
        """Makes it known.

        Raises:
            ValueError: There is another rule with the id.
        """
        if RULES.setdefault(self.id, self) != self:
            raise ValueError(f"there are two rules {self.id}")


CONTROL_CHARACTER = Rule(
    "control-character", "error", "Providers refuse control characters and halves of characters, most of them at apply."
)


def control_character(text: str) -> str:
    """What is said of the first control character in a text, or nothing."""
    found = CONTROL.search(text)
    return f"contains the control character U+{ord(found.group()):04X}" if found else ""


@dataclass(frozen=True)
class Place:
    """Where something stands in a file; lines and columns begin at 1, and a line 0 is not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join(map(str, filter(None, (self.file, self.line, self.column))))


@dataclass(frozen=True)
class Finding:
    """One thing that breaks a rule.

    Args:
        what: What is wrong, in one clause.
        fix: What to do, as an imperative.
        value: The value that was given.
        allowed: What would be accepted.
        rule: The rule. Of what a guard finds, it is the guard's.
        on: The inputs of the construct that it is about, the most telling one first. Of what a guard finds, those of
            its rule.
        key: Where it stands in the configuration.
        construct: The construct's address in Terraform, or its id.
        cloud: The cloud's stack.
        place: The file, the line and the column, where they are known.
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
    place: Place | None = field(default=None, compare=False)

    @property
    def severity(self) -> Severity:
        """Its rule's."""
        return self.rule.severity if self.rule else "error"

    @property
    def text(self) -> str:
        """What is wrong, the value, and what would be accepted."""
        text = self.what if self.value is NOT_GIVEN else f"{self.what}; got {shown(self.value, self._name)}"
        return clean(f"{text}; expected {self.allowed}" if self.allowed else text)

    @property
    def _name(self) -> str:
        return str(self.key[-1]) if self.key else next(iter(self.on), "")

    @property
    def where(self) -> str:
        """The place, and the cloud's stack unless the file is named after it."""
        place = str(self.place) if self.place and self.place.file else ""
        return clean(": ".join(filter(None, (place, self.stack))))

    @property
    def stack(self) -> str:
        """The cloud's stack, unless the file is named after it."""
        file = self.place.file if self.place else ""
        return "" if pathlib.PurePath(file).stem == self.cloud else self.cloud

    @property
    def subject(self) -> str:
        """What it is about: the construct, else the key, unless the text begins with it."""
        if self.construct:
            known = self.construct == self.cloud or self.what.startswith(self.construct)
            return "" if known else clean(self.construct)
        steps = [cut(str(step)) for step in self.key]
        begins = re.match(r"[\w.-]+", self.what)
        if begins and begins.group() == ".".join(steps):
            return ""
        return clean(".".join(steps[:-1] if begins and steps and begins.group() == steps[-1] else steps))

    def __str__(self) -> str:
        said = ": ".join(filter(None, (self.where, self.subject, self.text)))
        return f"{said}. Fix: {clean(self.fix)}" if self.fix else said

    @property
    def annotation(self) -> str:
        """What the engine's manifest has of it, which names the construct by itself."""
        return str(replace(self, cloud="", construct="", key=(), place=None))

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON has it; what is not known is None."""
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
    """A finding about a place in a stack's JSON, whose text begins with it.

    Args:
        path: The place, e.g. `module.vpc.tags.team`.
        what: What is wrong there.
        fix: As in `Finding`.
        value: As in `Finding`.
        rule: As in `Finding`.
    """
    parts = path.split(".")
    depth = 3 if parts[0] in {"data", "resource"} else 2
    construct, on = ".".join(parts[:depth]), parts[depth : depth + 1]
    return Finding(f"{path} {what}", fix, value, rule=rule, on=on, construct=construct)


def within(findings: Iterable[Finding], **changes: Any) -> list[Finding]:
    """The findings with what they don't say yet.

    Args:
        findings: They.
        **changes: What to fill in: fields of `Finding`, by name.
    """
    return [
        replace(finding, **{name: value for name, value in changes.items() if not getattr(finding, name)})
        for finding in findings
    ]


def clean(text: str) -> str:
    """Text for a terminal or a log: expressions as code, no tokens, no control characters."""
    text = _CREDENTIALS.sub("...@", _RANDOM.sub("...", _TOKENS.sub(r"\1...", words.spelled(text))))
    return CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def cut(text: str) -> str:
    """What a message shows of a long name."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def is_secret(name: str) -> bool:
    """Whether a key or an input is named like a secret, whose value is not shown."""
    parts = [word.lower() for word in _WORD.findall(name)]
    if not parts or parts[-1] in _NAMES_OF_SECRETS:
        return False
    key = any(one in _SECRET_KEYS and other in {"key", "keys"} for one, other in itertools.pairwise(parts))
    return key or not _SECRET_WORDS.isdisjoint(parts) or parts == ["connection", "string"]


def shown(value: Any, name: str = "") -> str:
    """What a message shows of a value: its beginning, as YAML or JSON has it, without secrets.

    Args:
        value: The value.
        name: The key or input that has it: the values of those that are named like secrets are not shown.
    """
    if is_secret(name) and value is not None and not isinstance(value, bool):
        return "a value that is not shown"
    text = _spelled(value)
    rest = text[_LONGEST:]
    if rest:
        # Credentials that the cut goes through end further on: they need their end to be found.
        end = "@" if "@" in re.split(r"[\s'\"]", rest, maxsplit=1)[0] else ""
        text = f"{text[:_LONGEST]}{end}...{rest[-1]}"
    return _CREDENTIALS.sub("...@", text)


def plain(value: Any, name: str) -> Any:
    """A value as JSON has it, without secrets.

    Args:
        value: The value.
        name: As in `shown`.
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
        case str() if words.PREFIX in str.__str__(value):  # an expression shows its class
            return repr(words.spelled(str.__str__(value)))
        case Mapping():
            inside = (
                f"{_spelled(key)}: {'...' if is_secret(str(key)) else _spelled(each)}" for key, each in value.items()
            )
            return f"{{{', '.join(inside)}}}"
        case list() | tuple():
            return f"[{', '.join(map(_spelled, value))}]"
    return repr(value)
