"""One condition, one patient → yes, no or unknown, with the facts that made it so (Kleene's three values)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from .condition import MORE, All, AnyOf, Compare, Condition, Contains, Flag, Not, OneOf, Unknown

FactValue = bool | Decimal | str | Collection[str] | None

# `fact < constant`, said the other way round: `constant > fact`.
_SAID_BY_THE_CONSTANT: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.gt, "<=": operator.ge, ">": operator.lt,
    ">=": operator.le, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """`answer` is True, False or None (unknown). `facts`: for yes and no, those that decided it;
    for unknown, those that are missing and could decide it."""

    answer: bool | None
    facts: frozenset[str]


Reader = Callable[[Mapping[str, FactValue]], Reading]


def explain(tree: Condition, facts: Mapping[str, FactValue]) -> Reading:
    """Read `tree` over `facts` (fact id → value; absent or None is unknown)."""
    return reader(tree)(facts)


def reader(tree: Condition) -> Reader:
    """`explain` of one tree, prepared for many rows."""
    match tree:
        case All(terms):
            return _joined([reader(term) for term in terms], decisive=False)
        case AnyOf(terms):
            return _joined([reader(term) for term in terms], decisive=True)
        case Not(term):
            return _turned(reader(term))
    fact = tree.fact
    # A leaf has only these three readings, so none is made while reading.
    yes, no, unknown = (Reading(answer, frozenset({fact})) for answer in (True, False, None))
    match tree:
        case Unknown():
            return lambda facts: yes if facts.get(fact) is None else no
        case Flag():
            test: Callable[[Any], bool] = bool
        case Contains(_, word):
            return _within(fact, word, yes, no, unknown)
        case OneOf(_, values):
            test = values.__contains__
        case Compare(_, op, constant):
            test = partial(_SAID_BY_THE_CONSTANT[op], constant)

    def read(facts: Mapping[str, FactValue]) -> Reading:
        value = facts.get(fact)
        return unknown if value is None else yes if test(value) else no

    return read


def _within(fact: str, word: str, yes: Reading, no: Reading, unknown: Reading) -> Reader:
    def read(facts: Mapping[str, FactValue]) -> Reading:
        words: Any = facts.get(fact)
        if words is None:
            return unknown
        return yes if word in words else unknown if MORE in words else no

    return read


def _joined(terms: list[Reader], *, decisive: bool) -> Reader:
    """`and` (decisive no) or `or` (decisive yes): one decisive answer settles it, else unknown wins. Of the same
    answer twice, both have their reasons."""
    first, *others = terms

    def read(facts: Mapping[str, FactValue]) -> Reading:
        found = first(facts)
        for term in others:
            reading = term(facts)
            if reading.answer is found.answer:
                found = _together(found.answer, found.facts, reading.facts)
            elif reading.answer is decisive or found.answer is (not decisive):
                found = reading
        return found

    return read


@lru_cache(maxsize=1 << 16)
def _together(answer: bool | None, some: frozenset[str], others: frozenset[str]) -> Reading:
    """The same few reasons meet again and again, so each meeting is made once."""
    return Reading(answer, some | others)


def _turned(term: Reader) -> Reader:
    def read(facts: Mapping[str, FactValue]) -> Reading:
        inner = term(facts)
        return inner if inner.answer is None else Reading(not inner.answer, inner.facts)

    return read
