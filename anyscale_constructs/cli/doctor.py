"""`anyscale-constructs doctor`: whether this machine has what the repository needs."""

import json
import sys
from dataclasses import asdict

from anyscale_constructs.cli.command import command
from anyscale_constructs.cli.options import FORMAT
from anyscale_constructs.rendering import Format, as_json, tell

_MISSING = 1


@command(FORMAT)
def doctor(*, format: Format = "text") -> None:
    """Checks whether this machine has what the repository needs, and says how to fix what is missing.

    Checks Python, the engine, Node.js, Terraform, git, the anyscale program, credentials (which are never printed) and
    mirrors. Uses no network and changes nothing. Exits with status 1 if something that is needed is missing.
    """
    from anyscale_constructs.cli.checkup import examine  # noqa: PLC0415 - other commands do not need it

    checks = examine()
    if format == "text":
        width = max(len(check.name) for check in checks)
        for check in checks:
            told = check.found if check.ok or check.needed else check.fix
            print(f"{check.state:7}  {check.name.ljust(width)}  {told}".rstrip())
    missing = [check.finding() for check in checks if check.needed and not check.ok]
    if format == "json":
        print(json.dumps({"checks": [asdict(check) for check in checks], **json.loads(as_json(missing))}, indent=2))
    elif missing:
        tell(missing, sys.stderr if format == "text" else sys.stdout, format)
    if missing:
        sys.exit(_MISSING)
