"""Random flat rows over the facts that an edition's adopted rules read, as columns and as `explain` takes them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from nappage.knowledge import Edition
from nappage.rules import All, AnyOf, Compare, Condition, Contains, Not, OneOf, facts_of

PRESENT = 0.03  # of the yes/no facts that are known; about six things a patient has or takes
MISSING = 0.2


def adopted_trees(edition: Edition) -> dict[str, Condition]:
    """Rule id → condition of the position in force; rules whose position in force says nothing have none."""
    return {rule.id: edition.condition(rule.adopted.when) for rule in edition.rules.values() if rule.adopted.when}


def random_table(edition: Edition, count: int, seed: int) -> pa.Table:
    """`count` rows, one column per fact read, a fifth of all cells null. Numbers are int16, drawn about the limits
    that the rules set; words are those that the rules ask for, and one that none asks for."""
    rng = np.random.default_rng(seed)
    trees = adopted_trees(edition).values()
    constants: dict[str, set[Any]] = {}
    for tree in trees:
        _collect(tree, constants)
    columns = {}
    for fact in sorted(frozenset().union(*map(facts_of, trees))):
        asked = sorted(constants.get(fact, ()))
        missing = rng.random(count) < MISSING
        match edition.kinds[fact]:
            case "boolean":
                columns[fact] = pa.array(rng.random(count) < PRESENT, mask=missing)
            case "number":
                limits = rng.choice([int(limit) for limit in asked] or [0], count)
                columns[fact] = pa.array((limits + rng.integers(-3, 4, count)).astype(np.int16), mask=missing)
            case "text":
                columns[fact] = _words([*asked, "another"], rng.integers(0, len(asked) + 1, count), missing)
            case "list":
                ends = np.cumsum(rng.integers(0, 4, count))
                words = _words([*asked, "another"], rng.integers(0, len(asked) + 1, ends[-1]), None)
                starts = pa.array(np.r_[0, ends].astype(np.int32))
                columns[fact] = pa.ListArray.from_arrays(starts, words, mask=pa.array(missing))
    return pa.table(columns)


def rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows as `explain` takes them: Decimals, None where unknown."""
    for row in table.to_pylist():
        yield {
            fact: Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
            for fact, value in row.items()
        }


def _words(words: list[str], picked: np.ndarray, missing: np.ndarray | None) -> pa.Array:
    keys = pa.array(picked.astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(keys, pa.array(words)).dictionary_decode()


def _collect(tree: Condition, constants: dict[str, set[Any]]) -> None:
    match tree:
        case All(terms) | AnyOf(terms):
            for term in terms:
                _collect(term, constants)
        case Not(term):
            _collect(term, constants)
        case Compare(fact, _, value) | Contains(fact, value):
            constants.setdefault(fact, set()).add(value)
        case OneOf(fact, values):
            constants.setdefault(fact, set()).update(values)
