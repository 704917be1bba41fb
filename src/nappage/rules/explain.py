"""One condition, one patient → yes, no or unknown, with the facts that made it so (Kleene's three values)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .condition import All, AnyOf, Compare, Condition, Contains, Flag, Not, OneOf, Unknown

FactValue = bool | Decimal | str | Collection[str] | None

_NONE: frozenset[str] = frozenset()
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """`answer` is True, False or None (unknown). `facts`: for yes and no, those that decided it;
    for unknown, those that are missing and could decide it."""

    answer: bool | None
    facts: frozenset[str]


def explain(tree: Condition, facts: Mapping[str, FactValue]) -> Reading:
    """Read `tree` over `facts` (fact id → value; absent or None is unknown)."""
    match tree:
        case All(terms):
            return _join([explain(term, facts) for term in terms], decisive=False)
        case AnyOf(terms):
            return _join([explain(term, facts) for term in terms], decisive=True)
        case Not(term):
            inner = explain(term, facts)
            return inner if inner.answer is None else Reading(not inner.answer, inner.facts)
        case Unknown(fact):
            return Reading(facts.get(fact) is None, frozenset({fact}))
    value: Any = facts.get(tree.fact)
    reasons = frozenset({tree.fact})
    if value is None:
        return Reading(None, reasons)
    match tree:
        case Flag():
            return Reading(bool(value), reasons)
        case Contains(_, word):
            return Reading(word in value, reasons)
        case OneOf(_, values):
            return Reading(value in values, reasons)
        case Compare(_, op, constant):
            return Reading(_COMPARE[op](value, constant), reasons)


def _join(readings: list[Reading], *, decisive: bool) -> Reading:
    """`and` (decisive no) or `or` (decisive yes): one decisive answer settles it, else unknown wins."""
    settled: bool | None = not decisive
    for wanted in (decisive, None, not decisive):
        facts = _NONE.union(*(r.facts for r in readings if r.answer is wanted))
        if any(r.answer is wanted for r in readings):
            settled = wanted
            break
    return Reading(settled, facts)
