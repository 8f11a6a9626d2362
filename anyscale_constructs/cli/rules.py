"""`anyscale-constructs rules`: lists what is checked, and why."""

import textwrap

from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.names import unknown


@command(argument("id", nargs="?", metavar="ID", help="The ID of a rule. Default: all rules."))
def rules(id: str | None = None) -> None:
    """Lists the rules, or explains one."""
    from anyscale_constructs.terraform.allowances import UNKNOWN_RULE, every_rule  # noqa: PLC0415 - it loads all modules

    known = every_rule()
    if id is None:
        width = max(map(len, known))
        for rule in known.values():
            print(f"{rule.id:{width}}  {rule.severity:7}  {rule.why.splitlines()[0]}")
        return
    if id not in known:
        raise ConfigError(unknown(id, known, "rule"), rule=UNKNOWN_RULE)
    rule = known[id]
    print(f"{rule.id}: {rule.severity}, evaluated by {rule.command}\n\n{textwrap.fill(rule.why, 100)}")
    if rule.source:
        print(f"\nSource: {rule.source}")
    if rule.severity == "warning" and rule.allowable:
        print(f"\nTo allow it in a cloud: allow: {{{rule.id}: the reason}}")
