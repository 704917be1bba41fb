"""Choosing: what is read, what is offered and what not, what it costs; home care by date; the risks of consent."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nappage.choice import (
    Choice,
    HomeCare,
    PriceList,
    ProtocolChoice,
    assess,
    choose,
    home_care,
    risks_to_tell,
)
from nappage.cli import main
from nappage.intake import Answers, read
from nappage.knowledge import load
from nappage.values import InputError

ON = date(2026, 11, 25)
EDITION = load(ON)
ROOT = Path(__file__).parents[2]
# Nothing open: whatever is found is found for what a test adds.
CLEAN: dict[str, Any] = {
    "patient": {"age": 42, "sex": "female", "pregnancy": "no", "breastfeeding": False, "phototype": 2},
    "conditions": [], "medications": [], "allergies": [], "procedures": [], "previous_mesotherapy": [], "skincare": [],
    "context": {
        "skin_state": [], "unwell": False, "recent_sun": False, "planned_events": [], "voluntary": True,
        "expectations": "realistic", "bdd_questionnaire": "negative",
    },
    "history_complete": True,
    "order": {"purpose": "cosmetic", "jurisdiction": "FR"},
}  # fmt: skip


def chosen(*concerns: str, prices: PriceList | None = None, **given: Any) -> Choice:
    answers = Answers.model_validate({**CLEAN, "concerns": concerns, **given})
    return choose(answers, read(answers, EDITION, ON), EDITION, ON, prices)


def protocol(choice: Choice, name: str) -> ProtocolChoice:
    return next(p for i in choice.indications for p in i.protocols if p.id == name)


# --- words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "indications"),
    [
        ("fewer fine lines around the eyes", ["facial-rejuvenation"]),
        ("dark spots", ["pigmentation"]),
        ("double chin and cellulite", ["submental-fat", "cellulite"]),
        ("melasma, hair loss", ["melasma", "hair-loss"]),
        ("pitted scars", ["acne-scars"]),
        ("sagging earlobes", [None]),
        ("no pain, fewer wrinkles", [None, "facial-rejuvenation"]),
    ],
)
def test_concerns_are_read_by_the_longest_names(words: str, indications: list[str | None]) -> None:
    assert [c.indication for c in chosen(words).concerns] == indications


def test_a_concern_that_is_not_read_is_asked_about_and_never_dropped() -> None:
    choice = chosen("sagging earlobes")
    assert choice.indications == () and not choice.offers
    assert any("sagging earlobes" in question for question in choice.ask)


def test_without_concerns_the_order_speaks_then_the_goals_then_nobody() -> None:
    answers = {key: value for key, value in CLEAN.items() if key != "order"}
    by_order = Answers.model_validate({**answers, "goals": "cellulite", "order": {"indication": "melasma"}})
    by_goal = Answers.model_validate({**answers, "goals": ["cellulite"]})
    nothing = Answers.model_validate(answers)
    read_as = [[i.id for i in choose(a, read(a, EDITION, ON), EDITION, ON).indications] for a in (by_order, by_goal)]
    assert read_as == [["melasma"], ["cellulite"]]
    said = choose(nothing, read(nothing, EDITION, ON), EDITION, ON)
    assert not said.offers and "No concern was named" in said.statement


@pytest.mark.parametrize("complaint", ["hair loss", "pigmentation", "dark circles", "lipoma", "heavy legs"])
def test_a_complaint_asks_for_its_diagnosis_and_names_no_protocol(complaint: str) -> None:
    choice = chosen(complaint)
    (indication,) = choice.indications
    assert indication.diagnosis_first and not indication.protocols and indication.alternatives
    assert any("diagnosis" in question for question in choice.ask)


# --- what is offered -----------------------------------------------------------------------------------------


def test_a_clean_patient_is_offered_a_protocol_with_its_regimen_and_evidence() -> None:
    choice = chosen("fine lines", order={**CLEAN["order"], "areas": ["cheeks"]})
    found = protocol(choice, "facial-rejuvenation")
    assert choice.offers and found.standing == "offered" and found.sessions == (3, 3)
    assert found.found and found.benefit == "mixed" and found.others


def test_a_clot_excludes_tranexamic_acid_with_the_finding_and_leaves_the_face() -> None:
    history = [{"text": "deep vein thrombosis", "status": "past"}]
    excluded = protocol(chosen("melasma", conditions=history), "melasma")
    assert excluded.standing == "not-offered"
    assert "tranexamic-acid-excluded" in [a.rule for a in excluded.against]
    assert "thrombosis" in " ".join(word for a in excluded.against for word in a.because)
    face = protocol(chosen("fine lines", conditions=history), "facial-rejuvenation")
    assert face.standing == "clinician-decides"


def test_what_is_not_known_is_never_offered() -> None:
    answers = Answers(concerns="melasma")
    found = protocol(choose(answers, read(answers, EDITION, ON), EDITION, ON), "melasma")
    assert found.standing == "ask"


def test_a_pregnancy_speaks_against_everything_once() -> None:
    choice = chosen("fine lines", patient={**CLEAN["patient"], "pregnancy": "pregnant"})
    assert "pregnancy" in [a.rule for a in choice.against]
    assert {p.standing for i in choice.indications for p in i.protocols} == {"not-offered"}
    assert not any(a.rule == "pregnancy" for i in choice.indications for p in i.protocols for a in p.against)
    assert choice.indications[0].alternatives


def test_of_the_dead_nothing_is_chosen() -> None:
    choice = chosen("fine lines", patient={**CLEAN["patient"], "deceased": True})
    assert not choice.offers and choice.indications == () and "died" in choice.statement


def test_a_protocol_published_for_elsewhere_is_not_offered_here() -> None:
    choice = chosen("double chin", order={**CLEAN["order"], "areas": ["abdomen"]})
    assert protocol(choice, "submental-fat").standing == "other-area"
    here = chosen("double chin", order={**CLEAN["order"], "areas": ["under the chin"]})
    assert protocol(here, "submental-fat").standing != "other-area"
    hands = chosen("ageing hands", order={**CLEAN["order"], "areas": ["backs of the hands"]})
    assert protocol(hands, "hands").standing == "offered"


def test_a_product_is_held_against_this_patient() -> None:
    choice = chosen("fine lines", allergies=[{"substance": "salmon", "reaction": "hives"}])
    found = protocol(choice, "polynucleotide-face")
    against = {a.rule for p in found.products for a in p.against} | {a.rule for a in found.against}
    assert "fish-allergy" in against


def test_null_results_are_named_in_plain_words() -> None:
    cellulite = protocol(chosen("cellulite"), "cellulite")
    assert any(f.outcome in ("no-different", "worse") for f in cellulite.found)
    assert "no difference" in cellulite.says or "No benefit was found" in cellulite.says
    face = protocol(chosen("fine lines"), "facial-rejuvenation")
    assert "No trial was found." in [p.says for p in face.products]


@pytest.mark.parametrize("indication", sorted(EDITION.indications))
def test_every_indication_can_be_chosen_and_priced(indication: str) -> None:
    prices = PriceList(currency="EUR", session=Decimal(100))
    choice = chosen(indication, prices=prices)
    assert [i.id for i in choice.indications] == [indication]
    for found in choice.indications[0].protocols:
        assert found.says and found.course_cost is not None and found.year_cost is not None
        assert found.course_cost.low <= found.course_cost.high and found.year_cost.low <= found.year_cost.high


def test_alternatives_begin_with_doing_nothing_and_are_not_ranked_by_effect() -> None:
    (indication,) = chosen("fine lines").indications
    names = [a.id for a in indication.alternatives]
    assert names[0] == "nothing"
    assert {"botulinum-toxin", "ha-filler", "chemical-peel", "laser", "led", "microneedling", "facelift"} <= set(names)
    assert all(a.evidence and a.sources for a in indication.alternatives)


def test_every_indication_with_a_protocol_has_doing_nothing_and_a_standard_treatment() -> None:
    wanted = {i for p in EDITION.protocols.values() for i in p.indications} | set(EDITION.indications)
    for indication in wanted:
        ids = [a.id for a in EDITION.alternatives.values() if indication in a.indications]
        assert any(i.startswith("nothing") for i in ids), indication
        if indication != "hair-loss":  # the cause is found first
            assert any(not i.startswith("nothing") for i in ids), indication


def test_every_price_is_of_an_alternative_or_of_mesotherapy() -> None:
    for price in EDITION.prices.values():
        assert any(f"{a}-".startswith(f"{price.of}-") for a in EDITION.alternatives), price.id


# --- cost ----------------------------------------------------------------------------------------------------

PRICES = {"currency": "EUR", "session": 100, "visit": 40, "products": {"NCTF 135 HA": 30}}


def test_a_course_costs_its_sessions_products_and_visits_and_a_year_its_maintenance_too() -> None:
    order = {**CLEAN["order"], "areas": ["cheeks"], "products": ["NCTF 135 HA"]}
    found = protocol(chosen("fine lines", prices=PriceList(**PRICES), order=order), "facial-rejuvenation")
    assert found.course_cost is not None and found.year_cost is not None
    assert (found.course_cost.low, found.course_cost.high) == (3 * 130 + 40, 3 * 130 + 40)
    # Three sessions, then every 3 to 5 months: 2 to 3 more within a year of the first.
    assert (found.year_cost.low, found.year_cost.high) == (5 * 130 + 40, 6 * 130 + 40)
    assert found.course_cost.currency == "EUR"


def test_a_range_of_sessions_is_a_range_of_cost_and_a_review_is_a_visit() -> None:
    found = protocol(chosen("double chin", prices=PriceList(**PRICES)), "submental-fat")
    assert found.course_cost is not None
    assert (found.course_cost.low, found.course_cost.high) == (1 * 100 + 2 * 40, 6 * 100 + 2 * 40)


def test_a_product_of_another_protocol_is_not_counted_with_it() -> None:
    order = {**CLEAN["order"], "products": ["NCTF 135 HA"]}
    found = protocol(chosen("melasma", prices=PriceList(**PRICES), order=order), "melasma")
    assert found.course_cost is not None and found.course_cost.low == 6 * 100 + 2 * 40


def test_without_a_price_it_says_so_and_reckons_nothing() -> None:
    none = protocol(chosen("melasma"), "melasma")
    assert none.course_cost is None and "No price list" in none.cost_note
    empty = protocol(chosen("melasma", prices=PriceList(currency="EUR")), "melasma")
    assert empty.course_cost is None and "no price of a session" in empty.cost_note


def test_alternatives_cost_what_the_list_says_and_nothing_is_converted() -> None:
    prices = PriceList.model_validate(
        {
            **PRICES,
            "alternatives": {"microneedling": {"session": 90}, "tretinoin": {"course": 45}, "laser": {"session": 1}},
        }
    )
    (indication,) = chosen("fine lines", prices=prices).indications
    cost = {a.id: a.cost for a in indication.alternatives}
    needling = cost["microneedling"]
    assert needling is not None and (needling.low, needling.high) == (Decimal(270), Decimal(540))
    assert cost["tretinoin"] is not None and cost["tretinoin"].high == 45
    assert cost["laser"] is None and cost["botulinum-toxin"] is None
    toxin = next(a for a in indication.alternatives if a.id == "botulinum-toxin")
    assert {p.currency for p in toxin.published} == {"USD", "GBP"}


@pytest.mark.parametrize(
    "wrong",
    [{"products": {"elixir": 3}}, {"alternatives": {"prayer": {"session": 1}}}, {"sessions": {"botox": 3}}],
)
def test_a_price_of_nothing_known_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        chosen("melasma", prices=PriceList.model_validate({**PRICES, **wrong}))


# --- assessment ----------------------------------------------------------------------------------------------


def test_scales_are_scored_and_what_cannot_be_is_named() -> None:
    answers = Answers.model_validate(
        {"assessment": {"glogau": {"grade": 4}, "mmasi": {"chin": {"area": 9, "darkness": 1}}, "beauty": {"grade": 1}}}
    )
    assessment = assess(answers, EDITION)
    assert [(s.scale, s.value) for s in assessment.scores] == [("glogau", 4)]
    assert len(assessment.faults) == 2 and "beauty" in assessment.faults[1]


def test_the_assessed_phototype_counts_where_none_was_given() -> None:
    patient = {key: value for key, value in CLEAN["patient"].items() if key != "phototype"}
    scored = {"phototype": {"burns": "rarely", "tans": "easily"}}
    choice = chosen("fine lines", patient=patient, assessment=scored)
    assert any("Phototype IV" in note.text for note in choice.notes)
    assert "pigment-risk" in [a.rule for a in choice.against]


def test_of_two_phototypes_the_higher_counts_and_the_other_is_asked_about() -> None:
    scored = {"phototype": {"burns": "rarely", "tans": "easily"}}
    higher = chosen("fine lines", assessment=scored)
    assert "2 was entered" in higher.assessment.faults[0] and "4 counts" in higher.assessment.faults[0]
    assert "pigment-risk" in [a.rule for a in higher.against]
    darker = {**CLEAN["patient"], "phototype": 5}
    assert any("Phototype V" in n.text for n in chosen("wrinkles", patient=darker, assessment=scored).notes)


def test_wrinkles_at_rest_point_to_the_alternatives() -> None:
    def cautions(grade: int, concern: str = "wrinkles") -> str:
        choice = chosen(concern, assessment={"glogau": {"grade": grade}})
        return " ".join(note.text for i in choice.indications for note in i.cautions)

    assert "Glogau" in cautions(3) and not cautions(2) and not cautions(4, "cellulite")


# --- home care -----------------------------------------------------------------------------------------------


def care(*days: date, **given: Any) -> HomeCare:
    return home_care(Answers.model_validate(given), days, ON, EDITION)


FIRST, SECOND = date(2026, 12, 9), date(2026, 12, 30)


def test_a_self_bought_retinoid_waits_by_date_around_every_session() -> None:
    lines = care(FIRST, SECOND, skincare=[{"product": "retinol serum", "prescribed": False}]).wait
    (retinol,) = [line for line in lines if line.what == "retinol serum"]
    assert [(p.first, p.resume) for p in retinol.periods] == [
        (date(2026, 12, 2), date(2026, 12, 16)),
        (date(2026, 12, 23), date(2027, 1, 6)),
    ]
    assert retinol.sources and retinol.dissent


def test_weekly_sessions_make_one_period_and_none_begins_before_today() -> None:
    days = (date(2026, 11, 27), date(2026, 12, 4), date(2026, 12, 11))
    lines = care(*days, skincare=[{"product": "glycolic acid toner", "prescribed": False}]).wait
    (acid,) = [line for line in lines if line.what == "glycolic acid toner"]
    assert [(p.first, p.resume) for p in acid.periods] == [(ON, date(2026, 12, 18))]


@pytest.mark.parametrize("prescribed", [True, None])
def test_what_is_or_may_be_prescribed_is_never_told_to_wait(prescribed: bool | None) -> None:
    told = care(FIRST, skincare=[{"product": "tretinoin 0.05 %", "prescribed": prescribed}])
    (line,) = [line for line in (*told.wait, *told.ask) if line.what.startswith("tretinoin")]
    assert "keep using it" in line.text
    if prescribed:
        assert line in told.ask and not line.periods


@pytest.mark.parametrize(
    ("product", "days"),
    [
        ("benzoyl peroxide gel", (2, 7)),
        ("hydroquinone cream", (3, 7)),
        ("vitamin C serum", (0, 7)),
        ("salt scrub", (2, 7)),
    ],
)
def test_each_irritant_has_its_own_lengths(product: str, days: tuple[int, int]) -> None:
    lines = care(FIRST, skincare=[{"product": product, "prescribed": False}]).wait
    assert [(line.before_days, line.after_days) for line in lines if line.what == product] == [days]


def test_a_medicine_put_on_the_skin_is_kept_and_one_swallowed_is_no_home_care() -> None:
    told = care(
        FIRST, skincare=[], medications=[{"name": "Differin gel", "prescribed": True}, {"name": "Roaccutane 20 mg"}]
    )
    assert [line.what for line in told.ask] == ["Differin gel"] and "keep using it" in told.ask[0].text
    assert not any("Roaccutane" in line.what for line in (*told.wait, *told.ask))


def test_plain_skincare_stays_and_the_unknown_is_asked_about() -> None:
    told = care(FIRST, skincare=[{"product": "CeraVe moisturiser"}, {"product": "Xyzzy 3000 elixir"}])
    assert "CeraVe moisturiser" not in [line.what for line in (*told.wait, *told.ask)]
    assert "Xyzzy 3000 elixir" in [line.what for line in told.ask]
    assert [line.what for line in care(FIRST).ask] == ["Your skincare"]


def test_habits_not_asked_about_get_their_line_and_denied_ones_none() -> None:
    names = {line.what for line in care(FIRST).wait}
    assert {"Smoking", "Alcohol", "Sun, sunbed", "Waxing, depilatory cream"} <= names
    denied = {line.what for line in care(FIRST, lifestyle={"smoking": False, "alcohol": "never"}).wait}
    assert not denied & {"Smoking", "Alcohol"}


def test_what_everyone_uses_is_sourced() -> None:
    use = care(FIRST).use
    assert [line.what for line in use] == ["Sunscreen", "Cleanser", "Moisturiser"]
    assert all(line.sources for line in use)


def test_without_dates_lengths_are_told_instead() -> None:
    lines = care(skincare=[{"product": "retinol serum", "prescribed": False}]).wait
    (retinol,) = [line for line in lines if line.what == "retinol serum"]
    assert not retinol.periods and (retinol.before_days, retinol.after_days) == (7, 7)


# --- consent -------------------------------------------------------------------------------------------------


def test_risks_are_of_this_treatment_grave_ones_first() -> None:
    chin = risks_to_tell({"ingredients": ("deoxycholic-acid", "fat-dissolving"), "areas": ("submental",)}, EDITION)
    names = [risk.id for risk in chin]
    assert "chin-nerve" in names and "haemolysis" not in names
    grave = [risk.grave for risk in chin]
    assert grave == sorted(grave, reverse=True)
    face = risks_to_tell({"ingredients": ("hyaluronic-acid",), "areas": ("face",)}, EDITION)
    assert "chin-nerve" not in [risk.id for risk in face]


def test_a_risk_that_cannot_be_judged_is_told_and_one_nobody_counted_says_so() -> None:
    unknown = {risk.id: risk for risk in risks_to_tell({}, EDITION)}
    assert set(unknown) == set(EDITION.risks)
    assert unknown["chin-nerve"].unsure and not unknown["bruise"].unsure
    assert unknown["allergy"].frequency is None and unknown["chin-nerve"].frequency


# --- the verb ------------------------------------------------------------------------------------------------


def test_the_example_prints_and_its_json_is_a_choice(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["choose", str(ROOT / "examples/choice.yaml"), "--prices", str(ROOT / "examples/prices.yaml")]
    assert main([*command, "--on", "2026-11-25"]) == 1
    shown = capsys.readouterr().out
    assert "Doing nothing" in shown and "EUR" in shown and "Not offered" in shown
    assert main([*command, "--on", "2026-11-25", "--json"]) == 1
    choice = Choice.model_validate(json.loads(capsys.readouterr().out))
    assert [i.id for i in choice.indications] == ["facial-rejuvenation", "melasma"]


def test_it_is_0_where_something_may_be_planned_and_2_on_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "patient.json"
    file.write_text(json.dumps({**CLEAN, "concerns": ["fine lines"]}))
    prices = tmp_path / "prices.yaml"
    assert main(["choose", str(file), "--on", "2026-11-25"]) == 0
    for wrong in ("currency: euros", "session: 5", "currency: EUR\nsession: -5"):
        prices.write_text(wrong)
        assert main(["choose", str(file), "--prices", str(prices)]) == 2
    assert main(["choose", str(tmp_path / "none.yaml")]) == 2
    assert "Traceback" not in capsys.readouterr().err
