"""Every clinical claim of the five articles is carried by a record that cites the article, or rejected, because.

So a rule, value, protocol, technique or line that is removed, or that forgets its article, fails here by name.
"""

from __future__ import annotations

from datetime import date

import pytest

from nappage.knowledge import load
from nappage.knowledge.edition import DATA, read_yaml

EDITION = load(date(2026, 11, 25))
STATEMENTS = read_yaml(DATA / "coverage" / "articles.yaml")
KINDS = {
    "rule": EDITION.rules,
    "value": EDITION.values,
    "protocol": EDITION.protocols,
    "advice": EDITION.advice,
    "technique": EDITION.techniques,
}


def cites(record: object, source: str) -> bool:
    positions = getattr(record, "positions", (record,))
    return any(citation.ref == source for position in positions for citation in position.source)


def test_there_are_enough_of_them_from_each_article() -> None:
    counts = [sum(s["id"].startswith(f"S{n}-") for s in STATEMENTS) for n in range(5)]
    assert sum(counts) >= 150 and min(counts) >= 40
    assert len({s["id"] for s in STATEMENTS}) == len(STATEMENTS)


@pytest.mark.parametrize("article", range(5))
def test_each_ends_somewhere(article: int) -> None:
    faults = []
    for statement in STATEMENTS:
        if not statement["id"].startswith(f"S{article}-"):
            continue
        carriers = statement.get("carried_by", [])
        if not carriers and not statement.get("rejected"):
            faults.append(f"{statement['id']}: neither carried nor rejected")
        for carrier in carriers:
            kind, record_id = carrier.split("/")
            record = KINDS[kind].get(record_id)
            if record is None:
                faults.append(f"{statement['id']}: there is no {carrier}")
            elif not cites(record, f"SEED00{article}"):
                faults.append(f"{statement['id']}: {carrier} does not cite SEED00{article}")
    assert not faults, "\n" + "\n".join(faults)


def test_the_claims_that_must_be_rejected_are() -> None:
    rejected = {s["id"] for s in STATEMENTS if s.get("rejected")}
    by_words = {
        "toxins": "S1-055",
        "an instant glow": "S2-047",
        "pens for the fearful": "S2-038",
        "stopping aspirin": "S0-058",
        "stopping clopidogrel": "S0-059",
        "hormones": "S3-005",
    }
    for words, statement in by_words.items():
        assert statement in rejected, words


def test_most_rules_of_the_articles_are_kept() -> None:
    assert sum(1 for s in STATEMENTS if s.get("rejected")) < len(STATEMENTS) / 5
