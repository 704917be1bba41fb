"""The index over our edition skips only what is provably *no*, whatever is missing."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from nappage.knowledge import load
from nappage.rules import facts_of
from nappage.screening import candidates, readings

EDITION = load(date(2026, 11, 25))
READ = {
    fact
    for rule in EDITION.rules.values()
    if rule.adopted.when
    for fact in facts_of(EDITION.condition(rule.adopted.when))
}
WORDS = {fact: list(by_word) for fact, by_word in EDITION.rule_index.words.items()}
ROWS = 300


def row(pick: random.Random, missing: float, present: float) -> dict[str, Any]:
    def value(fact: str) -> Any:
        match EDITION.kinds[fact]:
            case "boolean":
                return pick.random() < present
            case "number":
                return Decimal(pick.randint(0, 90))
            case "text":
                return pick.choice(EDITION.facts[fact].values or ("another",))
        return tuple(word for word in [*WORDS.get(fact, ()), "another"] if pick.random() < present)

    known = (fact for fact in sorted(READ) if pick.random() >= missing)
    return {fact: value(fact) for fact in known}


def check(facts: dict[str, Any]) -> None:
    read = readings(EDITION, facts)
    for rule, reader in EDITION.rule_readers.items():
        reading = reader(facts)
        assert read.get(rule, reading) == reading
        assert rule in read or reading.answer is False, (rule, facts)


@pytest.mark.parametrize(("missing", "present"), [(0.2, 0.03), (0.0, 0.1), (0.9, 0.5), (0.2, 0.0)])
def test_what_the_index_skips_is_no(missing: float, present: float) -> None:
    pick = random.Random(7)
    for _ in range(ROWS):
        check(row(pick, missing, present))


def test_an_unknown_list_is_not_indexed_away() -> None:
    """Nothing is yes, and nobody asked about one list: all that waits for it is reached, not so if it is empty."""
    for name, words in WORDS.items():
        closed = row(random.Random(7), missing=0, present=0)
        del closed[name]
        check(closed)
        asked = {rule for by_word in words for rule in EDITION.rule_index.words[name][by_word]}
        assert asked <= candidates(EDITION, closed).keys()
        assert not asked <= candidates(EDITION, {**closed, name: ()}).keys()
