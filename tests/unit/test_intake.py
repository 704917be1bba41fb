"""`read`: answers and an order become facts. What is missing, vague or not recognised is asked, never made safe."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from nappage.intake import Answers, Facts, read
from nappage.knowledge import load
from nappage.screening import Screening, screen
from nappage.values import InputError

ON = date(2026, 11, 20)  # asked on this day, five days before the session
EDITION = load(ON)
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


def answers(**changes: Any) -> Answers:
    given = copy.deepcopy(CLEAN)
    for key, value in changes.items():
        given[key] = given[key] | value if isinstance(value, dict) and isinstance(given.get(key), dict) else value
    return Answers.model_validate(given)


def facts(**changes: Any) -> Facts:
    return read(answers(**changes), EDITION, ON)


def screened(**changes: Any) -> Screening:
    return screen(facts(**changes), EDITION)


def line(topic: str, text: str, **more: Any) -> dict[str, Any]:
    """One entry in one list."""
    if topic in ("skin_state", "planned_events"):
        return {"context": {topic: [text] if topic == "skin_state" else [{"event": text, **more}]}}
    key = {"medications": "name", "conditions": "text", "allergies": "substance", "procedures": "name"}[topic]
    return {topic: [{key: text, **more}]}


def quoted(changes: dict[str, Any]) -> str:
    """All the words that the questions quote."""
    return " | ".join(question.quote or "" for question in screened(**changes).open_questions)


# --- one line with several things in it ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "text", "fact", "unread"),
    [
        ("medications", "Aspirin and Xyzolol", "aspirin_prescribed_current", "Xyzolol"),
        ("medications", "warfarin, plus a little white pill", "vitamin_k_antagonist_current", "a little white pill"),
        ("medications", "warfarin and something for my nerves", "vitamin_k_antagonist_current", "something"),
        ("medications", "Aspirin Xyzolol", "aspirin_prescribed_current", "Xyzolol"),
        ("medications", "aspirin and another tablet", "aspirin_prescribed_current", "another tablet"),
        ("medications", "Xyzolol 5 mg, aspirin 75 mg", "aspirin_prescribed_current", "Xyzolol"),
        ("medications", "no warfarin, but Xyzolol and aspirin", "aspirin_prescribed_current", "Xyzolol"),
        ("conditions", "asthma and Zorbel's syndrome", "asthma_active", "Zorbel's syndrome"),
        ("conditions", "asthma, some sort of blood thing", "asthma_active", "some sort of blood thing"),
        ("allergies", "latex and xyzoline", "latex_allergy", "xyzoline"),
        ("allergies", "eggs, something the dentist used", "egg_allergy", "something the dentist used"),
        ("procedures", "Botox and a bit of xyzofill", "botulinum_toxin_ever", "xyzofill"),
    ],
)
def test_what_is_not_known_beside_something_known_is_asked(topic: str, text: str, fact: str, unread: str) -> None:
    seen = facts(**line(topic, text))
    assert seen[fact] is True
    assert any(unread in word.quote for word in seen.unread), seen.unread
    assert screened(**line(topic, text)).incomplete


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("medications", "aspirin 75 mg once daily after food for my heart"),
        ("medications", "Microgynon 30, one a day"),
        ("medications", "Roaccutane 20 mg stopped in May"),
        ("medications", "paracetamol now and then, when I have a headache"),
        ("medications", "levothyroxine 100 micrograms every morning on an empty stomach"),
        ("medications", "amlodipine 5mg od"),
        ("medications", "Ventolin inhaler, two puffs as needed"),
        ("medications", "vitamin D drops in winter"),
        ("medications", "Levothyrox 75 µg le matin à jeun"),
        ("medications", "omega 3, vit C, collagen peptides"),
        ("medications", "warfarin, 3 mg Mon-Fri and 4 mg at the weekend"),
        ("medications", "ibuprofen 400 mg prn (bought over the counter)"),
        ("medications", "ramipril and bisoprolol, both since 2019"),
        ("medications", "hydrocortisone cream 1% on my elbows twice a day"),
        ("medications", "Doliprane 1 g, un comprimé le soir"),
        ("medications", "sertraline 50 mg, prescribed by my GP for anxiety and depression"),
        ("medications", "Humira injection every two weeks, last dose three weeks ago"),
        ("conditions", "asthma, well controlled with inhalers"),
        ("conditions", "high blood pressure and cholesterol"),
        ("conditions", "hypothyroidism, diagnosed in 2015, stable on treatment"),
        ("conditions", "migraine with aura, two or three a month"),
        ("conditions", "eczema on both hands since childhood"),
        ("allergies", "penicillin - rash as a child"),
        ("allergies", "peanuts, anaphylaxis in 2010"),
        ("allergies", "nickel (earrings), itchy red skin"),
        ("procedures", "Botox in the forehead and crow's feet, March 2026"),
        ("procedures", "lip filler, 1 ml Juvederm"),
        ("procedures", "laser hair removal, upper lip and chin, six sessions"),
    ],
)
def test_ordinary_words_beside_a_name_need_no_question(topic: str, text: str) -> None:
    assert facts(**line(topic, text)).unread == ()


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("procedures", "not Botox, the other one"),
        ("allergies", "nuts and one medicine"),
        ("conditions", "asthma and a skin disease"),
        ("medications", "jab for arthritis every month"),
        ("medications", "an injection for psoriasis every 3 months"),
        ("medications", "aspirin and a cream for my back"),
        ("allergies", "not known"),
        ("allergies", "never tested"),
        ("medications", "same as last time"),
        ("conditions", "see my notes"),
        ("medications", "yes"),
        ("medications", "minoxidil and that hair tablet"),
        ("medications", "nothing except Xyzolol"),
        ("medications", "pas de médicament sauf Xyzolol"),
    ],
)
def test_what_nobody_named_is_asked(topic: str, text: str) -> None:
    assert facts(**line(topic, text)).unread
    assert screened(**line(topic, text)).incomplete


@pytest.mark.parametrize("text", ["rien", "aucun traitement", "pas de traitement", "nothing to declare", "NKDA"])
def test_a_denial_of_everything_needs_no_question(text: str) -> None:
    topic = "allergies" if text == "NKDA" else "medications"
    assert facts(**line(topic, text)).unread == ()
    assert not screened(**line(topic, text)).incomplete


def test_a_misspelling_read_as_something_harmless_is_still_to_be_confirmed() -> None:
    screening = screened(**line("medications", "paracetmol"))
    assert [(q.topic, q.quote) for q in screening.open_questions] == [("confirm", "paracetmol")]
    assert screening.verdict == "clear" and not screening.may_proceed


# --- whose ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "own", "family"),
    [
        ("Father had haemophilia and I have asthma", "asthma_active", None),
        ("my mother has keloids and I have asthma", "asthma_active", "keloid_family"),
        ("I have asthma and my father had blood clots", "asthma_active", "clotting_tendency_family"),
        ("keloids, mother too", "keloid", "keloid_family"),
        ("diabetes, father too", "diabetes_active", None),
        ("me and my sister both have keloids", "keloid", "keloid_family"),
        ("asthma and mother keloids", "asthma_active", "keloid_family"),
        ("asthma; family history of keloids", "asthma_active", "keloid_family"),
        ("keloids like my mother", "keloid", "keloid_family"),
        ("my mother and I have keloids", "keloid", "keloid_family"),
    ],
)
def test_the_patients_own_and_a_relatives_illness_in_one_line(text: str, own: str, family: str | None) -> None:
    seen = facts(**line("conditions", text))
    assert seen[own] is True
    assert family is None or seen[family] is True


def test_a_relatives_illness_is_not_the_patients() -> None:
    seen = facts(**line("conditions", "Father had haemophilia and I have asthma"))
    assert seen["haemophilia"] is False
    assert facts(**line("conditions", "my mother has keloids"))["keloid"] is False


# --- a class says nothing against its members ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "text", "open_facts"),
    [
        ("medications", "blood pressure tablets", "beta_blocker_current photosensitiser_current"),
        ("medications", "antibiotics", "photosensitiser_current aminoglycoside_current"),
        ("medications", "an immune medicine", "biologic_current jak_inhibitor_current immunosuppressant_current"),
        ("medications", "immunosuppressants", "biologic_current jak_inhibitor_current"),
        ("medications", "heart tablets", "beta_blocker_current amiodarone_current anticoagulant_current"),
        ("medications", "blood thinner", "heparin_current doac_current vitamin_k_antagonist_current "
                                         "aspirin_prescribed_current antiplatelet_current"),
        ("medications", "steroid", "corticosteroid_systemic_current"),
        ("medications", "anticoagulant", "heparin_current doac_current vitamin_k_antagonist_current"),
        ("medications", "retinoid", "isotretinoin_oral_ever"),
        ("medications", "antidiabetic", "insulin_current"),
        ("medications", "birth control", "oestrogen_or_tamoxifen_current"),
        ("medications", "vitamins", "vitamin_e_ever"),
        ("medications", "painkillers", "nsaid_prescribed_current aspirin_prescribed_current"),
        ("conditions", "heart problem", "severe_heart_disease_active heart_attack heart_block"),
        ("conditions", "autoimmune disease, not sure which", "lupus scleroderma"),
        ("conditions", "skin disease", "psoriasis vitiligo keloid"),
        ("conditions", "bleeding problem", "inherited_bleeding_disorder haemophilia"),
        ("conditions", "kidney trouble", "severe_kidney_disease_active"),
        ("conditions", "diabetes", "diabetes_insulin_treated"),
        ("conditions", "fits", "epilepsy epilepsy_active"),
        ("conditions", "hepatitis", "blood_borne_infection_active"),
        ("conditions", "thyroid trouble", "iodine_sensitive_thyroid"),
        ("allergies", "allergic to some anaesthetic", "amide_anaesthetic_allergy ester_anaesthetic_allergy"),
        ("allergies", "numbing cream", "amide_anaesthetic_allergy ester_anaesthetic_allergy"),
        ("allergies", "an antiseptic", "chlorhexidine_allergy"),
        ("allergies", "a preservative", "paraben_allergy sulfite_allergy benzyl_alcohol_allergy"),
        ("procedures", "filler", "permanent_filler_ever"),
        ("procedures", "machine treatment", "laser_ever ipl_ever"),
        ("procedures", "an operation", "facial_surgery_ever"),
        ("procedures", "heart surgery", "coronary_stent_ever pacemaker_fitted_ever"),
    ],
)  # fmt: skip
def test_a_class_leaves_its_members_open(topic: str, text: str, open_facts: str) -> None:
    seen = facts(**line(topic, text))
    assert {name: seen[name] for name in open_facts.split()} == dict.fromkeys(open_facts.split(), None)


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("medications", "blood pressure tablets"),
        ("medications", "antibiotics"),
        ("medications", "blood thinner"),
        ("conditions", "heart problem"),
        ("conditions", "kidney trouble"),
        ("procedures", "filler"),
    ],
)
def test_the_question_about_a_class_quotes_it(topic: str, text: str) -> None:
    assert text in quoted(line(topic, text))
    assert screened(**line(topic, text)).incomplete


@pytest.mark.parametrize(
    ("topic", "text", "yes", "no"),
    [
        ("medications", "bisoprolol", "beta_blocker_current antihypertensive_current",
         "photosensitiser_current antiarrhythmic_current"),
        ("medications", "amoxicillin", "antibiotic_ever", "photosensitiser_current aminoglycoside_current"),
        ("medications", "apixaban", "doac_current", "heparin_current vitamin_k_antagonist_current"),
        ("medications", "blood pressure tablets (bisoprolol)", "beta_blocker_current", "photosensitiser_current"),
        ("medications", "blood thinner: apixaban", "doac_current", "heparin_current aspirin_prescribed_current"),
        ("medications", "levofloxacin", "antibiotic_ever", "lidocaine_slowing_medicine_current"),
        ("conditions", "coeliac disease", "autoimmune_disease", "lupus scleroderma"),
        ("conditions", "heart problem: atrial fibrillation", "arrhythmia", "heart_attack heart_block"),
        ("conditions", "mitral valve prolapse", "heart_disease", "heart_attack heart_block"),
        ("conditions", "febrile convulsions as a baby", "seizure_history", "epilepsy"),
        ("conditions", "CKD stage 3", "kidney_disease_active", "severe_kidney_disease_active"),
        ("conditions", "HIV", "blood_borne_infection_active", "immunodeficiency_active"),
        ("allergies", "lidocaine", "amide_anaesthetic_allergy", "ester_anaesthetic_allergy"),
        ("procedures", "lip filler", "ha_filler_ever", "permanent_filler_ever"),
        ("procedures", "glycolic acid peel", "chemical_peel_ever", "chemical_peel_deep_ever"),
    ],
)  # fmt: skip
def test_a_specific_name_closes_the_others(topic: str, text: str, yes: str, no: str) -> None:
    seen = facts(**line(topic, text))
    assert {name: seen[name] for name in yes.split()} == dict.fromkeys(yes.split(), True)
    assert {name: seen[name] for name in no.split()} == dict.fromkeys(no.split(), False)


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("type 2 diabetes, poorly controlled", "diabetes_uncontrolled"),
        ("asthma uncontrolled, epilepsy well controlled", "uncontrolled_condition"),
        ("breast cancer in remission, type 2 diabetes", "diabetes_active"),
        ("previously eczema, now lupus", "lupus"),
    ],
)
def test_a_quality_belongs_to_the_illness_it_stands_beside(text: str, yes: str) -> None:
    seen = facts(**line("conditions", text))
    assert seen[yes] is True
    assert seen["epilepsy_uncontrolled"] is False


def test_words_that_leave_a_kind_open_are_names_of_their_concept() -> None:
    """`open` lists some of a concept's own names; `may_be` names concepts of the same map."""
    for kind in ("medicines", "conditions", "allergens", "procedures", "events", "skin_states"):
        concepts = getattr(EDITION, kind)
        for name, concept in concepts.items():
            own = {name.replace("-", " "), *concept.names}
            assert set(concept.open or ()) <= own, (kind, name, set(concept.open or ()) - own)
            assert set(concept.may_be) <= set(concepts), (kind, name)


# --- dated and undated ---------------------------------------------------------------------------------------


def test_a_dated_entry_fires_beside_an_undated_one_which_asks() -> None:
    screening = screened(
        medications=[
            {"name": "isotretinoin", "stopped": "2026-09-25"},
            {"name": "Roaccutane", "current": False},
        ]
    )
    assert screening.verdict == "defer"
    finding = next(f for f in screening.findings if f.rule == "isotretinoin-oral")
    assert finding.earliest_date == date(2027, 3, 25)
    assert any(because.fact == "isotretinoin_oral_months" and because.value == 2 for because in finding.because)
    assert [q.quote for q in screening.open_questions if q.topic == "date"] == ["Roaccutane"]


def test_an_old_dated_entry_beside_an_undated_one_says_nothing_against_it() -> None:
    both = [{"name": "isotretinoin", "stopped": "2020-09-25"}, {"name": "Roaccutane", "current": False}]
    screening = screened(medications=both)
    assert screening.findings == () and screening.incomplete
    assert facts(medications=both)["isotretinoin_oral_months"] is None


def test_a_dated_procedure_fires_beside_an_undated_one() -> None:
    screening = screened(procedures=[{"name": "Botox", "date": "2026-11-24"}, {"name": "Dysport"}])
    alone = screened(procedures=[{"name": "Botox", "date": "2026-11-24"}])
    assert {f.rule for f in screening.findings} >= {f.rule for f in alone.findings} > set()
    assert any(question.quote == "Dysport" for question in screening.open_questions)


def test_an_undated_plan_is_asked_about_beside_a_dated_one() -> None:
    screening = screened(
        context={"planned_events": [{"event": "flu jab", "date": "2027-06-01"}, {"event": "travel vaccines"}]}
    )
    assert any(q.quote == "travel vaccines" for q in screening.open_questions)


# --- routes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "systemic"),
    [
        ("cortisone injection in the knee last week", True),
        ("steroid injection in my shoulder", True),
        ("cortisone cream", False),
        ("Symbicort", False),
        ("prednisolone eye drops", False),
        ("prednisolone tablets", True),
        ("prednisolone", True),
        ("steroid nasal spray", False),
        ("Kenalog", None),
        ("hydrocortisone cream and prednisolone tablets", True),
        ("Symbicort inhaler and cortisone injection", True),
        ("betamethasone ointment, prednisolone", True),
        ("steroid", None),
        ("Symbicort and prednisolone 5 mg", True),
        ("ciclosporin eye drops, cortisone tablets", True),
    ],
)
def test_the_route_of_a_steroid(text: str, systemic: bool | None) -> None:
    assert facts(**line("medications", text))["corticosteroid_systemic_current"] is systemic


# --- listed in another list ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "text", "date_", "rule"),
    [
        ("procedures", "pacemaker fitted", None, "arrhythmia"),
        ("procedures", "two stents", "2026-08-01", "recent-stent-or-heart-attack"),
        ("procedures", "heart bypass", "2015", "heart-disease"),
        ("procedures", "kidney transplant", "2015", "organ-transplant"),
        ("procedures", "chemo", "2026-08-01", "chemotherapy-or-radiotherapy"),
        ("procedures", "dialysis", "2026-11-01", "kidney-disease-severe"),
        ("procedures", "cortisone injection in the knee", None, "corticosteroid-systemic"),
        ("conditions", "coronary stent", "2026-08-01", "recent-stent-or-heart-attack"),
        ("conditions", "chemotherapy", "2026-08-01", "chemotherapy-or-radiotherapy"),
        ("conditions", "kidney transplant", "2015", "organ-transplant"),
        ("conditions", "pacemaker", None, "arrhythmia"),
        ("conditions", "atrial fibrillation, on warfarin", None, "vitamin-k-antagonist"),
        ("medications", "chemotherapy", None, "chemotherapy-or-radiotherapy"),
    ],
)
def test_what_stands_in_one_list_reaches_the_rules_that_read_another(
    topic: str, text: str, date_: str | None, rule: str
) -> None:
    when = {} if date_ is None else {"date": date_} if topic == "procedures" else {"onset": date_}
    assert rule in {finding.rule for finding in screened(**line(topic, text, **when)).findings}


@pytest.mark.parametrize(
    ("text", "day", "value"),
    [
        ("cortisone injection in the knee", "2026-11-18", None),
        ("cortisone injection in the knee", "2015-03-01", False),
        ("injection into a joint", "2026-11-18", None),
        ("B12 injection", "2026-11-18", False),
    ],
)
def test_a_steroid_injection_among_the_procedures_is_open_while_it_may_act(
    text: str, day: str, value: bool | None
) -> None:
    assert facts(**line("procedures", text, date=day))["corticosteroid_systemic_current"] is value


@pytest.mark.parametrize(
    ("topic", "text", "more", "fact"),
    [
        ("conditions", "allergic to lidocaine", {}, "amide_anaesthetic_allergy"),
        ("conditions", "asthma, allergic to latex", {}, "latex_allergy"),
        ("allergies", "penicillin", {"reaction": "anaphylactic shock"}, "anaphylaxis_history"),
        ("medications", "aspirin, pacemaker", {}, "arrhythmia"),
        ("procedures", "warfarin", {}, "vitamin_k_antagonist_current"),
        ("conditions", "AF on warfarin", {}, "vitamin_k_antagonist_current"),
        ("allergies", "ramipril", {}, "any_allergy"),
        ("medications", "aspirin, allergic to lidocaine", {}, "amide_anaesthetic_allergy"),
        ("medications", "Botox", {"stopped": "2026-11-24"}, "botulinum_toxin_ever"),
        ("procedures", "suxamethonium", {"date": "2026-11-01"}, "suxamethonium_ever"),
    ],
)
def test_what_stands_in_the_wrong_list_is_read_in_the_right_one(
    topic: str, text: str, more: dict[str, Any], fact: str
) -> None:
    seen = facts(**line(topic, text, **more))
    assert seen[fact] is True
    assert bool(seen.unread) is (topic == "procedures" and text == "warfarin")  # what was done with it, nobody said


# --- open and closed lists -----------------------------------------------------------------------------------

LISTS = {
    "medications": "anticoagulant_current",
    "conditions": "epilepsy",
    "allergies": "latex_allergy",
    "procedures": "laser_ever",
}


@pytest.mark.parametrize(("topic", "fact"), LISTS.items())
def test_a_list_never_asked_is_unknown_and_a_present_one_closed(topic: str, fact: str) -> None:
    absent = facts(**{topic: None})
    assert absent[fact] is None
    assert absent.waiting[fact] == topic
    assert facts()[fact] is False


@pytest.mark.parametrize(("topic", "fact"), LISTS.items())
def test_history_complete_closes_and_not_asked_reopens(topic: str, fact: str) -> None:
    assert facts(**{topic: None}, history_complete=True)[fact] is False
    assert facts(**{topic: None}, history_complete=True, not_asked=[topic])[fact] is None
    assert facts(not_asked=[topic])[fact] is None


@pytest.mark.parametrize("word", ["warfarin", "vitamin K antagonist", "vitamin_k_antagonist_current"])
def test_not_asked_reopens_one_fact_by_its_concept_or_name(word: str) -> None:
    seen = facts(not_asked=[word])
    assert seen["vitamin_k_antagonist_current"] is None
    assert seen["doac_current"] is False


@pytest.mark.parametrize("topic", LISTS)
def test_words_not_read_keep_the_rest_of_their_list_unknown(topic: str) -> None:
    seen = facts(**line(topic, "Xyzolombe"))
    assert seen[LISTS[topic]] is None
    assert seen.waiting[LISTS[topic]] == f"unread:{topic}"
    assert [(word.topic, word.quote) for word in seen.unread] == [(topic, "Xyzolombe")]


def test_skin_state_never_looked_at_is_unknown() -> None:
    assert facts(context={"skin_state": None})["skin_infection"] is None
    assert facts(context={"skin_state": ["clear"]})["skin_infection"] is False
    assert facts(context={"skin_state": ["impetigo"]})["skin_infection"] is True
    assert facts(context={"skin_state": ["cold sore"]})["skin_herpes"] is True
    assert facts(context={"skin_state": ["funny patch"]})["skin_infection"] is None
    assert facts(context={"skin_state": ["not sure, spots and a funny patch"]})["skin_infection"] is None


# --- days ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stopped", "days"), [("2026-11-25", 0), ("2026-11-24", 1), ("2026-11-18", 7), ("2026-11", 0), ("2026-10", 25)]
)
def test_days_count_to_the_planned_day_from_the_latest_day_it_can_have_been(stopped: str, days: int) -> None:
    seen = facts(medications=[{"name": "aspirin", "prescribed": False, "stopped": stopped}])
    assert seen["aspirin_self_bought_days"] == Decimal(days)


def test_without_a_planned_day_intervals_count_to_the_day_of_asking() -> None:
    given = answers(medications=[{"name": "aspirin", "prescribed": False, "stopped": "2026-11-18"}])
    assert given.order is not None
    order = given.order.model_copy(update={"planned_start": None})
    seen = read(given.model_copy(update={"order": order}), EDITION, ON)
    assert (seen.planned, seen.planned_given) == (ON, False)
    assert seen["aspirin_self_bought_days"] == 2


@pytest.mark.parametrize(("stopped", "months"), [("2026-05-26", 5), ("2026-05-25", 6), ("2026-05", 5)])
def test_months_are_whole_calendar_months(stopped: str, months: int) -> None:
    assert facts(medications=[{"name": "Roaccutane", "stopped": stopped}])["isotretinoin_oral_months"] == months


@pytest.mark.parametrize(
    ("stopped", "current"), [("2026-11-24", False), ("2026-11-25", True), ("2026-12-10", True), (None, True)]
)
def test_a_medicine_is_current_when_it_is_taken_on_the_planned_day(stopped: str | None, current: bool) -> None:
    assert facts(medications=[{"name": "warfarin", "stopped": stopped}])["vitamin_k_antagonist_current"] is current


@pytest.mark.parametrize(
    ("born", "age"), [("2008-11-26", 17), ("2008-11-25", 18), ("2008-11-24", 18), ("2008-02-29", 18)]
)
def test_age_on_the_planned_day(born: str, age: int) -> None:
    assert facts(patient={"birth_date": born})["age_years"] == age


def test_an_age_without_a_birth_date() -> None:
    assert facts(patient={"birth_date": None, "age": 44})["age_years"] == 44
    unknown = facts(patient={"birth_date": None})
    assert unknown["age_years"] is None
    assert unknown.waiting["age_years"] == "age"


# --- plans ---------------------------------------------------------------------------------------------------


def plans(event: str, day: str | None) -> Facts:
    return facts(context={"planned_events": [{"event": event, "date": day}]})


def test_a_plan_after_the_session_counts_days_until_it() -> None:
    assert plans("flu jab", "2026-11-26")["vaccination_planned_days"] == 1
    assert plans("flu jab", "2026-11-25")["vaccination_planned_days"] == 0
    assert plans("flu jab", "2026-12")["vaccination_planned_days"] == 6


def test_a_plan_before_the_session_is_behind_the_patient_by_then() -> None:
    seen = plans("flu jab", "2026-11-24")
    assert seen["vaccination_days"] == 1
    assert seen["vaccination_planned"] is False


def test_a_plan_without_a_day_is_asked_about() -> None:
    seen = plans("flu jab", None)
    assert seen["vaccination_planned"] is True
    assert seen["vaccination_planned_days"] is None
    assert seen.waiting["vaccination_planned_days"] == "date:flu jab"


def test_a_procedure_dated_after_the_session_is_a_plan() -> None:
    seen = facts(procedures=[{"name": "flu jab", "date": "2026-12-01"}])
    assert seen["vaccination_planned_days"] == 6
    assert seen["vaccination_ever"] is False


def test_a_procedure_elsewhere_does_not_concern_the_area() -> None:
    assert facts(procedures=[{"name": "laser", "area": "scalp", "date": "2026-11-20"}])["laser_ever"] is False
    assert facts(procedures=[{"name": "laser", "area": "face", "date": "2026-11-20"}])["laser_ever"] is True
    assert facts(procedures=[{"name": "laser", "area": "left cheek", "date": "2026-11-20"}])["laser_ever"] is True
    assert facts(procedures=[{"name": "laser", "date": "2026-11-20"}])["laser_ever"] is True
    assert facts(procedures=[{"name": "laser", "area": "that spot", "date": "2026-11-20"}])["laser_ever"] is True


# --- a record beside the answers -----------------------------------------------------------------------------


def recorded(record: dict[str, Any], **changes: Any) -> Facts:
    return read(answers(**changes).model_copy(update={"record": Answers.model_validate(record)}), EDITION, ON)


def test_a_record_can_only_say_yes() -> None:
    record = {"medications": [{"name": "warfarin", "origin": "record entry[3]"}], "conditions": []}
    seen = recorded(record)
    assert seen["vitamin_k_antagonist_current"] is True
    assert [(c.origin, c.quote) for c in seen.contradictions] == [("record entry[3]", "warfarin")]
    alone = recorded(record, medications=None, conditions=None)
    assert alone["vitamin_k_antagonist_current"] is True
    assert alone["epilepsy"] is None
    assert alone.contradictions == ()


def test_no_contradiction_where_both_say_the_same() -> None:
    record = {"conditions": [{"text": "asthma", "origin": "record entry[1]"}]}
    assert recorded(record, conditions=[{"text": "asthmatic"}]).contradictions == ()
    assert [c.facts for c in recorded(record).contradictions] == [("asthma_active", "asthma")]


def test_words_of_a_record_that_are_not_read_are_asked_about() -> None:
    seen = recorded({"medications": [{"name": "Xyzolombe", "origin": "record entry[9]"}]})
    assert [(word.origin, word.quote) for word in seen.unread] == [("record entry[9]", "Xyzolombe")]
    assert seen["anticoagulant_current"] is None


def test_a_pregnancy_in_the_record_outweighs_a_no() -> None:
    seen = recorded({"conditions": [{"text": "pregnant", "status": "active", "origin": "record entry[2]"}]})
    assert seen["pregnancy"] == "pregnant"
    assert any("pregnancy" in c.facts for c in seen.contradictions)


# --- the order -----------------------------------------------------------------------------------------------


def test_what_the_order_names_and_this_edition_does_not_know() -> None:
    seen = facts(
        order={
            "areas": ["third eyelid"],
            "technique": "teleportation",
            "indication": "wishful thinking",
            "mixture": [{"ingredient": "unobtainium"}],
        }
    )
    gaps = " ".join(seen.order_gaps)
    for word in ("third eyelid", "teleportation", "wishful thinking", "unobtainium"):
        assert word in gaps
    assert facts().order_gaps == ()


def test_an_order_without_contents_leaves_them_unknown() -> None:
    seen = facts(order={"mixture": []})
    assert seen["ingredients"] is None
    assert seen["allergy_in_order"] is None


def test_an_answer_to_a_question_nobody_asked_is_refused() -> None:
    with pytest.raises(InputError, match="no single question"):
        facts(answered={"favourite_colour": "blue"})
    with pytest.raises(InputError, match="is no answer"):
        facts(answered={"contraception": "perhaps"})


# --- found by a hostile reader -----------------------------------------------------------------------------------

CLOSED = {
    "patient": {"birth_date": "1985-04-02", "sex": "female", "pregnancy": "no", "breastfeeding": False},
    "conditions": [], "medications": [], "allergies": [], "procedures": [], "previous_mesotherapy": [], "skincare": [],
    "history_complete": True,
    "order": {
        "indication": "facial rejuvenation", "areas": ["face"], "technique": "papule",
        "mixture": [{"product": "NCTF 135 HA", "volume_ml": 3}], "planned_start": "2026-12-09",
    },
}  # fmt: skip


def verdict_of(**changes):
    from datetime import date

    from nappage.intake import Answers, read
    from nappage.knowledge import load
    from nappage.screening import screen

    edition = load(date(2026, 12, 1))
    given = {**CLOSED, **changes}
    screening = screen(read(Answers.model_validate(given), edition, date(2026, 12, 1)), edition)
    return screening.verdict, screening.incomplete, {finding.rule for finding in screening.findings}


@pytest.mark.parametrize(
    ("changes", "verdict", "rule"),
    [
        ({}, "clear", None),
        ({"conditions": [{"text": "shingles", "status": "active"}]}, "contraindicated", "active-herpes"),
        (
            {"conditions": [{"text": "shingles", "status": "active"}], "context": {"skin_state": []}},
            "proceed-with-precautions",
            "skin-infection-listed",
        ),
        ({"conditions": [{"text": "cold sore right now"}]}, "contraindicated", "active-herpes"),
        (
            {"conditions": [{"text": "herpes labialis", "status": "active"}]},
            "proceed-with-precautions",
            "cold-sore-history",
        ),
        ({"conditions": [{"text": "cold sore", "status": "active"}]}, "contraindicated", "active-herpes"),
        ({"procedures": [{"name": "laser", "area": "armpits", "date": "2026-12-05"}]}, "clear", None),
        ({"conditions": [{"text": "recurrent cold sores"}]}, "proceed-with-precautions", "cold-sore-history"),
        ({"conditions": [{"text": "impetigo", "status": "active"}]}, "contraindicated", "active-skin-infection"),
        ({"conditions": [{"text": "acne", "status": "active"}]}, "defer", "active-acne"),
        (
            {"conditions": [{"text": "acne", "status": "active"}], "context": {"skin_state": []}},
            "clear",
            None,
        ),
        (
            {"previous_mesotherapy": [{"reaction": "granuloma"}]},
            "needs-clinician-decision",
            "previous-mesotherapy-reaction",
        ),
        ({"previous_mesotherapy": [{"reaction": "keloid scars"}]}, "contraindicated", "keloid-history"),
        ({"previous_mesotherapy": [{"reaction": "a little bruise for two days"}]}, "clear", None),
        ({"previous_mesotherapy": [{"reaction": None}]}, "clear", None),
        ({"allergies": [{"substance": "NCTF 135 HA"}]}, "contraindicated", "allergy-to-an-ingredient"),
        (
            {"allergies": [{"substance": "peanuts", "reaction": "anaphylaxis"}]},
            "needs-clinician-decision",
            "anaphylaxis-or-fainting",
        ),
        ({"conditions": [{"text": "my partner has lupus"}]}, "clear", None),
        ({"conditions": [{"text": "my best friend has epilepsy"}]}, "clear", None),
        ({"conditions": [{"text": "IVF treatment"}]}, "needs-clinician-decision", "trying-to-conceive"),
        ({"medications": [{"name": "Voltarol Emulgel"}]}, "clear", None),
        ({"medications": [{"name": "metformin 500 mg"}]}, "needs-clinician-decision", "diabetes"),
        ({"medications": [{"name": "cetirizine", "reason": "hay fever"}]}, "clear", None),
        ({"conditions": [{"text": "brother took Roaccutane", "status": "family"}]}, "clear", None),
        ({"conditions": [{"text": "pregnancy", "status": "past", "resolved": "2026-12-04"}]}, "defer", "after-birth"),
        ({"conditions": [{"text": "pregnancy", "status": "past", "resolved": "2026-10-04"}]}, "clear", None),
        ({"procedures": [{"name": "tattoo", "area": "left arm", "date": "2026-11-20"}]}, "clear", None),
        ({"procedures": [{"name": "silicone filler", "area": "lips"}]}, "contraindicated", "permanent-filler"),
        ({"lifestyle": {"sun": "moderate", "sunbeds": False}}, "clear", None),
    ],
)  # fmt: skip
def test_what_must_not_be_overlooked(changes: dict, verdict: str, rule: str | None) -> None:
    said, incomplete, fired = verdict_of(**changes)
    assert (said, incomplete) == (verdict, False)
    assert fired == set() if rule is None else rule in fired


@pytest.mark.parametrize(
    "topic", ["medication", "medicines", "skin", "sun", "warfarin", "keloid", "conditions", "laser"]
)
def test_a_topic_left_open_is_open(topic: str) -> None:
    assert verdict_of(not_asked=[topic])[1]


def test_a_topic_that_is_none_is_refused_with_what_is_near() -> None:
    from nappage.values import InputError

    with pytest.raises(InputError, match="Did you mean medications"):
        verdict_of(not_asked=["medicatoins"])


@pytest.mark.parametrize(
    "patient",
    [
        {**CLOSED["patient"], "age": 12},
        {**CLOSED["patient"], "age": 70},
    ],
)
def test_two_ages_are_a_question(patient: dict) -> None:
    assert verdict_of(patient=patient)[1]


def test_a_birthday_apart_is_no_contradiction() -> None:
    assert verdict_of(patient={**CLOSED["patient"], "age": 41}) == ("clear", False, set())


def test_record_and_answers_that_name_two_people() -> None:
    from nappage.intake import Answers

    record = Answers.model_validate({"patient": {"birth_date": "2010-04-02", "sex": "male"}})
    assert verdict_of(record=record.model_dump(exclude_none=True))[1]


def test_a_birth_date_to_come_is_refused() -> None:
    from nappage.values import InputError

    with pytest.raises(InputError, match=r"patient\.birth_date"):
        verdict_of(patient={**CLOSED["patient"], "birth_date": "2030-01-01"})


def test_a_disputed_sex_rules_out_no_pregnancy() -> None:
    from nappage.intake import Answers

    man = {"birth_date": "1985-04-02", "sex": "male"}
    record = Answers.model_validate({"patient": {"sex": "female"}}).model_dump(exclude_none=True)
    assert facts(patient=man | {"pregnancy": None, "breastfeeding": None})["pregnancy"] == "no"
    assert facts(patient=man | {"pregnancy": None, "breastfeeding": None}, record=record)["pregnancy"] is None


@pytest.mark.parametrize("word", ["", "??", " - "])
def test_a_yes_or_no_answered_with_no_word_is_open(word: str) -> None:
    assert facts(context={"unwell": word})["unwell"] is None


@pytest.mark.parametrize(("area", "fires"), [(["scalp"], False), (["scalp", "flibbet"], True), (["flibbet"], True)])
def test_an_area_that_was_not_read_may_be_any(area: list[str], fires: bool) -> None:
    laser = [{"name": "laser", "area": "cheek", "date": "2026-11-20"}]
    rules = {finding.rule for finding in screened(procedures=laser, order={"areas": area}).findings}
    assert ("recent-laser" in rules) is fires


@pytest.mark.parametrize(("reaction", "fires"), [("a bruise for 10 days", False), ("redness for 60 days", True)])
def test_what_lasted_too_long_is_a_reaction(reaction: str, fires: bool) -> None:
    assert facts(previous_mesotherapy=[{"reaction": reaction}])["previous_reaction"] is fires


def test_what_is_combined_is_planned_for_the_same_day() -> None:
    assert "treatment-planned" in {finding.rule for finding in screened(order={"combined_with": ["laser"]}).findings}
    assert screened(order={"combined_with": ["frobnication"]}).order_gaps == (
        "'frobnication', combined with this session, is no treatment this edition knows",
    )


@pytest.mark.parametrize("topic", ["skin_state", "conditions", "medications", "allergies"])
@pytest.mark.parametrize("words", ["not examined", "not recorded", "no information", "no answer"])
def test_words_that_say_nobody_knows_deny_nothing(topic: str, words: str) -> None:
    assert screened(**line(topic, words)).incomplete


def test_what_a_medicine_is_taken_for_is_an_illness() -> None:
    assert "epilepsy" in verdict_of(medications=[{"name": "Keppra", "reason": "epilepsy"}])[2]
    assert "lupus" in verdict_of(medications=[{"name": "Plaquenil", "reason": "lupus"}])[2]
    prevented = verdict_of(medications=[{"name": "aspirin", "reason": "stroke prevention", "prescribed": True}])[2]
    assert "stroke-or-tia" not in prevented and "aspirin-prescribed" in prevented


@pytest.mark.parametrize("life", [{"sunbeds": True}, {"sunbeds": "weekly"}, {"sun": "sunburn last week"}])
def test_sun_among_the_habits_asks_when(life: dict) -> None:
    assert verdict_of(lifestyle=life)[1]


def test_what_was_not_read_in_the_order_matters_to_whoever_it_could_harm() -> None:
    order = {**CLOSED["order"], "mixture": [{"product": "Wobblex 3000", "volume_ml": 3}]}
    assert verdict_of(order=order) == ("clear", False, set()), "a clean patient: it blocks signing"
    assert verdict_of(order=order, allergies=[{"substance": "lidocaine"}])[1], "it may hold what she is allergic to"


# --- a denial beside a code, and what an ended medicine was for


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        ({"text": "bleeding problems: no", "status": "denied", "codes": {"icd10": "D68.0"}}, True),
        ({"status": "denied", "codes": {"icd10": "D68.0"}}, True),
        ({"text": "von Willebrand disease", "status": "denied", "codes": {"icd10": "D68.0"}}, False),
        ({"text": "bleeding problems", "status": "denied"}, False),
    ],
)
def test_a_code_beside_a_denial_asks_which_is_right(entry: dict[str, Any], asked: bool) -> None:
    seen = read(Answers.model_validate({"conditions": [entry], "history_complete": True}), EDITION, date(2026, 11, 25))
    assert seen["bleeding_disorder_active"] is (None if asked else False)


@pytest.mark.parametrize(("stopped", "ill"), [("2026-11-04", False), (None, True)])
def test_what_an_ended_medicine_was_for_is_not_there_any_more(stopped: str | None, ill: bool) -> None:
    taken = {"name": "ibuprofen; flu", "prescribed": False} | ({"stopped": stopped} if stopped else {})
    seen = read(Answers.model_validate({"medications": [taken], "history_complete": True}), EDITION, date(2026, 11, 25))
    assert bool(seen["acute_illness_active"]) is ill
