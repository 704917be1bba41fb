"""Whole patients with orders through intake and screening: what is in the syringe, and how a session is done.

Each case names an order and what the patient adds to a complete and clean history. `fires`: rules that must be
among the findings; `silent`: rules that must not; everything is counted to 25 November 2026.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import pytest

from nappage.intake import read
from nappage.intake.answers import Answers
from nappage.knowledge import load
from nappage.screening import Screening, screen
from nappage.values import InputError

ON = date(2026, 11, 25)
WOMAN = {"age": 35, "sex": "female", "pregnancy": "no", "breastfeeding": False}
MAN = {"age": 45, "sex": "male"}
FACE = {
    "indication": "facial rejuvenation",
    "areas": ["cheeks"],
    "technique": "papule",
    "depth_mm": 2,
    "jurisdiction": "GB-ENG",
}
MELASMA = {**FACE, "indication": "melasma"}
SCALP = {**FACE, "indication": "androgenetic alopecia", "areas": ["scalp"]}
BACK = {**FACE, "indication": "low back pain", "areas": ["lower back"], "sessions": 1}
THIGHS = {**FACE, "indication": "cellulite", "areas": ["thighs"]}
CHIN = {**FACE, "indication": "submental fat", "areas": ["double chin"], "depth_mm": 8, "jurisdiction": "US"}
EMLA = {"product": "EMLA", "grams": 2, "area_cm2": 50, "dwell_min": 60, "applied_by": "clinic"}

CONTRA, DEFER, DECIDE = "contraindicated", "defer", "needs-clinician-decision"
CARE, CLEAR = "proceed-with-precautions", "clear"


def screened(order: dict[str, Any] | None, **patient: Any) -> Screening:
    given = {"patient": WOMAN, "history_complete": True, "order": order, **patient}
    edition = load(ON)
    return screen(read(Answers.model_validate(given), edition, ON), edition)


def fired(screening: Screening) -> set[str]:
    return {finding.rule for finding in screening.findings}


def mix(place: dict[str, Any], *ingredients: str, **more: Any) -> dict[str, Any]:
    return {**place, "mixture": [{"ingredient": name} for name in ingredients], **more}


def product(place: dict[str, Any], *names: str, **more: Any) -> dict[str, Any]:
    return {**place, "products": list(names), **more}


def takes(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "route": "oral", "prescribed": True} for name in names]


def has(*texts: str, **more: Any) -> list[dict[str, Any]]:
    return [{"text": text, **more} for text in texts]


class Case(NamedTuple):
    name: str
    order: dict[str, Any]
    patient: dict[str, Any]
    verdict: str
    fires: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


LIDOCAINE_GEL = product(FACE, "Teosyal Redensity 1")
CASES = [
    Case("lidocaine in a gel, propranolol", LIDOCAINE_GEL, {"medications": takes("propranolol")}, CARE,
         ("lidocaine-slower-clearance",), ("lidocaine-antiarrhythmic",)),
    Case("propranolol, gel without lidocaine", product(FACE, "Profhilo"), {"medications": takes("propranolol")}, CLEAR,
         (), ("lidocaine-slower-clearance",)),
    Case("numbing cream, flecainide", product(FACE, "Profhilo", anaesthetic=[EMLA]),
         {"medications": takes("flecainide")}, DECIDE, ("lidocaine-antiarrhythmic",), ("numbing-cream-at-home",)),
    Case("amiodarone is both", LIDOCAINE_GEL, {"medications": takes("amiodarone")}, DECIDE,
         ("lidocaine-antiarrhythmic", "lidocaine-slower-clearance")),
    Case("amitriptyline", LIDOCAINE_GEL, {"medications": takes("amitriptyline")}, CARE, ("lidocaine-other-medicines",)),
    Case("complete heart block", LIDOCAINE_GEL, {"conditions": has("complete heart block", controlled=True)}, CONTRA,
         ("lidocaine-conduction",)),
    Case("G6PD deficiency, vitamin C and the cream", mix(FACE, "vitamin C", anaesthetic=[EMLA]),
         {"conditions": has("G6PD deficiency")}, CONTRA, ("vitamin-c-g6pd", "prilocaine-methaemoglobin")),
    Case("G6PD deficiency, neither", product(FACE, "Profhilo"), {"conditions": has("G6PD deficiency")}, CLEAR,
         (), ("vitamin-c-g6pd", "prilocaine-methaemoglobin")),
    Case("tranexamic acid, an old clot", mix(MELASMA, "tranexamic acid"),
         {"conditions": has("DVT", status="past", resolved="2015")}, CONTRA, ("tranexamic-acid-excluded",)),
    Case("tranexamic acid, convulsions in childhood", mix(MELASMA, "tranexamic acid"),
         {"conditions": has("febrile convulsions", status="past")}, CONTRA, ("tranexamic-acid-excluded",)),
    Case("tranexamic acid, kidney disease stage 4", mix(MELASMA, "tranexamic acid"),
         {"conditions": has("CKD stage 4")}, CONTRA, ("tranexamic-acid-excluded",)),
    Case("tranexamic acid, clots in the family", mix(MELASMA, "tranexamic acid"),
         {"conditions": has("Factor V Leiden", status="family")}, DECIDE,
         ("tranexamic-acid-family-clots",), ("tranexamic-acid-excluded",)),
    Case("tranexamic acid, the pill", mix(MELASMA, "tranexamic acid"), {"medications": takes("Microgynon")}, DECIDE,
         ("tranexamic-acid-oestrogen",), ("medicines-mixed",)),
    Case("the pill, vitamin C", mix(MELASMA, "vitamin C"), {"medications": takes("Microgynon")}, CLEAR,
         (), ("tranexamic-acid-oestrogen",)),
    Case("tranexamic acid with vitamin C", mix(MELASMA, "tranexamic acid", "vitamin C"), {}, DECIDE,
         ("medicines-mixed",), ("tranexamic-acid-excluded",)),
    Case("minoxidil, angina", mix(SCALP, "minoxidil"),
         {"patient": MAN, "conditions": has("angina", controlled=True)}, CONTRA, ("minoxidil-heart",)),
    Case("minoxidil, amlodipine", mix(SCALP, "minoxidil"),
         {"patient": MAN, "conditions": has("hypertension", controlled=True), "medications": takes("amlodipine")},
         DECIDE, ("minoxidil-antihypertensive",), ("minoxidil-heart",)),
    Case("dutasteride, a wish for a child", mix(SCALP, "dutasteride"),
         {"patient": MAN, "answered": {"fertility_plans": True}}, DECIDE,
         ("five-alpha-reductase-fertility", "five-alpha-reductase-psa"), ("five-alpha-reductase-pregnancy",)),
    Case("dutasteride, no wish for a child", mix(SCALP, "dutasteride"),
         {"patient": MAN, "answered": {"fertility_plans": False}}, CLEAR,
         ("five-alpha-reductase-psa",), ("five-alpha-reductase-fertility",)),
    Case("dutasteride, no contraception", mix(SCALP, "dutasteride"), {"answered": {"contraception": "none"}}, CONTRA,
         ("five-alpha-reductase-pregnancy",), ("five-alpha-reductase-psa",)),
    Case("dutasteride, reliable contraception", mix(SCALP, "dutasteride"),
         {"answered": {"contraception": "reliable"}}, CLEAR, (), ("five-alpha-reductase-pregnancy",)),
    Case("finasteride while breastfeeding", mix(SCALP, "finasteride"),
         {"patient": {**WOMAN, "breastfeeding": True}, "answered": {"contraception": "reliable"}}, CONTRA,
         ("five-alpha-reductase-pregnancy",)),
    Case("aminophylline, theophylline tablets", mix(THIGHS, "aminophylline"), {"medications": takes("theophylline")},
         CONTRA, ("xanthine-excluded", "xanthine-in-the-mix")),
    Case("aminophylline alone", mix(THIGHS, "aminophylline"), {}, DECIDE, ("xanthine-in-the-mix",),
         ("xanthine-excluded",)),
    Case("buflomedil", mix(THIGHS, "buflomedil"), {}, CONTRA, ("buflomedil",)),
    Case("thyroid hormone", mix(THIGHS, "liothyronine"), {}, CONTRA, ("thyroid-hormone-mix",)),
    Case("glutathione", mix(MELASMA, "glutathione"), {}, CONTRA, ("glutathione",)),
    Case("carnitine and artichoke, warfarin", mix(THIGHS, "l-carnitine", "artichoke"),
         {"medications": takes("warfarin")}, DECIDE, ("levocarnitine", "artichoke-coumarin"), ("medicines-mixed",)),
    Case("biotin", mix(SCALP, "biotin"), {"patient": MAN}, CLEAR, ("biotin-laboratory-tests",)),
    Case("hyaluronidase to spread", mix(FACE, "hyaluronidase", "hyaluronic acid"), {}, CARE,
         ("hyaluronidase-as-spreader",)),
    Case("thiocolchicoside, weekly", mix({**BACK, "sessions": 4}, "thiocolchicoside"),
         {"patient": MAN, "answered": {"contraception": "reliable"}}, CONTRA, ("thiocolchicoside-excluded",)),
    Case("thiocolchicoside, once", mix(BACK, "thiocolchicoside"),
         {"patient": MAN, "answered": {"contraception": "reliable"}}, DECIDE, ("thiocolchicoside",),
         ("thiocolchicoside-excluded",)),
    Case("ketoprofen, apixaban", mix(BACK, "ketoprofen"), {"medications": takes("apixaban")}, CONTRA,
         ("nsaid-ingredient-excluded", "direct-oral-anticoagulant"), ("nsaid-ingredient-with-medicines",)),
    Case("ketoprofen, sertraline", mix(BACK, "ketoprofen"), {"medications": takes("sertraline")}, DECIDE,
         ("nsaid-ingredient-with-medicines",), ("nsaid-ingredient-excluded",)),
    Case("ketoprofen, an ulcer in the past", mix(BACK, "ketoprofen"),
         {"conditions": has("stomach ulcer", status="past")}, CONTRA, ("nsaid-ingredient-excluded",)),
    Case("ketoprofen, reaction to aspirin", mix(BACK, "ketoprofen"), {"allergies": [{"substance": "aspirin"}]}, CONTRA,
         ("nsaid-reaction",)),
    Case("ketoprofen, asthma with polyps", mix(BACK, "ketoprofen"), {"conditions": has("asthma", "nasal polyps")},
         DECIDE, ("nsaid-ingredient-asthma",), ("nsaid-reaction",)),
    Case("ketoprofen and lidocaine, nothing else", mix(BACK, "ketoprofen", "lidocaine"), {}, DECIDE,
         ("medicines-mixed", "ketoprofen-light"), ("nsaid-ingredient-excluded", "spinal-red-flag")),
    Case("back pain with a warning sign", mix(BACK, "lidocaine"), {"answered": {"spinal_red_flag": True}}, CONTRA,
         ("spinal-red-flag",)),
    Case("Lemon Bottle", product(CHIN, "Lemon Bottle"), {}, CONTRA, ("lemon-bottle", "product-not-for-injection")),
    Case("phosphatidylcholine in France", product({**CHIN, "jurisdiction": "fr"}, "Lipostabil"), {}, CONTRA,
         ("phosphatidylcholine", "fat-dissolving-france"), ("fat-dissolving-united-states",)),
    Case("deoxycholic acid under the chin", product(CHIN, "Kybella"), {}, CLEAR, (),
         ("fat-dissolving-united-states", "deoxycholic-acid-elsewhere", "deoxycholic-acid-mixed", "depth")),
    Case("deoxycholic acid, belly", product({**CHIN, "areas": ["abdomen"]}, "Kybella"), {}, CONTRA,
         ("fat-dissolving-united-states", "deoxycholic-acid-elsewhere")),
    Case("deoxycholic acid with lidocaine in the syringe", mix(CHIN, "deoxycholic acid", "lidocaine"), {}, CONTRA,
         ("deoxycholic-acid-mixed",)),
    Case("deoxycholic acid diluted", mix(CHIN, "deoxycholic acid", "sodium chloride"), {}, CONTRA,
         ("deoxycholic-acid-mixed",)),
    Case("polynucleotide in the United States", product({**FACE, "jurisdiction": "US"}, "Rejuran"), {}, CARE,
         ("polynucleotides-united-states",)),
    Case("polynucleotide in England", product(FACE, "Rejuran"), {}, CLEAR, (), ("polynucleotides-united-states",)),
    Case("pressure pen", product({**FACE, "technique": "hyaluron pen"}, "Profhilo"), {}, CONTRA,
         ("needle-free-pressure",)),
    Case("cosmetic serum under the needle", product(FACE, "cosmetic serum"), {}, CONTRA,
         ("product-not-for-injection",)),
    Case("cream put on at home", product(FACE, "Profhilo", anaesthetic=[{**EMLA, "applied_by": "patient"}]), {},
         CONTRA, ("numbing-cream-at-home",)),
    Case("compounded cream", product(FACE, "Profhilo", anaesthetic=[{**EMLA, "product": "BLT cream"}]), {}, CONTRA,
         ("numbing-cream-too-strong",)),
    Case("LED in the same visit", product(FACE, "Profhilo", combined_with=["LED"]), {}, CARE, ("led-same-visit",)),
    Case("six millimetres deep", product({**FACE, "depth_mm": 6}, "Profhilo"), {}, CARE, ("depth",)),
    Case("first consultation today", product(FACE, "Profhilo"), {"answered": {"days_since_consultation": 0}}, DEFER,
         ("cooling-off",)),
    Case("no adrenaline in the room", product(FACE, "Profhilo"), {"answered": {"adrenaline_missing": True}}, CONTRA,
         ("emergency-adrenaline",), ("emergency-kit",)),
    Case("consent not signed", product(FACE, "Profhilo"), {"answered": {"consent_missing": True}}, DECIDE,
         ("consent",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_patient(case: Case) -> None:
    screening = screened(case.order, **case.patient)
    rules = fired(screening)
    assert screening.verdict == case.verdict, rules
    assert set(case.fires) <= rules
    assert not rules & set(case.silent)
    assert screening.order_gaps == () or case.verdict == CONTRA
    assert screening.order_questions == () or screening.order_gaps  # what was not read may be anything


PLAIN = [
    mix(FACE, "hyaluronic acid", "vitamin C", "amino acids"),
    product(FACE, "NCTF 135 HA"),
    product({**FACE, "jurisdiction": "EU"}, "Profhilo"),
    {**product(FACE, "Profhilo"), "jurisdiction": None},
    product(FACE, "Teosyal Redensity 1"),
    product(FACE, "Profhilo", anaesthetic=[EMLA]),
]


@pytest.mark.parametrize("order", PLAIN, ids=["mixture", "nctf", "eu", "no-country", "lidocaine-gel", "cream"])
@pytest.mark.parametrize("patient", [WOMAN, MAN], ids=["woman", "man"])
def test_a_plain_order_in_a_clean_patient_fires_nothing(order: dict[str, Any], patient: dict[str, Any]) -> None:
    screening = screened(order, patient=patient)
    assert fired(screening) == set()
    assert screening.open_questions == ()
    assert screening.order_questions == ()
    assert screening.may_proceed


def test_without_an_order_the_patient_is_not_asked() -> None:
    screening = screened(None)
    assert screening.open_questions == ()
    assert {"five-alpha-reductase-pregnancy", "phosphatidylcholine"} <= {q.rule for q in screening.order_questions}


@pytest.mark.parametrize(
    ("order", "patient", "fact"),
    [
        (mix(SCALP, "dutasteride"), WOMAN, "contraception"),
        (mix(SCALP, "dutasteride"), MAN, "fertility_plans"),
        (mix(BACK, "thiocolchicoside"), MAN, "contraception"),
    ],
)
def test_what_a_closed_history_does_not_tell_is_asked(
    order: dict[str, Any], patient: dict[str, Any], fact: str
) -> None:
    screening = screened(order, patient=patient)
    assert [question.topic for question in screening.open_questions] == [fact]
    assert screening.incomplete or screening.verdict == DECIDE
    assert not screening.may_proceed


def test_back_pain_is_asked_for_warning_signs() -> None:
    screening = screened(mix(BACK, "lidocaine"), history_complete=False)
    assert "spinal_red_flag" in {question.topic for question in screening.open_questions}
    assert "spinal_red_flag" not in {q.topic for q in screened(FACE, history_complete=False).open_questions}


def test_an_answered_item_leaves_the_checklist() -> None:
    order = product(FACE, "Profhilo")
    before = {item.rule: item for item in screened(order).checklist}
    assert before["consent"].facts == ("consent_missing",)
    assert {"emergency-adrenaline", "product-authorisation", "skin-antisepsis", "england-licensing"} <= set(before)
    assert not {"depth", "eu-device-certificate", "minoxidil-blood-pressure"} & set(before)
    after = screened(order, answered={"consent_missing": False})
    assert {item.rule for item in after.checklist} == set(before) - {"consent"}
    assert after.verdict == CLEAR


@pytest.mark.parametrize(
    ("answered", "place"),
    [
        ({"contraseption": "none"}, "answered.contraseption"),
        ({"contraception": "sometimes"}, "answered.contraception"),
        ({"consent_missing": 3}, "answered.consent_missing"),
        ({"anticoagulant_current": False}, "answered.anticoagulant_current"),
    ],
)
def test_an_answer_to_no_question_is_refused(answered: dict[str, Any], place: str) -> None:
    with pytest.raises(InputError) as error:
        screened(None, answered=answered)
    assert error.value.place == place
