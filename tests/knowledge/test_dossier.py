"""Every record of the safety dossier that this edition answers for is carried, by number.

Sections 1 to 5 of the dossier and its addenda. So a rule, ceiling or line that is removed fails here by name.
"""

from __future__ import annotations

from datetime import date

from nappage.knowledge import load

EDITION = load(date(2026, 11, 25))
# Where else a record lives, or why it does not yet.
ELSEWHERE = {
    **{f"SAF-{n}": "no ceiling was found; `ceiling_searched` of the substance says what was looked for"
       for n in (143, 144, 145, 146, 150)},
    "SAF-217": "a society's statement on evidence, for the issue that furnishes the whole knowledge base",
    "SAF-230": "no source was found",
    "SAF-244": "the course's record, for the issue that records sessions",
    "SAF-245": "the practitioner's competence, for the clinic's app",
    "SAF-256": "a rule for our own texts: no bare claim of safety; held by the test below",
    "SAF-A11": "recognition of words and codes: tests/unit/test_concepts.py",
    "SAF-A24": "dose arithmetic: tests/unit/test_formulation.py",
    "SAF-A26": "refused ingredients are still computed: tests/unit/test_formulation.py",
}  # fmt: skip


def test_every_record_is_carried_or_says_where() -> None:
    carried = {number for record in EDITION.records() for number in record.records}
    dossier = {f"SAF-{n:03d}" for n in range(1, 257)} | {f"SAF-A{n:02d}" for n in range(1, 42)}
    assert dossier - carried - set(ELSEWHERE) == set()
    assert not carried & set(ELSEWHERE), "named as missing, and yet it is there"


def test_where_no_ceiling_was_found_it_says_what_was_searched() -> None:
    for name in ("hyaluronic-acid", "biotin", "ascorbic-acid", "dexpanthenol"):
        assert EDITION.substances[name].ceiling_searched, name


def test_no_text_claims_bare_safety() -> None:
    for advice in EDITION.advice.values():
        said = " ".join(advice.tell.values()).casefold()
        assert "is safe" not in said and "completely safe" not in said, advice.id
