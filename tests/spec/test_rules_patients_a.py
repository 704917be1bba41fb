"""Whole patients through intake and screening: medicines, illnesses, pregnancy, age and choice.

Each case changes a patient with a complete and clean history. `fires`: rules that must be among the findings;
`silent`: rules that must not; the planned day is 25 November 2026 unless the order says otherwise.
"""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from nappage.intake import read
from nappage.intake.answers import Answers
from nappage.knowledge import load
from nappage.screening import Screening, screen

ON = date(2026, 11, 25)
CLEAN: dict[str, Any] = {
    "patient": {"birth_date": "1986-04-02", "sex": "female", "pregnancy": "no", "breastfeeding": False},
    "conditions": [],
    "medications": [],
    "allergies": [],
    "procedures": [],
    "previous_mesotherapy": [],
    "skincare": [],
    "needle_fear": False,
    "context": {"skin_state": [], "unwell": False, "recent_sun": False, "planned_events": []},
    "order": {
        "indication": "facial rejuvenation",
        "areas": ["cheek"],
        "technique": "nappage",
        "mixture": [{"ingredient": "hyaluronic acid", "concentration": 10, "unit": "mg/mL", "volume_ml": 2}],
        "planned_start": "2026-11-25",
        "jurisdiction": "GB-ENG",
    },
}
CONTRA, DEFER, DECIDE, CARE, CLEAR = (
    "contraindicated",
    "defer",
    "needs-clinician-decision",
    "proceed-with-precautions",
    "clear",
)


def screened(changes: dict[str, Any]) -> Screening:
    given = copy.deepcopy(CLEAN)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(given.get(key), dict):
            given[key].update(value)
        else:
            given[key] = value
    edition = load(ON)
    return screen(read(Answers.model_validate(given), edition, ON), edition)


def takes(name: str, **more: Any) -> dict[str, Any]:
    return {"medications": [{"name": name, **more}]}


def has(text: str, **more: Any) -> dict[str, Any]:
    return {"conditions": [{"text": text, **more}]}


def mixed(*names: str) -> dict[str, Any]:
    """An order for a mixture of these ingredients."""
    line = {"concentration": 1, "unit": "mg/mL", "volume_ml": 1}
    return {"order": {"mixture": [{"ingredient": name, **line} for name in names]}}


RULES_OF_ANTITHROMBOTICS = (
    "vitamin-k-antagonist direct-oral-anticoagulant heparin aspirin-prescribed aspirin-self-bought antiplatelet "
    "anticoagulant-unnamed antithrombotic-continues"
)
STEROIDS = "corticosteroid-systemic"
RETINOIDS = "isotretinoin-oral isotretinoin-oral-past retinoid-topical-prescribed retinoid-topical-self-bought"

# name: (what differs from the clean patient, verdict, rules that fire, rules that stay silent)
PATIENTS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "clean woman": ({}, CLEAR, "", RULES_OF_ANTITHROMBOTICS),
    "clean man, pregnancy never asked": (
        {"patient": {"sex": "male", "pregnancy": None, "breastfeeding": None}}, CLEAR, "", "pregnancy breastfeeding"),
    # --- pregnancy and age ---
    "pregnant": ({"patient": {"pregnancy": "pregnant"}}, CONTRA, "pregnancy", "trying-to-conceive"),
    "possibly pregnant": ({"patient": {"pregnancy": "possible"}}, CONTRA, "pregnancy", ""),
    "pregnant by her list of conditions": (has("pregnant"), CONTRA, "pregnancy", ""),
    "a past pregnancy": (has("pregnancy", resolved="2019-03-01"), CLEAR, "", "pregnancy after-birth"),
    "trying to conceive": ({"patient": {"pregnancy": "planning"}}, DECIDE, "trying-to-conceive", "pregnancy"),
    "trying to conceive, vitamin A in the mix": (
        {"patient": {"pregnancy": "planning"}, **mixed("vitamin a")}, CONTRA,
        "retinoid-mix-and-pregnancy", "pregnancy"),
    "breastfeeding": ({"patient": {"breastfeeding": True}}, CONTRA, "breastfeeding", "pregnancy"),
    "41 days after birth": ({"procedures": [{"name": "gave birth", "date": "2026-10-15"}]}, DEFER, "after-birth", ""),
    "42 days after birth": ({"procedures": [{"name": "gave birth", "date": "2026-10-14"}]}, CLEAR, "", "after-birth"),
    "18 tomorrow": ({"patient": {"birth_date": "2008-11-26"}}, CONTRA, "under-18", ""),
    "18 today": ({"patient": {"birth_date": "2008-11-25"}}, CLEAR, "", "under-18"),
    "60 with lidocaine": (
        {"patient": {"birth_date": "1966-11-25"}, **mixed("lidocaine")}, CARE, "older-adult-anaesthetic-or-xanthine",
        ""),
    "59 with lidocaine": (
        {"patient": {"birth_date": "1966-11-26"}, **mixed("lidocaine")}, CLEAR, "",
        "older-adult-anaesthetic-or-xanthine"),
    "70 without": ({"patient": {"birth_date": "1956-01-01"}}, CLEAR, "", "older-adult-anaesthetic-or-xanthine"),
    "76": ({"patient": {"birth_date": "1950-01-01"}}, CLEAR, "over-75", ""),
    # --- mind ---
    "questionnaire positive": (
        {"context": {"bdd_questionnaire": "positive"}}, DEFER, "body-dysmorphia-questionnaire", ""),
    "questionnaire negative": (
        {"context": {"bdd_questionnaire": "negative"}}, CLEAR, "", "body-dysmorphia-questionnaire"),
    "unrealistic hopes": ({"context": {"expectations": "unrealistic"}}, DECIDE, "expectations", ""),
    "pushed by somebody": ({"context": {"voluntary": False}}, DEFER, "request-not-voluntary", ""),
    "afraid of needles": ({"needle_fear": True}, CARE, "needle-fear", ""),
    # --- bleeding ---
    "haemophilia": (has("haemophilia A"), CONTRA, "bleeding-disorder", "medical-session-despite-exclusion"),
    "haemophilia in a brother": (has("haemophilia", status="family"), CLEAR, "", "bleeding-disorder"),
    "denied": (has("haemophilia", status="denied"), CLEAR, "", "bleeding-disorder"),
    "low platelets long ago": (has("low platelets", status="past", resolved="2010"), CLEAR, "", "bleeding-disorder"),
    "warfarin": (takes("warfarin 3 mg"), DECIDE, "vitamin-k-antagonist antithrombotic-continues",
                 "direct-oral-anticoagulant anticoagulant-unnamed"),
    "warfarin by brand": (takes("Coumadin"), DECIDE, "vitamin-k-antagonist", ""),
    "no warfarin": (takes("no warfarin"), CLEAR, "", RULES_OF_ANTITHROMBOTICS),
    "warfarin ended": (takes("warfarin", stopped="2020-01-31"), CLEAR, "", RULES_OF_ANTITHROMBOTICS),
    "apixaban by brand": (takes("Eliquis"), DECIDE, "direct-oral-anticoagulant", "vitamin-k-antagonist"),
    "a class, not a name": (takes("blood thinner"), DECIDE, "anticoagulant-unnamed", "vitamin-k-antagonist"),
    "heparin": (takes("Clexane"), CONTRA, "heparin", "anticoagulant-unnamed"),
    "clopidogrel": (takes("Plavix"), DECIDE, "antiplatelet", "aspirin-prescribed"),
    "clopidogrel with aspirin in one": (takes("DuoPlavin"), DECIDE, "antiplatelet aspirin-prescribed", ""),
    "aspirin, nothing said": (takes("aspirin 75 mg"), DECIDE, "aspirin-prescribed antithrombotic-continues",
                              "aspirin-self-bought antiplatelet nsaid-prescribed"),
    "aspirin prescribed": (takes("aspirin", prescribed=True), DECIDE, "aspirin-prescribed", "aspirin-self-bought"),
    "aspirin bought to protect the heart": (
        takes("aspirin", prescribed=False, reason="for my heart"), DECIDE, "aspirin-prescribed",
        "aspirin-self-bought"),
    "low-dose aspirin, bought": (
        takes("aspirin", dose="81 mg", prescribed=False), DECIDE, "aspirin-prescribed", "aspirin-self-bought"),
    "aspirin bought for a headache, 6 days ago": (
        takes("aspirin", prescribed=False, reason="headache", stopped="2026-11-19"), CARE, "aspirin-self-bought",
        "aspirin-prescribed antithrombotic-continues"),
    "aspirin bought, 7 days ago": (
        takes("aspirin", prescribed=False, stopped="2026-11-18"), CLEAR, "", "aspirin-self-bought"),
    "aspirin inside another remedy": (
        takes("Anadin Extra", prescribed=False, stopped="2026-11-24"), CARE, "aspirin-self-bought", ""),
    "ibuprofen bought, 6 days ago": (
        takes("Nurofen", prescribed=False, stopped="2026-11-19"), CARE, "nsaid-self-bought", "nsaid-prescribed"),
    "ibuprofen bought, 7 days ago": (
        takes("Nurofen", prescribed=False, stopped="2026-11-18"), CLEAR, "", "nsaid-self-bought"),
    "ibuprofen gel": (takes("ibuprofen gel", prescribed=False), CLEAR, "", "nsaid-self-bought nsaid-prescribed"),
    "diclofenac, nothing said": (takes("diclofenac tablets"), CARE, "nsaid-prescribed", "nsaid-self-bought"),
    "an SSRI": (takes("sertraline"), CARE, "ssri", ""),
    "fish oil, 6 days ago": (takes("fish oil", stopped="2026-11-19"), CARE, "fish-oil", ""),
    "fish oil, 7 days ago": (takes("fish oil", stopped="2026-11-18"), CLEAR, "", "fish-oil"),
    "St John's wort, 14 days ago": (takes("St John's wort", stopped="2026-11-11"), CLEAR, "", "st-johns-wort"),
    "St John's wort, 13 days ago": (takes("St John's wort", stopped="2026-11-12"), CARE, "st-johns-wort", ""),
    "a stent 11 months ago": (
        {"procedures": [{"name": "coronary stent", "date": "2025-12-26"}]}, CONTRA, "recent-stent-or-heart-attack",
        ""),
    "a stent 12 months ago": (
        {"procedures": [{"name": "coronary stent", "date": "2025-11-25"}]}, DECIDE, "heart-disease",
        "recent-stent-or-heart-attack"),
    # --- retinoids ---
    "on isotretinoin": (takes("Roaccutane"), DEFER, "isotretinoin-oral", "isotretinoin-oral-past"),
    "isotretinoin six months ago less a day": (
        takes("isotretinoin", stopped="2026-05-26"), DEFER, "isotretinoin-oral", "isotretinoin-oral-past"),
    "isotretinoin six months ago": (
        takes("isotretinoin", stopped="2026-05-25"), CLEAR, "isotretinoin-oral-past", "isotretinoin-oral"),
    "isotretinoin 18 months ago less a day": (
        takes("Accutane", stopped="2025-05-26"), CLEAR, "isotretinoin-oral-past", "isotretinoin-oral"),
    "isotretinoin 18 months ago": (takes("Accutane", stopped="2025-05-25"), CLEAR, "", RETINOIDS),
    "isotretinoin eleven months ago, keloids": (
        {**takes("isotretinoin", stopped="2025-12-26"), **has("keloid")}, CONTRA, "isotretinoin-oral-scarring", ""),
    "isotretinoin on the skin": (
        takes("isotretinoin gel"), DEFER, "retinoid-topical-prescribed", "isotretinoin-oral isotretinoin-oral-past"),
    "retinol bought, 6 days ago": (
        {"skincare": [{"product": "retinol serum", "prescribed": False, "last_used": "2026-11-19"}]}, DEFER,
        "retinoid-topical-self-bought", "retinoid-topical-prescribed"),
    "retinol bought, 7 days ago": (
        {"skincare": [{"product": "retinol serum", "prescribed": False, "last_used": "2026-11-18"}]}, CARE,
        "retinoid-in-regular-use", RETINOIDS),
    "retinol bought, a month ago": (
        {"skincare": [{"product": "retinol serum", "prescribed": False, "last_used": "2026-10-20"}]}, CLEAR, "",
        f"{RETINOIDS} retinoid-in-regular-use"),
    "tretinoin, nothing said": (
        {"skincare": [{"product": "tretinoin 0.05% cream"}]}, DEFER, "retinoid-topical-prescribed",
        "retinoid-topical-self-bought"),
    # --- immunity ---
    "prednisolone tablets": (takes("prednisolone 5 mg tablets"), CONTRA, STEROIDS, ""),
    "hydrocortisone cream": (takes("hydrocortisone cream"), CLEAR, "", STEROIDS),
    "steroid inhaler": (takes("beclometasone inhaler"), CLEAR, "", STEROIDS),
    "methotrexate": (takes("methotrexate"), CONTRA, "immunosuppressant", "chemotherapy-or-radiotherapy"),
    "adalimumab by brand": (takes("Humira"), CONTRA, "immunosuppressant", ""),
    "tacrolimus ointment": (takes("Protopic"), CLEAR, "", "immunosuppressant"),
    "methotrexate, treated for pain": (
        {**takes("methotrexate"), "order": {"indication": "musculoskeletal pain", "purpose": "medical"}}, DECIDE,
        "medical-session-despite-exclusion", "immunosuppressant"),
    "chemotherapy 11 months ago": (
        {"procedures": [{"name": "chemotherapy", "date": "2025-12-26"}]}, CONTRA, "chemotherapy-or-radiotherapy",
        "chemotherapy-or-radiotherapy-past"),
    "chemotherapy 12 months ago": (
        {"procedures": [{"name": "chemotherapy", "date": "2025-11-25"}]}, DECIDE,
        "chemotherapy-or-radiotherapy-past", "chemotherapy-or-radiotherapy"),
    "cancer now": (has("breast cancer", status="active"), CONTRA, "cancer-active", "cancer-past"),
    "cancer ended two years ago": (
        has("breast cancer", status="past", resolved="2024-10-01"), DECIDE, "cancer-past", "cancer-active"),
    "cancer of the mother": (has("mother had breast cancer"), CLEAR, "", "cancer-active cancer-past"),
    "lupus": (has("SLE"), CONTRA, "lupus autoimmune-disease", ""),
    "scleroderma": (has("scleroderma"), CONTRA, "scleroderma", ""),
    "rheumatoid arthritis, quiet": (
        has("rheumatoid arthritis", controlled=True), DECIDE, "autoimmune-disease", "autoimmune-disease-active"),
    "rheumatoid arthritis, flaring": (
        has("rheumatoid arthritis", controlled=False), CONTRA, "autoimmune-disease-active", ""),
    "HIV": (has("HIV"), DECIDE, "blood-borne-infection", ""),
    "kidney transplant": (has("kidney transplant"), CONTRA, "organ-transplant", ""),
    "mole in the area": ({"context": {"skin_state": ["changing mole"]}}, CONTRA, "suspicious-lesion", ""),
    # --- other illnesses ---
    "type 2 diabetes, controlled": (
        {**has("type 2 diabetes", controlled=True), **takes("metformin")}, DECIDE, "diabetes",
        "diabetes-insulin-or-uncontrolled"),
    "type 2 diabetes, by its words uncontrolled": (
        has("poorly controlled type 2 diabetes"), CONTRA, "diabetes-insulin-or-uncontrolled uncontrolled-condition",
        ""),
    "type 1 diabetes": (has("type 1 diabetes"), CONTRA, "diabetes-insulin-or-uncontrolled", ""),
    "metformin, nothing said": (takes("metformin"), DECIDE, "diabetes", "glucose-lowering-without-diabetes"),
    "metformin for polycystic ovaries": (
        takes("metformin", reason="polycystic ovaries"), CARE, "glucose-lowering-without-diabetes", "diabetes"),
    "gliclazide, no diabetes": (takes("gliclazide"), DECIDE, "diabetes", "glucose-lowering-without-diabetes"),
    "a slimming jab": (takes("Wegovy"), CARE, "glucose-lowering-without-diabetes", "diabetes"),
    "insulin": ({**has("diabetes", controlled=True), **takes("Lantus")}, CONTRA,
                "diabetes-insulin-or-uncontrolled", ""),
    "diabetes of the father": (has("diabetes", status="family"), CLEAR, "", "diabetes"),
    "treated hypertension": (
        {**has("hypertension", controlled=True), **takes("amlodipine")}, CARE, "hypertension",
        "hypertension-uncontrolled"),
    "uncontrolled hypertension": (
        has("hypertension", controlled=False), DEFER, "hypertension-uncontrolled uncontrolled-condition", ""),
    "stable angina": (has("stable angina"), DECIDE, "heart-disease", "heart-disease-severe-or-unstable"),
    "unstable angina": (has("unstable angina", onset="2020"), CONTRA, "heart-disease-severe-or-unstable", ""),
    "heart attack 11 months ago": (
        has("heart attack", onset="2025-12-26", status="past"), CONTRA, "recent-stent-or-heart-attack", ""),
    "heart attack years ago": (
        has("heart attack", onset="2015-02", controlled=True), DECIDE, "heart-disease",
        "recent-stent-or-heart-attack"),
    "epilepsy, nothing said": (has("epilepsy"), CONTRA, "epilepsy", "epilepsy-seizure-free"),
    "epilepsy, seizure-free": (has("epilepsy", controlled=True), DECIDE, "epilepsy-seizure-free", "epilepsy"),
    "epilepsy without seizures, carnitine in the mix": (
        {**has("epilepsy", controlled=True), **mixed("carnitine")}, CONTRA, "epilepsy-with-convulsant-ingredient",
        "epilepsy"),
    "heart block with lidocaine": (
        {**has("heart block", controlled=True), **mixed("lidocaine")}, CONTRA, "lidocaine-conduction", ""),
    "heart block without": (has("heart block", controlled=True), DECIDE, "arrhythmia", "lidocaine-conduction"),
    "stroke": (has("stroke", status="past"), DECIDE, "stroke-or-tia", ""),
    "clot": (has("DVT", status="past"), DECIDE, "clotting-tendency", "bleeding-disorder"),
    "dialysis": (has("dialysis"), CONTRA, "kidney-disease-severe kidney-disease", ""),
    "gallstones": (has("gallstones"), DECIDE, "gallstones", "gallstones-artichoke-or-fat-dissolving"),
    "underactive thyroid": (has("hypothyroidism"), DECIDE, "thyroid-disease", "iodine-antiseptic"),
    "thyroid hormone in the mix": (mixed("liothyronine"), CONTRA, "thyroid-hormone-mix", ""),
    "asthma": (has("asthma", controlled=True), CARE, "asthma", ""),
    "porphyria": (has("porphyria"), CONTRA, "porphyria", ""),
    "myasthenia": (has("myasthenia gravis", controlled=True), DECIDE, "neuromuscular-disease-or-aminoglycoside", ""),
    "gentamicin eye drops": (takes("gentamicin eye drops"), CLEAR, "", "neuromuscular-disease-or-aminoglycoside"),
    "swallowing trouble, deoxycholic acid": (
        {**has("difficulty swallowing"), **mixed("deoxycholic acid")}, CONTRA, "dysphagia-deoxycholic-acid", ""),
    "mastocytosis": (has("mastocytosis"), CONTRA, "mast-cell-disease", ""),
    "body dysmorphic disorder": (has("body dysmorphia"), DECIDE, "body-dysmorphic-disorder", ""),
    "vitamin E": (takes("vitamin E capsules", stopped="2026-11-19"), CARE, "vitamin-e", ""),
    "ginkgo": (takes("ginkgo biloba"), CARE, "ginkgo", ""),
    "garlic": (takes("garlic capsules"), CARE, "garlic", ""),
    "ginseng": (takes("ginseng", stopped="2026-11-19"), CARE, "ginseng", ""),
    "turmeric": (takes("turmeric capsules"), CARE, "other-bruising-supplement", ""),
    "immunodeficiency": (has("common variable immunodeficiency"), CONTRA, "immunodeficiency", ""),
    "vasculitis": (has("vasculitis", controlled=True), DECIDE, "vascular-disease autoimmune-disease", ""),
    "fatty liver": (has("fatty liver"), DECIDE, "liver-disease", ""),
    "cured hepatitis C": (has("hepatitis C", resolved="2020"), CLEAR, "", "blood-borne-infection liver-disease"),
    "thyroid nodule, iodine in the mix": (
        {**has("thyroid nodule"), **mixed("iodine")}, CONTRA, "thyroid-disease-iodine-mix iodine-antiseptic", ""),
    "gallstones, fat-dissolving mix": (
        {**has("gallstones"), **mixed("deoxycholic acid")}, CONTRA, "gallstones-artichoke-or-fat-dissolving", ""),
    "earlier anaphylaxis": (has("anaphylaxis", status="past"), DECIDE, "anaphylaxis-or-fainting", ""),
    # --- denials reach only what they deny ---
    "epilepsy, no seizures": (has("epilepsy, no seizures for ten years"), CONTRA, "epilepsy", ""),
    "no diabetes, but lupus": (has("no diabetes, but lupus"), CONTRA, "lupus", "diabetes"),
    "no diabetes, lupus or epilepsy": (has("no diabetes, lupus or epilepsy"), CLEAR, "", "diabetes lupus epilepsy"),
    "warfarin, no missed doses": (takes("warfarin, no missed doses"), DECIDE, "vitamin-k-antagonist", ""),
    "warfarin misspelt, no missed doses": (
        takes("warfarine sodium, never missed"), DECIDE, "vitamin-k-antagonist", ""),
    "the mother's illness and her own": (
        has("my mother has lupus; I have type 1 diabetes"), CONTRA, "diabetes-insulin-or-uncontrolled", "lupus"),
    "diabetes: no": (has("diabetes: no"), CLEAR, "", "diabetes"),
    "cancer in remission, year not said": (has("breast cancer, in remission"), DECIDE, "cancer-past", "cancer-active"),
    # --- plans ---
    "wedding in 13 days": (
        {"context": {"planned_events": [{"event": "wedding", "date": "2026-12-08"}]}}, CARE, "social-event-soon", ""),
    "wedding in 14 days": (
        {"context": {"planned_events": [{"event": "wedding", "date": "2026-12-09"}]}}, CLEAR, "",
        "social-event-soon"),
    "wine today": ({"lifestyle": {"alcohol_last": "2026-11-25"}}, CARE, "alcohol-before", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", PATIENTS)
def test_patient(name: str) -> None:
    changes, verdict, fires, silent = PATIENTS[name]
    screening = screened(changes)
    fired = {finding.rule for finding in screening.findings}
    assert not set(fires.split()) - fired
    assert not set(silent.split()) & fired
    assert screening.verdict == verdict, sorted(fired)


@pytest.mark.parametrize("name", [name for name, case in PATIENTS.items() if case[1] == CLEAR])
def test_a_clear_patient_is_complete(name: str) -> None:
    screening = screened(PATIENTS[name][0])
    assert not screening.incomplete, screening.open_questions


def test_a_clean_patient_answers_no_to_every_rule_about_the_person() -> None:
    """Provably no, not merely silent: nothing is left waiting but what a clinician records."""
    given = {**copy.deepcopy(CLEAN), "history_complete": True}
    edition = load(ON)
    facts = read(Answers.model_validate(given), edition, ON)
    screening = screen(facts, edition)
    assert screening.findings == () and screening.open_questions == ()


@pytest.mark.parametrize(
    ("changes", "day"),
    [
        (takes("isotretinoin", stopped="2026-08-31"), date(2027, 2, 28)),
        ({"procedures": [{"name": "glycolic peel", "date": "2026-11-20"}]}, date(2026, 12, 4)),
        ({"procedures": [{"name": "gave birth", "date": "2026-11-01"}]}, date(2026, 12, 13)),
        (takes("Roaccutane"), None),
    ],
)
def test_earliest_date(changes: dict[str, Any], day: date | None) -> None:
    assert screened(changes).earliest_date == day


@pytest.mark.parametrize(
    ("changes", "topic", "worst"),
    [
        (takes("cortisone"), "route", "absolute-contraindication"),
        (takes("isotretinoin", current=False), "date", "deferral"),
        (has("type 2 diabetes"), "diabetes_uncontrolled", "absolute-contraindication"),
        (has("rheumatoid arthritis"), "autoimmune_disease_uncontrolled", "absolute-contraindication"),
        (has("heart attack", status="past"), "date", "absolute-contraindication"),
        ({"medications": None}, "medications", "absolute-contraindication"),
        ({"conditions": None}, "conditions", "absolute-contraindication"),
        ({"patient": {"pregnancy": None}}, "pregnancy", "absolute-contraindication"),
        (takes("Zyxoflor"), "unread:medications", "absolute-contraindication"),
    ],
)
def test_what_is_missing_is_asked(changes: dict[str, Any], topic: str, worst: str) -> None:
    screening = screened(changes)
    asked = {question.topic: question.could_be for question in screening.open_questions}
    assert asked.get(topic) == worst, asked
    assert screening.incomplete


@pytest.mark.parametrize("topic", ["medications", "skincare", "conditions", "procedures"])
def test_a_list_never_asked_is_one_question(topic: str) -> None:
    """The last doses of medicines nobody has named yet are not asked one by one."""
    assert [question.topic for question in screened({topic: None}).open_questions] == [topic]


def test_dissent_is_shown_with_the_finding() -> None:
    finding = next(f for f in screened(takes("warfarin")).findings if f.rule == "vitamin-k-antagonist")
    assert any("SEED000" in line.line and line.says == "absolute-contraindication" for line in finding.dissent)
