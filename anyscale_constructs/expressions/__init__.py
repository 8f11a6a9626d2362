"""Values that Terraform knows and Python does not, and how they get into Terraform JSON."""

from anyscale_constructs.expressions.expression import NULL, Expr, as_code, expr, lower_case, quoted
from anyscale_constructs.expressions.literal import literal
from anyscale_constructs.expressions.resolve import code_in
from anyscale_constructs.expressions.text import (
    as_expressions,
    holds_engine_token,
    is_one_of,
    is_unresolved,
    known_after_apply,
    references,
)

__all__ = [
    "NULL",
    "Expr",
    "as_code",
    "as_expressions",
    "code_in",
    "expr",
    "holds_engine_token",
    "is_one_of",
    "is_unresolved",
    "known_after_apply",
    "literal",
    "lower_case",
    "quoted",
    "references",
]
