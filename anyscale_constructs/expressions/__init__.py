"""Expressions: values that only Terraform knows, and their resolution to Terraform JSON."""

from anyscale_constructs.expressions import fn
from anyscale_constructs.expressions.calls import as_code, converts, type_of
from anyscale_constructs.expressions.code import code_in
from anyscale_constructs.expressions.either import choose, count, join, known, lower, maximum, merge, minimum, unless
from anyscale_constructs.expressions.expression import NULL, Expr, expr
from anyscale_constructs.expressions.literal import WRITTEN_AS_TEXT
from anyscale_constructs.expressions.text import (
    ENGINE_TOKEN,
    as_expression,
    as_expressions,
    as_text,
    holds_engine_token,
    is_engine_collection,
    is_one_of,
    is_unresolved,
    known_after_apply,
    references,
)

__all__ = [
    "ENGINE_TOKEN",
    "NULL",
    "WRITTEN_AS_TEXT",
    "Expr",
    "as_code",
    "as_expression",
    "as_expressions",
    "as_text",
    "choose",
    "code_in",
    "converts",
    "count",
    "expr",
    "fn",
    "holds_engine_token",
    "is_engine_collection",
    "is_one_of",
    "is_unresolved",
    "join",
    "known",
    "known_after_apply",
    "lower",
    "maximum",
    "merge",
    "minimum",
    "references",
    "type_of",
    "unless",
]
