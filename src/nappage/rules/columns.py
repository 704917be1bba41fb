"""One condition, a population → a column of yes, no or unknown. The second reading, beside `explain`.

    frame   one row per assessment, one column per fact, named by the fact; null is unknown
              boolean   Boolean
              number    any integer, float or decimal type but Float32 (0.1 is another number there)
              text      String
              list      List(String); null is an unknown list, [] a known empty one, one with `MORE` known in part;
                        no null elements
    column  Boolean, one value per row: true yes, false no, null unknown

The expression belongs to no engine: the same one goes into a DuckDB relation or a Polars lazy frame, through
`narwhals.from_native(frame).with_columns(answer=column(tree, kinds))`. A column in which everything is null
still needs its type.

Numbers are compared as float64, constants and facts alike. Decimals of up to 15 digits keep their order, and
stay equal or different, when each is rounded to the nearest float64; so `0.1 <= 0.1` holds here as it does in
`explain`. NaN is no number and reads as unknown; engines would call it greater than any.

`and`, `or` and `not` are Kleene's in SQL and in Polars. A test of one fact is never left to the engine where
the fact is null: it is asked only of known values, and everything else is null.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import narwhals as nw

from .condition import MORE, All, AnyOf, Compare, Condition, Contains, FactKind, Flag, Not, OneOf, Unknown, Value

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def column(tree: Condition, kinds: Mapping[str, FactKind]) -> nw.Expr:
    """Read `tree` over every row of a frame; shapes above."""
    match tree:
        case All(terms):
            return reduce(operator.and_, (column(term, kinds) for term in terms))
        case AnyOf(terms):
            return reduce(operator.or_, (column(term, kinds) for term in terms))
        case Not(term):
            return ~column(term, kinds)
    value, known = _fact(tree.fact, kinds[tree.fact])
    match tree:
        case Unknown():
            return ~known
        case Flag():
            test = value
        case Contains(_, word):
            test = value.list.contains(word)
            known = known & (test | ~value.list.contains(MORE))
        case OneOf(_, values):
            test = reduce(operator.or_, (value == _constant(one) for one in values))
        case Compare(_, op, constant):
            test = _COMPARE[op](value, _constant(constant))
    return nw.when(known).then(test)


def _fact(fact: str, kind: FactKind) -> tuple[nw.Expr, nw.Expr]:
    """The fact's column, and whether each row knows it (never null)."""
    value = nw.col(fact)
    if kind != "number":
        return value, ~value.is_null()
    value = value.cast(nw.Float64)
    return value, ~value.is_null() & ~value.is_nan()


def _constant(value: Value) -> nw.Expr:
    return nw.lit(value if isinstance(value, bool | str) else float(value))
