"""The knowledge in a terminal: every kind can be listed and shown, and nothing an entry says is lost."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from nappage.knowledge import load, pages
from nappage.knowledge.edition import Decision, fingerprint_of
from nappage.knowledge.library import KINDS, Library, citations, in_words, texts
from nappage.knowledge.schema import Citation
from nappage.values import Document, InputError

ON = date(2026, 11, 25)
EDITION = load(ON)
LIBRARY = Library(EDITION)


def test_every_kind_of_the_edition_is_known_and_listed() -> None:
    assert {kind for kind, _, _ in EDITION.everything()} <= set(KINDS)
    listed = pages.listing(EDITION, None)
    for kind, keys in LIBRARY.kinds().items():
        assert f"{kind} ({len(keys)})" in listed
        for key in keys:
            assert f"\n  {key[1]} " in listed
    assert "rules (" not in pages.listing(EDITION, "techniques")
    with pytest.raises(InputError, match="Write one of rules"):
        pages.listing(EDITION, "things")


def _squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nothing_that_an_entry_says_is_lost(kind: str) -> None:
    for key in LIBRARY.kinds()[kind]:
        page = _squeezed(pages.page(EDITION, "/".join(key)))
        entry = LIBRARY.entries[key]
        assert _squeezed(LIBRARY.name(key)) in page
        for dossier in getattr(entry, "records", ()):
            assert dossier in page
        for place, citation in citations(entry):
            assert citation.ref in page and _squeezed(citation.says) in page, (key, place)
        for field in ("do", "tell", "says", "use", "evidence", "method", "why", "because", "frequency"):
            said = getattr(entry, field, None)
            said = said.get("en") if isinstance(said, dict) else said
            if isinstance(said, str):
                assert _squeezed(said) in page, (key, field)
        for position in getattr(entry, "positions", ()):
            assert position.id in page or position.id == entry.adopts
            assert _squeezed(position.when or "") in page and _squeezed(position.note) in page, key


def test_several_kinds_may_share_an_id() -> None:
    shared = next(i for kind, i in LIBRARY.entries if kind == "protocols" and ("indications", i) in LIBRARY.entries)
    page = pages.page(EDITION, shared)
    assert "(protocol)" in page and "(indication)" in page
    assert "(indication)" not in pages.page(EDITION, f"protocols/{shared}")
    with pytest.raises(InputError, match=f"Near it: .*{shared}"):
        pages.page(EDITION, f"prices/{shared}")


def test_a_condition_reads_as_words() -> None:
    def words(condition: str) -> str:
        when = LIBRARY.when(condition)
        assert when is not None and when.raw == " ".join(condition.split())
        return in_words(when.outline)

    flag = EDITION.facts["pregnancy"].title["en"]
    assert words('pregnancy == "pregnant"') == f"{flag} is “pregnant”"
    assert words("age_years <\n 18 or age_years >= 75") == "age below 18 years or age at least 75 years"
    assert words("not breastfeeding and (unwell or needle_fear)").startswith("not: breastfeeding and (feeling unwell")
    assert words("not (unwell and needle_fear)").startswith("not (feeling unwell")
    assert words("unknown(unwell)").startswith("not known: feeling unwell")
    assert words('"lidocaine" in ingredients').startswith("Lidocaine among ")
    names = [LIBRARY.name(("techniques", technique)) for technique in ("nappage", "papule")]
    assert words('technique in ["nappage", "papule"]').endswith(f" is {names[0]} or {names[1]}")


def test_what_an_entry_names_is_there() -> None:
    for entry in LIBRARY.entries.values():
        for key in LIBRARY.refs(entry):
            assert LIBRARY.there(key)
    ceiling = next(v for v in EDITION.values.values() if v.about in EDITION.substances)
    assert ("substances", ceiling.about) in LIBRARY.refs(ceiling)
    assert ("facts", "vitamin_k_antagonist_current") in LIBRARY.refs(EDITION.rules["vitamin-k-antagonist"])


def test_citations_and_texts_are_found_wherever_they_stand() -> None:
    class Deep(Document):
        inner: dict[str, tuple[Citation, ...]]
        one: Citation

    deep = Deep(inner={"a": (Citation(ref="X", says="x says"),)}, one=Citation(ref="Y"))
    assert [(place, c.ref) for place, c in citations(deep)] == [("a", "X"), ("", "Y")]
    assert set(texts(deep)) == {"X", "x says", "Y"}


def test_a_clinic_s_decision_is_shown() -> None:
    record = next(r for r in EDITION.rules.values() if r.dissent and r.adopted.says != "absolute-contraindication")
    other = record.dissent[0].id
    decision = Decision(
        record=record.id, adopts=other, saw=fingerprint_of(record), reason="Ours is the longer one.",
        decided_by="Dr A. Example", decided_on=ON, review_by=ON,
    )  # fmt: skip
    decided = dataclasses.replace(EDITION, decisions={record.id: decision})
    assert f"The clinic's decision: {other}: Ours is the longer one." in pages.page(decided, f"rules/{record.id}")


def test_sources_count_everything_that_cites_them() -> None:
    counts = {line.split()[0]: int(line.split()[1]) for line in pages.sources(EDITION).splitlines()}
    assert set(counts) == set(EDITION.sources)
    cited = [c.ref for entry in LIBRARY.entries.values() for _, c in citations(entry)]
    assert all(cited.count(ref) == count for ref, count in counts.items() if ref in ("NAPPAGE", "SEED000", "MICH2018"))
