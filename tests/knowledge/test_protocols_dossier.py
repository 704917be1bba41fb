"""Each piece of the dossier of protocols is carried, or left out with a reason, by name; what carries it can stand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from nappage.knowledge import load
from nappage.knowledge.coverage import coverage
from nappage.knowledge.schema import Citation
from nappage.values import Document

EDITION = load(date(2026, 11, 25))
PIECES = {piece.id: piece for piece in coverage(EDITION) if piece.origin == "protocols"}
ENTRIES = {f"{kind}/{entry_id}": entry for kind, entry_id, entry in EDITION.everything()}


def citations(entry: object) -> Iterator[Citation]:
    """All citations that an entry holds, at any depth."""
    if isinstance(entry, Citation):
        yield entry
    elif isinstance(entry, Document):
        for _, value in entry:
            yield from citations(value)
    elif isinstance(entry, dict):
        for value in entry.values():
            yield from citations(value)
    elif isinstance(entry, tuple):
        for value in entry:
            yield from citations(value)


def test_the_dossier_is_whole() -> None:
    """339 records; its tables' rows and its 47 conflicts and 13 gaps."""
    rows = [name for name in PIECES if "/" in name]
    assert len(PIECES) - len(rows) - sum(name.startswith("RG-") for name in PIECES) == 339
    assert sum(name.startswith("conflict/") for name in rows) == 47
    assert sum(name.startswith("gap/") for name in rows) == 13
    assert sum(name.startswith("substance/") for name in rows) == 39
    assert sum(name.startswith("product/") for name in rows) == 20


@pytest.mark.parametrize("name", sorted(PIECES))
def test_it_is_carried_or_left_out(name: str) -> None:
    piece = PIECES[name]
    assert not piece.missing, f"{name} ({piece.says[:80]}): {piece.fault or 'nothing carries it'}"


@pytest.mark.parametrize("name", [name for name in sorted(PIECES) if name.startswith("SEED")])
def test_what_carries_a_record_of_an_article_cites_the_article(name: str) -> None:
    article = f"SEED00{name[4]}"
    carriers = PIECES[name].carried_by
    assert any(c.ref == article for carrier in carriers for c in citations(ENTRIES[carrier])), f"{name}: {carriers}"


@pytest.mark.parametrize("name", sorted(EDITION.evidence))
def test_evidence_speaks_of_what_there_is(name: str) -> None:
    evidence = EDITION.evidence[name]
    for kind, of in (
        ("indications", evidence.indications),
        ("substances", evidence.substances),
        ("products", evidence.products),
        ("techniques", evidence.techniques),
        ("regions", evidence.areas),
    ):
        assert set(of) <= set(getattr(EDITION, kind)), f"{name}: {kind}"


def test_a_comparison_says_with_what() -> None:
    compared = ("better", "no-different", "worse")
    assert [n for n, e in EDITION.evidence.items() if e.outcome in compared and not e.against] == []


@pytest.mark.parametrize(
    "name, outcome, people",
    [
        ("txa-against-hydroquinone", "no-different", 48),
        ("multivitamin-null", "no-different", 10),
        ("thigh-cocktail-null", "no-different", 20),
        ("platelets-no-effect", "no-different", 30),
        ("nutrients-against-minoxidil", "no-different", 49),
        ("acute-low-back", "no-different", 84),
        ("chin-refine-2", "better", 516),
        ("nctf-trial", "better", 146),
        ("dutasteride-women", "better", 126),
    ],
)
def test_what_trials_found(name: str, outcome: str, people: int) -> None:
    """A null result stays one."""
    evidence = EDITION.evidence[name]
    assert (evidence.outcome, evidence.people) == (outcome, people)
