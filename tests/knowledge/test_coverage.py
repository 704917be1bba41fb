"""Every record of both dossiers and every statement of the five articles is carried, or left out with a reason."""

from __future__ import annotations

import json
from datetime import date

import pytest

from nappage.cli import main
from nappage.knowledge import load
from nappage.knowledge.coverage import coverage, unknown

EDITION = load(date(2026, 11, 25))
PIECES = coverage(EDITION)


def test_the_pieces_are_all_there() -> None:
    of = {origin: {p.id for p in PIECES if p.origin == origin} for origin in ("safety", "protocols", "articles")}
    assert of["safety"] == {f"SAF-{n:03d}" for n in range(1, 257)} | {f"SAF-A{n:02d}" for n in range(1, 42)}
    assert len(of["protocols"]) == 636 and len(of["articles"]) == 494


@pytest.mark.parametrize("origin", ["safety", "protocols", "articles"])
def test_each_is_carried_or_left_out_with_a_reason(origin: str) -> None:
    missing = [f"{p.id}: {p.fault or 'nothing carries it'}" for p in PIECES if p.origin == origin and p.missing]
    assert not missing, "\n".join(missing)


def test_what_is_left_out_is_little_and_says_why() -> None:
    left_out = [p for p in PIECES if p.left_out and not p.carried_by]
    assert len(left_out) < len(PIECES) / 50
    assert all(p.left_out and len(p.left_out.split()) >= 5 for p in left_out)


def test_nothing_claims_to_carry_what_is_no_record() -> None:
    assert unknown(EDITION) == ()


def test_the_command_prints_each_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "coverage", "--on", "2026-11-25"]) == 0
    said = capsys.readouterr().out
    assert "safety dossier: 297, of which" in said and "0 missing" in said
    assert main(["knowledge", "coverage", "--json", "--on", "2026-11-25"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(PIECES)


def test_where_no_ceiling_was_found_it_says_what_was_searched() -> None:
    for name in ("hyaluronic-acid", "biotin", "ascorbic-acid", "dexpanthenol"):
        assert EDITION.substances[name].ceiling_searched, name


def test_no_text_claims_bare_safety() -> None:
    texts = [text for advice in EDITION.advice.values() for text in advice.tell.values()]
    texts += [text for risk in EDITION.risks.values() for text in risk.tell.values()]
    texts += [text for option in EDITION.alternatives.values() for text in option.use.values()]
    for text in texts:
        assert "is safe" not in text.casefold() and "completely safe" not in text.casefold(), text
