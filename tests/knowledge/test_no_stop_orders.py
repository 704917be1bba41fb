"""No text tells anyone to stop, pause, skip, reduce or delay a medicine that is or may be prescribed.

The reader below is strict: any sentence with such a verb near a medicine is an order, unless it says the opposite,
speaks of what somebody bought for themselves, reports a rejected source, or leaves the decision to the prescriber.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from nappage.intake import Answers
from nappage.knowledge import TriageRule, load
from nappage.knowledge.schema import Advice, Rule
from nappage.plan import draft
from nappage.plan.compose import clinician, patient
from nappage.values import Document

ON = date(2026, 11, 25)
EDITION = load(ON)

_VERB = re.compile(
    r"\b(stop(s|ped|ping)?|paus(e|es|ed|ing)|skip(s|ped|ping)?|reduc(e|es|ed|ing)|delay(s|ed|ing)?|discontinu\w+|"
    r"withh(old|olds|eld|olding)|suspend(s|ed|ing)?|omit(s|ted|ting)?|interrupt(s|ed|ing)?|halv(e|es|ed|ing)|"
    r"ceas(e|es|ed|ing)|taper(s|ed|ing)?|wean(s|ed|ing)?|refrain|leav(e|es|ing) (it |them |off |out )|left off|"
    r"come off|go(ing)? without|hold off|cut down|do not (take|use|apply)|don't (take|use|apply)|"
    r"avoid(s|ed|ing)? (taking|using|applying)?)\b",
    re.I,
)
_NAMES = sorted(
    {
        name.casefold()
        for concept_id, concept in EDITION.medicines.items()
        for name in (concept_id.replace("-", " "), *concept.names, *concept.brands)
        if len(name) > 4
    }
    - {"vitamin c", "sunscreen", "moisturiser", "hyaluronic acid", "ceramides", "peptides", "panthenol", "collagen"},
    key=len,
    reverse=True,
)
_MEDICINE = re.compile(
    r"\b(medicines?|medications?|drugs?|tablets?|pills?|doses?|blood.thinn\w+|anticoagulants?|antiplatelets?|"
    r"retinoids?|steroids?|prescri\w+|treatment for|" + "|".join(map(re.escape, _NAMES)) + r")\b",
    re.I,
)
_FINE = re.compile(
    r"\b(never|nobody|no one|not (be )?(stop|paus|skip|reduc|delay|interrupt|alter|chang|withh|discontinu|suspend)\w*|"
    r"do(es)? not (stop|pause|skip|reduce|delay|interrupt|alter|change)|without (stopping|changing|any change)|"
    r"prescribers?|whoever prescribed|self-bought|over.the.counter|bought (for|by|without|yourself)|"
    r"unless (it is |it was |they are |they were |a |some|one )?\w* ?prescribed|not prescribed|supplements?|"
    r"reject(ed|s)?|anaesthetic cream|withdrawal (can|may)|keeps? taking)\b",
    re.I,
)


def orders(text: str) -> list[str]:
    """The sentences of a text that order a medicine away."""
    return [
        sentence
        for sentence in re.split(r"(?<=[.!?])\s+|\n", text)
        if _VERB.search(sentence) and _MEDICINE.search(sentence) and not _FINE.search(sentence)
    ]


@pytest.mark.parametrize(
    "order",
    [
        "Stop aspirin three days before.",
        "Please pause your blood thinner for a week.",
        "Skip the evening dose of apixaban.",
        "Tretinoin should be discontinued 4 days ahead.",
        "Reduce the steroid to 5 mg.",
        "Hold off warfarin until the day after.",
        "Do not take clopidogrel on the day.",
        "Avoid ibuprofen for a week.",
        "Leave off the retinoid cream.",
        "Your medicine can be halved.",
        "Come off isotretinoin first.",
    ],
)
def test_the_reader_sees_an_order(order: str) -> None:
    assert orders(order) == [order]


@pytest.mark.parametrize(
    "fine",
    [
        "Never stop warfarin for an injection.",
        "Only the prescriber may change or pause apixaban.",
        "Keep taking it; nobody here stops a medicine.",
        "Leave out self-bought ibuprofen for a week, unless it was prescribed.",
        "The session is delayed until the infection has healed.",
        "Pressure stops the bleeding.",
        "SEED000: told to stop aspirin; rejected.",
    ],
)
def test_the_reader_lets_the_rest_pass(fine: str) -> None:
    assert orders(fine) == []


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the edition that any document may print, with its place."""
    for record in EDITION.records():
        place = record.id
        yield place, " ".join(record.title.values())
        yield f"{place} because", record.because
        if isinstance(record, Rule | TriageRule):
            yield f"{place} do", " ".join(record.do.values())
            yield f"{place} tell", " ".join(record.tell.values())
        if isinstance(record, Advice):
            yield f"{place} tell", " ".join(record.tell.values())
        for position in record.positions:
            yield f"{place}/{position.id} note", position.note
            if position.wait and position.wait.text:
                yield f"{place}/{position.id} wait", " ".join(position.wait.text.values())
            for citation in position.source:
                yield f"{place}/{position.id} {citation.ref}", citation.says
    for key, text in EDITION.texts.items():
        if not key.startswith("triage.ordinary-"):  # words that a message may hold, printed nowhere
            yield key, " ".join(text.values())
    for kind in (
        EDITION.facts, EDITION.substances, EDITION.products, EDITION.techniques, EDITION.risks, EDITION.alternatives,
        EDITION.evidence,
    ):  # fmt: skip
        for name, entry in kind.items():
            yield from ((name, text) for text in _strings(entry))
    for pair in EDITION.compatibility:
        yield " + ".join(pair.pair), " ".join(pair.why.values())


def _strings(document: Document) -> Iterator[str]:
    for value in document.model_dump().values():
        if isinstance(value, dict) and set(value) <= {"en", "fr"}:
            yield from (text for text in value.values() if isinstance(text, str))


def test_no_text_of_the_edition_is_an_order() -> None:
    found = [f"{place}: {sentence}" for place, text in texts() for sentence in orders(text)]
    assert not found, "\n" + "\n".join(found)


PATIENTS = {
    "everything-prescribed": {
        "medications": [
            {"name": name, "prescribed": True}
            for name in (
                "warfarin", "apixaban", "aspirin 75 mg", "clopidogrel", "prednisolone", "methotrexate", "adalimumab",
                "ibuprofen", "sertraline", "isotretinoin", "doxycycline", "insulin", "amiodarone", "bisoprolol",
                "enoxaparin", "tamoxifen", "microgynon",
            )
        ],
        "skincare": [{"product": "tretinoin cream", "prescribed": True}],
    },
    "status-unknown": {
        "medications": [
            {"name": name} for name in ("aspirin", "ibuprofen", "fish oil", "ginkgo", "warfarin", "naproxen")
        ],
        "skincare": [{"product": "adapalene gel"}, {"product": "retinol serum"}, {"product": "glycolic acid"}],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PATIENTS))
@pytest.mark.parametrize("mixture", ["lidocaine", "tranexamic acid", "ketoprofen"])
def test_no_document_of_a_medicated_patient_orders_one_away(name: str, mixture: str) -> None:
    answers = Answers.model_validate(
        {
            **PATIENTS[name],
            "patient": {"age": 45, "sex": "female", "weight_kg": 60},
            "order": {
                "indication": "facial rejuvenation", "areas": ["face"], "technique": "papule",
                "mixture": [{"ingredient": mixture, "concentration": 1, "unit": "%", "volume_ml": 3}],
                "planned_start": "2026-12-09T10:30 Europe/Paris", "visit_minutes": 30,
            },
        }
    )  # fmt: skip
    plan = draft(answers, EDITION, ON)
    for sheet in (clinician(plan, EDITION), patient(plan, EDITION)):
        without_titles = sheet.model_copy(
            update={
                "sections": tuple(
                    section.model_copy(update={"blocks": tuple(b for b in section.blocks if b.kind != "sources")})
                    for section in sheet.sections
                )
            }
        )
        found = [sentence for words in without_titles.words() for sentence in orders(words)]
        assert not found, "\n" + "\n".join(found)
