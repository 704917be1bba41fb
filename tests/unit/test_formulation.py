"""Doses worked out by hand, and every ceiling at its boundary, just below and just above."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from nappage.formulation import Formulation, IngredientDose, Limit, formulate
from nappage.intake import Answers, read
from nappage.knowledge import Edition, load
from nappage.values import InputError

ON = date(2026, 11, 25)
EDITION = load(ON)


def made(
    *mixture: dict[str, Any],
    weight_kg: float | None = 70,
    age: int | None = 40,
    edition: Edition = EDITION,
    answers: dict[str, Any] | None = None,
    **order: Any,
) -> Formulation:
    """The formulation of a mixture for a patient of 70 kg and 40 years."""
    asked = Answers.model_validate(
        {"patient": {"weight_kg": weight_kg, "age": age}, "order": {"mixture": list(mixture), **order}}
        | (answers or {})
    )
    assert asked.order is not None
    return formulate(asked.order, read(asked, edition, ON), edition)


def line(name: str, concentration: Any = None, unit: str | None = None, volume_ml: Any = None) -> dict[str, Any]:
    return {"ingredient": name, "concentration": concentration, "unit": unit, "volume_ml": volume_ml}


def dose(formulation: Formulation, ingredient: str) -> IngredientDose:
    return next(row for row in formulation.ingredients if row.ingredient == ingredient)


def emla(**given: Any) -> dict[str, Any]:
    return {"product": "EMLA", "grams": 5, "area_cm2": 50, "dwell_min": 60, "applied_by": "clinic", **given}


def beside(name: str, concentration: Any, volume_ml: Any) -> dict[str, Any]:
    return {"product": name, "route": "injected", "concentration": concentration, "unit": "%", "volume_ml": volume_ml}


HA = {"product": "Profhilo", "volume_ml": 2}
ADRENALINE = line("adrenaline", "0.005", "mg/mL", 1)
SALINE = line("saline", volume_ml=1)


def limits(formulation: Formulation) -> dict[str, Limit]:
    rows = [limit for row in formulation.ingredients for limit in row.limits]
    return {limit.record: limit for limit in [*rows, *(x for cream in formulation.creams for x in cream.limits)]}


# --- every ceiling: record → the order at the boundary, one just above, what the latter is. Worked out by hand.
Case = tuple[dict[str, Any], dict[str, Any], str]
CEILINGS: dict[str, Case] = {
    # 3 mg/kg × 50 kg = 150 mg = 15 mL of 1 %
    "ceiling-lidocaine-mg-per-kg": (
        {"mixture": [line("lidocaine", 1, "%", 15)], "weight_kg": 50},
        {"mixture": [line("lidocaine", 1, "%", "15.01")], "weight_kg": 50},
        "needs-clinician-decision",
    ),
    "ceiling-lidocaine-mg": (
        {"mixture": [line("lidocaine", 2, "%", 10)], "weight_kg": 90},
        {"mixture": [line("lidocaine", 2, "%", "10.001")], "weight_kg": 90},
        "needs-clinician-decision",
    ),
    "ceiling-lidocaine-mg-europe": (
        {"mixture": [line("lidocaine", 2, "%", 10)], "weight_kg": 90, "jurisdiction": "FR"},
        {"mixture": [line("lidocaine", 2, "%", "10.001")], "weight_kg": 90, "jurisdiction": "FR"},
        "over-limit",
    ),
    "ceiling-lidocaine-adrenaline-mg-per-kg": (
        {"mixture": [line("lidocaine", 1, "%", 15), ADRENALINE], "weight_kg": 50},
        {"mixture": [line("lidocaine", 1, "%", "15.1"), ADRENALINE], "weight_kg": 50},
        "needs-clinician-decision",
    ),
    "ceiling-lidocaine-adrenaline-mg": (
        {"mixture": [line("lidocaine", 2, "%", 10), ADRENALINE], "weight_kg": 90},
        {"mixture": [line("lidocaine", 2, "%", "10.1"), ADRENALINE], "weight_kg": 90},
        "needs-clinician-decision",
    ),
    # half of 3 mg/kg × 50 kg = 75 mg
    "ceiling-lidocaine-with-cream-mg-per-kg": (
        {"mixture": [line("lidocaine", 1, "%", "7.5")], "weight_kg": 50, "anaesthetic": [emla()]},
        {"mixture": [line("lidocaine", 1, "%", "7.6")], "weight_kg": 50, "anaesthetic": [emla()]},
        "needs-clinician-decision",
    ),
    "ceiling-lidocaine-with-cream-mg": (
        {"mixture": [line("lidocaine", 1, "%", 10)], "weight_kg": 90, "anaesthetic": [emla()]},
        {"mixture": [line("lidocaine", 1, "%", "10.1")], "weight_kg": 90, "anaesthetic": [emla()]},
        "needs-clinician-decision",
    ),
    # 6 mg/kg × 50 kg = 300 mg
    "ceiling-prilocaine-mg-per-kg": (
        {"mixture": [line("prilocaine", 1, "%", 30)], "weight_kg": 50},
        {"mixture": [line("prilocaine", 1, "%", "30.1")], "weight_kg": 50},
        "over-limit",
    ),
    "ceiling-prilocaine-mg": (
        {"mixture": [line("prilocaine", 1, "%", 40)], "weight_kg": 90},
        {"mixture": [line("prilocaine", 1, "%", "40.1")], "weight_kg": 90},
        "over-limit",
    ),
    "ceiling-prilocaine-with-cream-mg-per-kg": (
        {"mixture": [line("prilocaine", 1, "%", 15)], "weight_kg": 50, "anaesthetic": [emla()]},
        {"mixture": [line("prilocaine", 1, "%", "15.1")], "weight_kg": 50, "anaesthetic": [emla()]},
        "needs-clinician-decision",
    ),
    # 7 mg/kg × 40 kg = 280 mg = 7 mL of 4 %
    "ceiling-articaine-mg-per-kg": (
        {"mixture": [line("articaine", 4, "%", 7)], "weight_kg": 40},
        {"mixture": [line("articaine", 4, "%", "7.01")], "weight_kg": 40},
        "over-limit",
    ),
    "ceiling-procaine-mg": (
        {"mixture": [line("procaine", 2, "%", 25)], "areas": ["thighs"]},
        {"mixture": [line("procaine", 2, "%", "25.1")], "areas": ["thighs"]},
        "over-limit",
    ),
    "ceiling-procaine-head-neck-mg": (
        {"mixture": [line("procaine", 2, "%", 10)], "areas": ["cheek"]},
        {"mixture": [line("procaine", 2, "%", "10.1")], "areas": ["cheek"]},
        "over-limit",
    ),
    # 1 mL of 1 % in one weal
    "ceiling-procaine-mg-per-point": (
        {"mixture": [line("procaine", 1, "%", 10)], "areas": ["thighs"], "points": 10, "volume_per_point_ml": 1},
        {"mixture": [line("procaine", 1, "%", 11)], "areas": ["thighs"], "points": 10, "volume_per_point_ml": "1.1"},
        "over-limit",
    ),
    "ceiling-deoxycholic-acid-mg": (
        {"mixture": [{"product": "Kybella", "volume_ml": 10}]},
        {"mixture": [{"product": "Kybella", "volume_ml": "10.1"}]},
        "over-limit",
    ),
    "ceiling-deoxycholic-acid-ml": (
        {"mixture": [{"product": "Kybella", "volume_ml": 10}]},
        {"mixture": [{"product": "Kybella", "volume_ml": "10.1"}]},
        "over-limit",
    ),
    "ceiling-deoxycholic-acid-ml-per-point": (
        {"mixture": [{"product": "Kybella", "volume_ml": 2}], "points": 10, "volume_per_point_ml": "0.2"},
        {"mixture": [{"product": "Kybella", "volume_ml": "2.1"}], "points": 10, "volume_per_point_ml": "0.21"},
        "over-limit",
    ),
    "ceiling-deoxycholic-acid-points": (
        {"mixture": [{"product": "Kybella", "volume_ml": 5}], "points": 50, "volume_per_point_ml": "0.1"},
        {"mixture": [{"product": "Kybella", "volume_ml": "5.1"}], "points": 51, "volume_per_point_ml": "0.1"},
        "over-limit",
    ),
    # 4 mL = 40 mg on 20 cm²
    "ceiling-deoxycholic-acid-mg-per-cm2": (
        {"mixture": [{"product": "Kybella", "volume_ml": 4}], "area_cm2": 20},
        {"mixture": [{"product": "Kybella", "volume_ml": 4}], "area_cm2": "19.9"},
        "over-limit",
    ),
    # 0.2 mL of 100 mg/mL made up to 5 mL is 4 mg/mL
    "ceiling-tranexamic-acid-mg-per-ml": (
        {"mixture": [line("tranexamic acid", 100, "mg/mL", "0.2"), line("saline", volume_ml="4.8")]},
        {"mixture": [line("tranexamic acid", 100, "mg/mL", "0.2"), line("saline", volume_ml="4.7")]},
        "needs-clinician-decision",
    ),
    "ceiling-triamcinolone-mg-per-ml": (
        {"mixture": [line("triamcinolone", 40, "mg/mL", 1), line("saline", volume_ml=3)]},
        {"mixture": [line("triamcinolone", 40, "mg/mL", 1), line("saline", volume_ml="2.9")]},
        "over-limit",
    ),
    "ceiling-triamcinolone-ml-per-point": (
        {"mixture": [line("triamcinolone", 5, "mg/mL", 1)], "points": 10, "volume_per_point_ml": "0.1"},
        {"mixture": [line("triamcinolone", 5, "mg/mL", "1.1")], "points": 10, "volume_per_point_ml": "0.11"},
        "over-limit",
    ),
    "ceiling-ketoprofen-mg-per-day": (
        {"mixture": [line("ketoprofen", 50, "mg/mL", 4)]},
        {"mixture": [line("ketoprofen", 50, "mg/mL", "4.01")]},
        "over-limit",
    ),
    "ceiling-diclofenac-mg-per-day": (
        {"mixture": [line("diclofenac sodium", 25, "mg/mL", 6)]},
        {"mixture": [line("diclofenac sodium", 25, "mg/mL", "6.1")]},
        "over-limit",
    ),
    "ceiling-thiocolchicoside-mg-per-day": (
        {"mixture": [line("thiocolchicoside", 2, "mg/mL", 4)]},
        {"mixture": [line("thiocolchicoside", 2, "mg/mL", "4.1")]},
        "over-limit",
    ),
    "ceiling-glutathione-mg": (
        {"mixture": [line("glutathione", 0, "mg/mL", 1)]},
        {"mixture": [line("glutathione", 1, "mg/mL", 1)]},
        "over-limit",
    ),
    "ceiling-emla-g": (
        {"mixture": [HA], "anaesthetic": [emla(grams=10, area_cm2=100)]},
        {"mixture": [HA], "anaesthetic": [emla(grams="10.1", area_cm2=100)]},
        "needs-clinician-decision",
    ),
    "ceiling-emla-g-child-1-to-5": (
        {"mixture": [HA], "age": 5, "anaesthetic": [emla(grams=10, area_cm2=100)]},
        {"mixture": [HA], "age": 5, "anaesthetic": [emla(grams="10.1", area_cm2=100)]},
        "over-limit",
    ),
    "ceiling-emla-g-child-6-to-11": (
        {"mixture": [HA], "age": 11, "anaesthetic": [emla(grams=20, area_cm2=200)]},
        {"mixture": [HA], "age": 11, "anaesthetic": [emla(grams="20.1", area_cm2=200)]},
        "over-limit",
    ),
    "ceiling-ametop-g": (
        {"mixture": [HA], "anaesthetic": [emla(product="Ametop", grams=5)]},
        {"mixture": [HA], "anaesthetic": [emla(product="Ametop", grams="5.1")]},
        "over-limit",
    ),
    "ceiling-ametop-g-child-under-5": (
        {"mixture": [HA], "age": 4, "anaesthetic": [emla(product="Ametop", grams=1)]},
        {"mixture": [HA], "age": 4, "anaesthetic": [emla(product="Ametop", grams="1.1")]},
        "over-limit",
    ),
    "ceiling-emla-g-infant": (
        {"mixture": [HA], "age": 0, "anaesthetic": [emla(grams=2, area_cm2=20)]},
        {"mixture": [HA], "age": 0, "anaesthetic": [emla(grams="2.1", area_cm2=20)]},
        "over-limit",
    ),
    "ceiling-emla-cm2": (
        {"mixture": [HA], "anaesthetic": [emla(area_cm2=600)]},
        {"mixture": [HA], "anaesthetic": [emla(area_cm2="600.1")]},
        "over-limit",
    ),
    "ceiling-emla-cm2-child-1-to-5": (
        {"mixture": [HA], "age": 5, "anaesthetic": [emla(area_cm2=100)]},
        {"mixture": [HA], "age": 5, "anaesthetic": [emla(area_cm2="100.1")]},
        "over-limit",
    ),
    "ceiling-emla-cm2-child-6-to-11": (
        {"mixture": [HA], "age": 6, "anaesthetic": [emla(area_cm2=200)]},
        {"mixture": [HA], "age": 6, "anaesthetic": [emla(area_cm2="200.1")]},
        "over-limit",
    ),
    "ceiling-emla-cm2-infant": (
        {"mixture": [HA], "age": 0, "anaesthetic": [emla(grams=1, area_cm2=20)]},
        {"mixture": [HA], "age": 0, "anaesthetic": [emla(grams=1, area_cm2="20.1")]},
        "over-limit",
    ),
    "ceiling-emla-g-per-cm2": (
        {"mixture": [HA], "anaesthetic": [emla(grams="1.5", area_cm2=10)]},
        {"mixture": [HA], "anaesthetic": [emla(grams="1.51", area_cm2=10)]},
        "over-limit",
    ),
    "ceiling-emla-dwell-min": (
        {"mixture": [HA], "anaesthetic": [emla(dwell_min=60)]},
        {"mixture": [HA], "anaesthetic": [emla(dwell_min=61)]},
        "needs-clinician-decision",
    ),
    "ceiling-emla-dwell-min-eczema": (
        {"mixture": [HA], "anaesthetic": [emla(dwell_min=30)], "answers": {"context": {"skin_state": ["eczema"]}}},
        {"mixture": [HA], "anaesthetic": [emla(dwell_min=31)], "answers": {"context": {"skin_state": ["eczema"]}}},
        "over-limit",
    ),
    "ceiling-numbing-cream-strength": (
        {"mixture": [HA], "anaesthetic": [emla()]},
        {
            "mixture": [HA],
            "anaesthetic": [emla(product="lidocaine", route="topical", concentration="5.1", unit="%")],
        },
        "over-limit",
    ),
}


def case(given: dict[str, Any]) -> Formulation:
    return made(*given["mixture"], **{key: value for key, value in given.items() if key != "mixture"})


def test_every_ceiling_has_a_case() -> None:
    ceilings = {name for name in EDITION.values if name.startswith("ceiling-")}
    assert ceilings == set(CEILINGS)


@pytest.mark.parametrize("record", CEILINGS)
def test_at_the_ceiling_is_within_and_above_it_is_not(record: str) -> None:
    at, above, status = CEILINGS[record]
    found = limits(case(at))[record]
    assert found.status == "within-limits"
    assert found.percent in (Decimal(100), None)
    assert limits(case(above))[record].status == status


@pytest.mark.parametrize("record", CEILINGS)
def test_without_its_record_a_ceiling_is_not_held(record: str) -> None:
    values = {name: value for name, value in EDITION.values.items() if name != record}
    above = CEILINGS[record][1]
    assert record not in limits(case({**above, "edition": dataclasses.replace(EDITION, values=values)}))


# --- lidocaine between its two families of labels


@pytest.mark.parametrize(
    ("volume", "weight", "verdict"),
    [
        ("19.99", 70, "within-limits"),
        ("20", 70, "within-limits"),  # 200 mg, 2.857 mg/kg
        ("20.01", 70, "needs-clinician-decision"),
        ("30", 70, "needs-clinician-decision"),  # 300 mg, 4.286 mg/kg
        ("30.01", 70, "over-limit"),
        ("18", 60, "within-limits"),  # 180 mg = 3 mg/kg
        ("18.01", 60, "needs-clinician-decision"),
        ("27", 60, "needs-clinician-decision"),  # 270 mg = 4.5 mg/kg
        ("27.01", 60, "over-limit"),
    ],
)
def test_lidocaine_one_percent(volume: str, weight: int, verdict: str) -> None:
    assert made(line("lidocaine", 1, "%", volume), weight_kg=weight).verdict == verdict


@pytest.mark.parametrize(
    ("volume", "verdict"), [("20", "within-limits"), ("42", "needs-clinician-decision"), ("42.01", "over-limit")]
)
def test_with_adrenaline_the_label_goes_to_seven(volume: str, verdict: str) -> None:
    """7 mg/kg × 60 kg = 420 mg; the plain label would stop at 270."""
    mixture = (line("lidocaine", 1, "%", volume), ADRENALINE)
    assert made(*mixture, weight_kg=60 if volume != "20" else 70).verdict == verdict


def test_the_tighter_of_two_ceilings_governs() -> None:
    row = dose(made(line("lidocaine", 1, "%", 10), weight_kg=50), "lidocaine")
    assert (row.ceiling_mg, row.governing and row.governing.record) == (150, "ceiling-lidocaine-mg-per-kg")
    row = dose(made(line("lidocaine", 1, "%", 10), weight_kg=100), "lidocaine")
    assert (row.ceiling_mg, row.governing and row.governing.record) == (200, "ceiling-lidocaine-mg")
    assert row.governing and row.governing.position == "stricter-references"
    assert {source.ref for source in row.sources} >= {"LIDOIE", "LIDOUK"}
    assert any("300" in line for line in row.dissent)


def test_numbers_of_a_row() -> None:
    row = dose(made(line("lidocaine", 2, "%", 2), line("saline", volume_ml=8)), "lidocaine")
    assert (row.mg, row.mg_given, row.mg_per_ml) == (40, 40, 4)
    assert row.mg_per_kg == Decimal("0.571429")


# --- weight


def test_without_a_weight_it_is_asked_not_assumed() -> None:
    found = made(line("lidocaine", 1, "%", 5), weight_kg=None)
    assert found.verdict == "needs-data"
    assert len(found.questions) == 1 and "weigh" in found.questions[0]
    assert found.questions[0] in found.blocks_signing


def test_over_the_absolute_ceiling_needs_no_weight() -> None:
    assert made(line("lidocaine", 1, "%", "30.1"), weight_kg=None).verdict == "over-limit"


@pytest.mark.parametrize("name", ["Profhilo", "NCTF 135 HA", "Kybella"])
def test_weight_is_asked_only_where_a_ceiling_is_by_weight(name: str) -> None:
    found = made({"product": name, "volume_ml": 2}, weight_kg=None)
    assert not any("weigh" in question for question in found.questions)


# --- salts, bases, all routes together


def test_the_same_anaesthetic_is_summed_over_all_routes() -> None:
    """50 mg mixed, 2 mL of gel with 3 mg/mL, 40 mg injected beside it: 96 mg."""
    found = made(
        line("lidocaine", 1, "%", 5),
        {"product": "Teosyal Redensity 1", "volume_ml": 2},
        anaesthetic=[beside("lidocaine hydrochloride", 2, 2)],
    )
    row = dose(found, "lidocaine")
    assert row.mg == 96
    assert sorted(part.mg or 0 for part in row.parts) == [6, 40, 50]
    assert {part.substance for part in row.parts} == {"lidocaine", "lidocaine-hydrochloride"}
    assert found.total_volume_ml == 7


def test_gel_and_injection_together_pass_the_ceiling() -> None:
    gel = {"product": "saypha", "volume_ml": 1}
    within = made(gel, anaesthetic=[beside("lidocaine", 1, "19.7")], weight_kg=90)
    above = made(gel, anaesthetic=[beside("lidocaine", 1, "19.8")], weight_kg=90)
    assert (dose(within, "lidocaine").mg, dose(within, "lidocaine").status) == (200, "within-limits")
    assert dose(above, "lidocaine").status == "needs-clinician-decision"


def test_salt_and_base_stand_apart_and_a_salt_counts_as_what_it_holds() -> None:
    """160 mg of the lysine salt hold 101.6 mg of ketoprofen (0.635); with 98.4 mg of ketoprofen that is 200."""
    salt, acid = line("ketoprofen lysine", 80, "mg/mL", 2), line("ketoprofen", "49.2", "mg/mL", 2)
    found = made(salt, acid)
    assert dose(found, "ketoprofen-lysine").mg == 160
    assert dose(found, "ketoprofen-lysine").parts[0].base_mg == Decimal("101.6")
    assert dose(found, "ketoprofen").mg == Decimal("98.4")
    assert {row.status for row in found.ingredients} == {"within-limits"}
    assert limits(found)["ceiling-ketoprofen-mg-per-day"].used == 200
    above = made(salt, line("ketoprofen", "49.21", "mg/mL", 2))
    assert {row.status for row in above.ingredients} == {"over-limit"}


def test_amides_add_up() -> None:
    """Half of 200 mg lidocaine and half of 400 mg prilocaine are one whole; a little more is for a clinician."""
    whole = made(line("lidocaine", 1, "%", 10), line("prilocaine", 1, "%", 20), weight_kg=100)
    assert [(item.percent, item.status) for item in whole.together] == [(100, "within-limits")]
    assert whole.verdict == "within-limits"
    more = made(line("lidocaine", 1, "%", 10), line("prilocaine", 1, "%", 21), weight_kg=100)
    assert more.verdict == "needs-clinician-decision"
    assert not made(line("lidocaine", 1, "%", 10), line("procaine", 1, "%", 5), areas=["thighs"]).together


# --- volumes


def test_points_and_volume_agree() -> None:
    found = made(HA, points=10, volume_per_point_ml="0.2")
    assert found.volume.agrees and found.volume.difference_ml == 0


@pytest.mark.parametrize(("points", "gap", "word"), [(11, "-0.2", "missing"), (9, "0.2", "left over")])
def test_points_and_volume_disagree(points: int, gap: str, word: str) -> None:
    found = made(line("lidocaine", 1, "%", 2), points=points, volume_per_point_ml="0.2")
    assert found.verdict == "volume-mismatch"
    assert found.volume.difference_ml == Decimal(gap)
    assert word in found.statement and "0.2 mL" in found.statement


def test_the_dose_is_what_is_injected_not_what_is_drawn_up() -> None:
    """40 mL of 1 % prepared, 100 × 0.1 mL injected: 100 mg, not 400."""
    found = made(line("lidocaine", 1, "%", 40), points=100, volume_per_point_ml="0.1")
    row = dose(found, "lidocaine")
    assert (row.mg, row.mg_given, row.status) == (400, 100, "within-limits")
    assert found.verdict == "volume-mismatch"


def test_what_is_injected_beside_the_mixture_is_given_whole() -> None:
    """Half of 40 mg in the mixture is planned, 30 mg beside it: 50 mg."""
    found = made(
        line("lidocaine", 1, "%", 4), points=20, volume_per_point_ml="0.1", anaesthetic=[beside("lidocaine", 1, 3)]
    )
    assert (dose(found, "lidocaine").mg, dose(found, "lidocaine").mg_given) == (70, 50)


def test_vials_to_open_and_what_is_left() -> None:
    found = made({"product": "Kybella", "volume_ml": 5})
    assert [(v.product, v.open, v.left_over_ml) for v in found.vials] == [("kybella", 3, 1)]
    found = made({"product": "Kybella", "volume_ml": 2}, {"product": "Belkyra", "volume_ml": 2})
    assert [(v.open, v.left_over_ml) for v in found.vials] == [(2, 0)]
    assert made({"product": "NCTF 135 HA", "volume_ml": 3}).vials[0].open is None


def test_drawn_up_diluent_first_gel_last() -> None:
    found = made(HA, line("biotin", 5, "mg/mL", 1), line("dexpanthenol", 250, "mg/mL", 2), SALINE)
    names = [step.name for step in found.draw_up]
    assert names == ["Sodium chloride 0.9 %", "Dexpanthenol 250 mg/mL", "Biotin 5 mg/mL", "Profhilo"]
    assert [step.step for step in found.draw_up] == [1, 2, 3, 4]
    assert sum(step.volume_ml for step in found.draw_up) == found.total_volume_ml == 6


# --- units


@pytest.mark.parametrize(
    ("concentration", "unit"),
    [(1, "%"), (10, "mg/mL"), (10, "g/L"), (10000, "mcg/mL"), ("0.01", "g/mL"), (1, "g/100mL"), (1, "percent")],
)
def test_every_spelling_of_ten_milligrams_a_millilitre(concentration: Any, unit: str) -> None:
    assert dose(made(line("lidocaine", concentration, unit, 3)), "lidocaine").mg == 30


def test_units_are_counted_apart_from_milligrams() -> None:
    row = dose(made(line("hyaluronidase", 150, "IU/mL", 2)), "hyaluronidase")
    assert (row.iu, row.mg, row.status) == (300, None, "no-ceiling-known")


def test_milligrams_in_a_vial_need_the_vials_volume() -> None:
    """100 mg in the 2 mL container of the product: 50 mg/mL, 3 mL hold 150 mg."""
    found = made({"product": "ketoprofen injection", "concentration": 100, "unit": "mg/vial", "volume_ml": 3})
    assert dose(found, "ketoprofen").mg == 150
    bare = made(line("ketoprofen", 100, "mg/vial"))
    assert bare.verdict == "needs-data" and any("dissolved" in question for question in bare.questions)


# --- missing, unknown, refused


def test_no_mixture_is_said_plainly() -> None:
    found = made()
    assert (found.verdict, found.total_volume_ml, found.ingredients) == ("needs-data", None, ())
    assert "no mixture" in found.statement


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (line("lidocaine", volume_ml=2), "strength"),
        (line("lidocaine", 1, "%"), "mL of Lidocaine"),
        ({"product": "moonwater", "volume_ml": 2}, "moonwater"),
        ({"product": "RRS HA", "volume_ml": 2}, "label"),
        ({"product": "lidocaine with adrenaline", "volume_ml": 2}, "How much Lidocaine"),
        ({"product": "lidocaine 1%", "concentration": 2, "unit": "%", "volume_ml": 2}, "which is in the vial"),
    ],
)
def test_what_is_missing_is_asked_by_name(given: dict[str, Any], word: str) -> None:
    found = made(given)
    assert found.verdict == "needs-data"
    assert any(word in question for question in found.questions)


def test_a_product_that_is_ordered_but_not_mixed_has_no_volume() -> None:
    found = made(line("lidocaine", 1, "%", 2), products=["Profhilo"])
    assert found.verdict == "needs-data" and "Profhilo" in found.questions[0]
    assert made(HA, products=["Profhilo"], accepted_without_ceiling={"Profhilo": "label"}).verdict == "within-limits"


def test_a_strength_for_a_product_whose_label_is_not_known() -> None:
    """The strength in the order is that of the first ingredient on the label."""
    found = made({"product": "NCTF 135 HA", "concentration": 5, "unit": "mg/mL", "volume_ml": 3})
    assert dose(found, "hyaluronic-acid").mg == 15
    found = made({"product": "lidocaine with adrenaline", "concentration": 2, "unit": "%", "volume_ml": 3})
    assert dose(found, "lidocaine").mg == 60


def test_refused_substances_are_not_allowed_and_still_worked_out() -> None:
    found = made(line("glutathione", 2, "%", 3))
    row = dose(found, "glutathione")
    assert (found.verdict, row.mg, row.status) == ("not-allowed", 60, "not-allowed")
    assert row.refused and "not permission" in found.statement


@pytest.mark.parametrize("name", ["phosphatidylcholine", "buflomedil", "tiratricol", "triiodothyronine"])
def test_substances_that_are_refused(name: str) -> None:
    assert made(line(name, 1, "%", 1)).verdict == "not-allowed"


@pytest.mark.parametrize("name", ["Lemon Bottle", "cosmetic serum", "unlabelled mixture"])
def test_products_that_are_refused(name: str) -> None:
    found = made({"product": name, "volume_ml": 1})
    assert found.verdict == "not-allowed" and found.refusals[0].sources
    assert made(line("lidocaine", 1, "%", 1), products=[name]).verdict == "not-allowed"


def test_a_refused_mix_shows_every_component_of_its_label() -> None:
    """5 mL of 5 % and 2.5 %: 250 mg and 125 mg, the detergent named second included."""
    found = made({"product": "Lipostabil", "volume_ml": 5})
    assert (dose(found, "phosphatidylcholine").mg, dose(found, "sodium-deoxycholate").mg) == (250, 125)
    assert found.verdict == "not-allowed"


# --- no ceiling known


def test_without_a_ceiling_an_ingredient_is_named_and_keeps_the_plan_from_being_signed() -> None:
    found = made(line("lidocaine", 1, "%", 2), line("biotin", 5, "mg/mL", 1))
    row = dose(found, "biotin")
    assert (row.status, row.ceiling_mg, row.governing) == ("no-ceiling-known", None, None)
    assert row.searched
    assert found.verdict == "within-limits"  # on the ceilings that exist
    assert "Biotin" in found.statement and any("Biotin" in text for text in found.blocks_signing)


def test_alone_it_is_never_within_limits_by_itself() -> None:
    assert made(line("biotin", 5, "mg/mL", 1)).verdict == "needs-clinician-decision"
    accepted = made(line("biotin", 5, "mg/mL", 1), accepted_without_ceiling={"biotin": "low dose"})
    assert (accepted.verdict, accepted.blocks_signing) == ("within-limits", ())
    assert dose(accepted, "biotin").status == "no-ceiling-known"
    assert dose(accepted, "biotin").accepted == "low dose"


@pytest.mark.parametrize(("own", "verdict"), [("5", "within-limits"), ("4.99", "over-limit")])
def test_the_products_own_limit_entered_by_a_clinician(own: str, verdict: str) -> None:
    found = made(line("biotin", 5, "mg/mL", 1), own_ceilings_mg={"biotin": own})
    assert (found.verdict, dose(found, "biotin").ceiling_mg, found.blocks_signing) == (verdict, Decimal(own), ())


def test_an_own_limit_never_widens_a_known_one() -> None:
    found = made(line("lidocaine", 1, "%", 31), own_ceilings_mg={"lidocaine": 1000})
    assert found.verdict == "over-limit"
    assert made(line("lidocaine", 1, "%", 11), own_ceilings_mg={"lidocaine": 100}).verdict == "over-limit"


def test_every_substance_has_a_ceiling_or_says_what_was_searched() -> None:
    limited = {record.about for record in EDITION.values.values() if record.measure.startswith("max-")}
    for name, substance in EDITION.substances.items():
        family = {name, substance.salt_of} | {s for s, x in EDITION.substances.items() if x.salt_of == name}
        siblings = {s for s, x in EDITION.substances.items() if substance.salt_of and x.salt_of == substance.salt_of}
        stated = limited & (family | siblings) or substance.refused or "diluent" in substance.classes
        assert stated or substance.ceiling_searched, name


# --- compatibility


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("phosphatidylcholine", "lidocaine", "incompatible"),
        ("phosphatidylcholine", "lidocaine hydrochloride", "incompatible"),  # through its active part
        ("deoxycholic acid", "saline", "incompatible"),
        ("adrenaline", "minoxidil", "incompatible"),  # through their classes
        ("hyaluronidase", "hyaluronic acid", "incompatible"),
        ("tranexamic acid", "ascorbic acid", "compatible"),
        ("dutasteride", "biotin", "compatible"),
        ("biotin", "caffeine", "unknown"),
    ],
)
def test_pairs(one: str, other: str, verdict: str) -> None:
    found = made(line(one, 1, "mg/mL", 1), line(other, 1, "mg/mL", 1))
    (pair,) = found.compatibility
    assert pair.verdict == verdict
    assert bool(pair.sources) == (verdict != "unknown")
    if verdict == "incompatible":
        assert found.verdict == "not-allowed"


def test_kybella_is_not_diluted() -> None:
    found = made({"product": "Kybella", "volume_ml": 2}, SALINE)
    assert found.verdict == "not-allowed"
    assert dose(found, "deoxycholic-acid").mg == 20


def test_what_a_maker_mixed_is_no_pair() -> None:
    assert made({"product": "Teosyal Redensity 1", "volume_ml": 1}).compatibility == ()


@pytest.mark.parametrize("index", range(len(EDITION.compatibility)))
def test_every_known_pair_is_found(index: int) -> None:
    record = EDITION.compatibility[index]

    def example(name: str) -> dict[str, Any]:
        if name == "any":
            return line("biotin", 1, "mg/mL", 1)
        if name in EDITION.products:
            return {"product": name, "volume_ml": 1}
        if name not in EDITION.substances:
            name = next(s for s, x in EDITION.substances.items() if name in x.classes and not x.refused)
        return line(name, 1, "mg/mL", 1)

    pairs = made(*(example(name) for name in record.pair)).compatibility
    assert record.verdict in [pair.verdict for pair in pairs]


# --- numbing cream


def test_cream_is_shown_applied_and_not_added() -> None:
    """5 g hold 125 mg of each; 50 mg injected stay 50 mg."""
    found = made(line("lidocaine", 1, "%", 5), anaesthetic=[emla()])
    (cream,) = found.creams
    assert {a.ingredient: a.mg for a in cream.applied} == {"lidocaine": 125, "prilocaine": 125}
    row = dose(found, "lidocaine")
    assert (row.mg, row.applied_mg) == (50, 125)
    assert (found.verdict, cream.status) == ("within-limits", "within-limits")
    assert "not absorbed" in cream.note


@pytest.mark.parametrize("missing", ["grams", "area_cm2", "dwell_min"])
def test_what_a_cream_lacks_is_asked(missing: str) -> None:
    given = emla(route="topical")
    del given[missing]
    found = made(HA, anaesthetic=[given])
    assert found.verdict == "needs-data" and found.creams[0].status == "needs-data"


def test_who_applies_the_cream() -> None:
    home = made(line("lidocaine", 1, "%", 1), anaesthetic=[emla(applied_by="patient")])
    assert home.verdict == "needs-clinician-decision"
    unsaid = made(line("lidocaine", 1, "%", 1), anaesthetic=[emla(applied_by=None)])
    assert unsaid.verdict == "within-limits" and any("Who applies" in text for text in unsaid.blocks_signing)


@pytest.mark.parametrize("product", ["BLT cream", "lidocaine 10% cream"])
def test_high_strength_creams_are_refused(product: str) -> None:
    assert made(HA, anaesthetic=[emla(product=product)]).verdict == "not-allowed"
    strong = emla(product="lidocaine", route="topical", concentration=10, unit="%")
    assert made(HA, anaesthetic=[strong]).verdict == "not-allowed"


@pytest.mark.parametrize(("grams", "status"), [(60, "needs-clinician-decision"), ("60.1", "over-limit")])
def test_cream_up_to_the_large_area_of_the_label(grams: Any, status: str) -> None:
    assert made(HA, anaesthetic=[emla(grams=grams, area_cm2=600)]).creams[0].status == status


def test_an_unknown_age_is_asked_only_where_a_childs_limit_would_be_broken() -> None:
    assert made(line("lidocaine", 1, "%", 1), age=None, anaesthetic=[emla(grams=1, area_cm2=10)]).verdict == (
        "within-limits"
    )
    found = made(line("lidocaine", 1, "%", 1), age=None, anaesthetic=[emla()])
    assert found.verdict == "needs-data" and any("age" in question for question in found.questions)


def test_amides_past_the_highest_labels_together_are_over() -> None:
    """180 mg and 300 mg in 60 kg: all of the adopted ceiling of one and five sixths of the other's; of the highest
    labels two thirds and five sixths, which is still too much."""
    found = made(line("lidocaine", 2, "%", 9), line("prilocaine", 3, "%", 10), weight_kg=60, areas=["thighs"])
    assert [(item.percent > 100, item.status) for item in found.together] == [(True, "over-limit")]
    assert found.verdict == "over-limit"
    less = made(line("lidocaine", 2, "%", 6), line("prilocaine", 3, "%", 6), weight_kg=60, areas=["thighs"])
    assert [item.status for item in less.together] == ["needs-clinician-decision"]


def test_how_dilute_adrenaline_is_does_not_hide_the_anaesthetic() -> None:
    for name in ("lidocaine with adrenaline 1:200000", "lidocaine with adrenaline 1 in 200 000"):
        assert made(line(name, 2, "%", "21.5"), weight_kg=60).verdict == "over-limit"
        assert made(line(name, 2, "%", 5), weight_kg=60).verdict == "within-limits"


def test_deoxycholic_acid_is_for_the_chin_alone() -> None:
    mixture = line("deoxycholic acid", 10, "mg/mL", 2)
    there = made(mixture, areas=["double chin"], points=10, volume_per_point_ml="0.2")
    for areas in (["abdomen"], ["double chin", "abdomen"], ["somewhere else"]):
        elsewhere = made(mixture, areas=areas, points=10, volume_per_point_ml="0.2")
        assert elsewhere.verdict == "not-allowed", areas
        assert "only place" in elsewhere.ingredients[0].refused
    assert there.ingredients[0].refused == ""


# --- procaine and its site


def test_procaine_over_the_head_limit_asks_for_the_area() -> None:
    found = made(line("procaine", 1, "%", 21))
    assert found.verdict == "needs-data" and any("areas" in question for question in found.questions)
    assert made(line("procaine", 1, "%", 20)).verdict == "within-limits"
    assert made(line("procaine", 1, "%", "60.1")).verdict == "over-limit"


# --- the document


def test_every_limit_says_where_it_comes_from() -> None:
    found = made(line("lidocaine", 1, "%", 5), anaesthetic=[emla()])
    for limit in limits(found).values():
        assert limit.sources and limit.reason and limit.record in EDITION.values
        assert limit.position in {position.id for position in EDITION.values[limit.record].positions}


def test_it_round_trips_through_json() -> None:
    found = made(line("lidocaine", 1, "%", "5.5"), HA, anaesthetic=[emla()], points=75, volume_per_point_ml="0.1")
    again = Formulation.model_validate_json(found.model_dump_json())
    assert again.model_dump(mode="json") == found.model_dump(mode="json")


def test_older_patients_get_a_note_with_an_anaesthetic_only() -> None:
    assert any("60 years" in note for note in made(line("lidocaine", 1, "%", 5), age=60).notes)
    assert not any("60 years" in note for note in made(line("lidocaine", 1, "%", 5), age=59).notes)
    assert not any("60 years" in note for note in made(HA, age=60).notes)


def test_a_repeated_line_is_pointed_out() -> None:
    found = made(line("lidocaine", 1, "%", 2), line("lidocaine", 1, "%", 3))
    assert any("more than once" in note for note in found.notes)
    assert dose(found, "lidocaine").mg == 50


# --- strengths of a whole vial


@pytest.mark.parametrize(
    ("given", "mg"),
    [
        ({"volume_ml": 5}, 500),  # one vial in the volume of its line
        ({"volume_ml": 2, "vial_ml": 5}, 200),
        ({"volume_ml": 2, "vial_ml": 4}, 250),
    ],
)
def test_a_vial_is_dissolved_in_what_is_said_else_in_its_lines_volume(given: dict[str, Any], mg: int) -> None:
    found = made({"ingredient": "lidocaine", "concentration": 500, "unit": "mg/vial", **given})
    assert dose(found, "lidocaine").mg == mg
    assert not any("dissolved?" in question for question in found.questions)
    assert any("500 mg in 5 mL" in note for note in found.notes) == ("vial_ml" not in given)


def test_an_injected_vial_is_read_in_the_same_way() -> None:
    item = {"product": "lidocaine", "concentration": 100, "unit": "mg/vial", "volume_ml": 2, "vial_ml": 4}
    assert dose(made(HA, anaesthetic=[item]), "lidocaine").mg == 50


@pytest.mark.parametrize("unit", ["IU/vial", "IU"])
def test_units_of_a_vial(unit: str) -> None:
    vial = {"ingredient": "hyaluronidase", "concentration": 1500, "unit": unit, "volume_ml": 1, "vial_ml": 3}
    assert dose(made(vial), "hyaluronidase").iu == 500
    alone = {"ingredient": "hyaluronidase", "concentration": 1500, "unit": unit, "volume_ml": 3}
    found = made(alone)
    assert dose(found, "hyaluronidase").iu == 1500 and any("1500 IU in 3 mL" in note for note in found.notes)


def test_a_products_container_is_its_vial() -> None:
    found = made({"product": "Ketonal injection", "concentration": 100, "unit": "mg/vial", "volume_ml": 1})
    assert dose(found, "ketoprofen").mg == 50


def test_thirds_of_a_vial_add_up_to_the_boundary() -> None:
    """200 mg in 3 mL, drawn up as three times 1 mL: 200 mg, not a hair more."""
    third = {"ingredient": "lidocaine", "concentration": 200, "unit": "mg/vial", "vial_ml": 3, "volume_ml": 1}
    row = dose(made(third, third, third, weight_kg=90), "lidocaine")
    assert (row.mg, row.status) == (200, "within-limits")


# --- the edges of what can be entered


def test_the_largest_amounts_are_worked_out() -> None:
    found = made(line("lidocaine", 10_000_000, "g/mL", 100_000), points=5000, volume_per_point_ml="0.0001")
    assert found.verdict == "over-limit" and found.volume.planned_ml == Decimal("0.5")
    Formulation.model_validate_json(found.model_dump_json())
    assert made(line("lidocaine", "0.0001", "%", "0.0001"), points=5000, volume_per_point_ml=100_000).volume.total_ml


@pytest.mark.parametrize("ml", ["1e-7", "1e-999999", "0." + "1" * 40])
def test_what_cannot_be_measured_is_refused_with_its_place(ml: str) -> None:
    with pytest.raises(InputError, match=r"order\.mixture\[1\]\.volume_ml"):
        made(HA, line("lidocaine", 1, "%", ml))


def test_a_strength_without_its_unit_is_asked_for() -> None:
    found = made(HA, anaesthetic=[{"product": "lidocaine", "concentration": 2, "volume_ml": 2}])
    assert found.verdict == "needs-data" and any("In which unit" in question for question in found.questions)


# --- creams that this edition does not know

MIXED = line("lidocaine", 1, "%", 1)


@pytest.mark.parametrize(
    "given",
    [
        {"product": "NumbX", "grams": 5},
        {"product": "NumbX", "route": "topical"},
        {"product": "NumbX cream"},
        {"product": "NumbX", "dwell_min": 30},
        {"product": "NumbX 4%", "grams": 5},  # 4 % of what?
        {"product": "NumbX", "grams": 5, "concentration": 4, "unit": "%"},
        {"product": "lidocaine cream", "grams": 5},  # how strong?
        {"product": "lidocaine", "route": "topical", "grams": 5},
        {"product": "NumbX", "grams": 5, "concentration": 4},
        {"product": "NumbX", "grams": 5, "concentration": 4, "unit": "IU"},
    ],
)
def test_a_cream_of_unknown_content_or_strength_is_asked_about(given: dict[str, Any]) -> None:
    found = made(MIXED, anaesthetic=[{"applied_by": "clinic", **given}])
    assert (found.verdict, found.creams[0].status) == ("needs-data", "needs-data")
    assert any(given["product"].casefold() in question.casefold() for question in found.questions)


@pytest.mark.parametrize(
    "given",
    [
        {"product": "lidocaine 23% tetracaine 7% cream"},
        {"product": "23 % lidocaine, 7 % tetracaine"},
        {"product": "NumbX", "concentration": 10, "unit": "%"},
        {"product": "NumbX lidocaine 23 %"},
        {"product": "NumbX 5,1 %"},
        {"product": "NumbX 2% and 4%"},
        {"product": "lidocaine cream", "concentration": 60, "unit": "mg/g"},
        {"product": "lidocaine 4.5% cream", "concentration": 6, "unit": "%"},  # the stronger of the two counts
        {"product": "EMLA", "concentration": 10, "unit": "%"},
        {"product": "Pliaglis"},
    ],
)
def test_a_strength_in_a_name_or_a_line_is_held_against_the_ceiling(given: dict[str, Any]) -> None:
    found = made(MIXED, anaesthetic=[{"grams": 1, "area_cm2": 10, "dwell_min": 60, "applied_by": "clinic", **given}])
    assert (found.verdict, found.creams[0].status) == ("not-allowed", "not-allowed")
    assert limits(found)["ceiling-numbing-cream-strength"].status == "over-limit"


def test_a_cream_whose_name_says_all_is_for_a_clinician() -> None:
    found = made(MIXED, anaesthetic=[{"product": "lidocaine 4.5 % gel", "grams": 2, "applied_by": "clinic"}])
    assert (found.verdict, found.creams[0].status) == ("needs-clinician-decision", "needs-clinician-decision")
    assert [(a.ingredient, a.mg) for a in found.creams[0].applied] == [("lidocaine", 90)]
    assert limits(found)["ceiling-numbing-cream-strength"].used == Decimal("4.5")
    assert any("lidocaine 4.5 % gel" in text for text in found.blocks_signing)


def test_an_order_that_contradicts_the_tube_is_asked_about() -> None:
    found = made(MIXED, anaesthetic=[emla(concentration=4, unit="%")])
    assert found.verdict == "needs-data" and any("5 %" in question for question in found.questions)
    assert made(MIXED, anaesthetic=[emla(concentration=5, unit="%")]).verdict == "within-limits"
    assert made(MIXED, anaesthetic=[emla(concentration=25, unit="mg/g")]).verdict == "within-limits"


def test_subcutaneous_is_not_cutaneous() -> None:
    item = {"product": "lidocaine", "route": "subcutaneous", "concentration": 1, "unit": "%", "volume_ml": 2}
    found = made(HA, anaesthetic=[item])
    assert not found.creams and dose(found, "lidocaine").mg == 20


def test_an_injected_anaesthetic_in_either_unit() -> None:
    percent = made(HA, anaesthetic=[beside("lidocaine", 2, 3)])
    item = {"product": "lidocaine", "concentration": 20, "unit": "mg/mL", "volume_ml": 3}
    assert dose(percent, "lidocaine").mg == dose(made(HA, anaesthetic=[item]), "lidocaine").mg == 60


def test_a_gel_for_gum_pockets_is_no_skin_cream() -> None:
    assert made(MIXED, anaesthetic=[emla(product="Oraqix")]).verdict == "needs-data"


def test_tetracaine_gel() -> None:
    given = {"product": "Ametop", "grams": 5, "applied_by": "clinic"}
    found = made(MIXED, anaesthetic=[given])
    assert (found.verdict, found.creams[0].status) == ("within-limits", "within-limits")
    assert [(a.ingredient, a.mg) for a in found.creams[0].applied] == [("tetracaine", 200)]


# --- a line that names a product and an ingredient


def both(product: str, ingredient: str, concentration: Any = None, volume_ml: Any = None) -> dict[str, Any]:
    return {**line(ingredient, concentration, "%" if concentration else None, volume_ml), "product": product}


def test_the_concentration_is_that_of_the_ingredient_named() -> None:
    found = made(both("Teosyal Redensity 1", "lidocaine", "0.3", 2))
    assert (dose(found, "lidocaine").mg, dose(found, "hyaluronic-acid").mg) == (6, 30)


def test_a_product_that_does_not_hold_the_ingredient_is_asked_about() -> None:
    """Neither reading is dropped, neither is judged."""
    found = made(both("Profhilo", "lidocaine", 2, 20))
    assert {row.status for row in found.ingredients} == {"needs-data"} == {found.verdict}
    assert (dose(found, "lidocaine").mg, dose(found, "lidocaine").status) == (400, "needs-data")
    assert any("Profhilo" in question and "lidocaine" in question for question in found.questions)


@pytest.mark.parametrize(("product", "ingredient"), [("Xylocaine", "procaine"), ("saline", "lidocaine")])
def test_two_substances_for_one_line_are_asked_about(product: str, ingredient: str) -> None:
    found = made(both(product, ingredient, 1, 40))
    assert found.verdict == "needs-data" and any(ingredient in question for question in found.questions)
    assert dose(found, ingredient).mg == 400


def test_an_ingredient_nobody_knows_does_not_lend_its_strength_to_a_product() -> None:
    found = made(both("Kybella", "madeupium", 5, 2))
    assert found.verdict == "needs-data" and any("madeupium" in question for question in found.questions)
    assert dose(found, "deoxycholic-acid").mg == 20


@pytest.mark.parametrize("known", ["lidocaine", "lidocaine 2%", "lignocaine"])
def test_an_unknown_brand_of_a_known_ingredient_is_dosed(known: str) -> None:
    found = made(both("Numbexin", known, 2, 20))
    row = found.ingredients[0]
    assert (row.mg, found.verdict) == (400, "over-limit")
    assert "Numbexin" in row.title and "Lidocaine" in row.title and "Numbexin" in row.parts[0].source
    assert made(both("Numbexin", known, 2, 5)).verdict == "within-limits"


def test_a_brand_of_saline_is_a_diluent() -> None:
    found = made(line("lidocaine", 1, "%", 1), both("Saltex", "saline", None, 1))
    assert found.verdict == "within-limits" and found.draw_up[0].name.startswith("Saltex")


def test_a_substance_and_its_salt_are_no_contradiction() -> None:
    assert made(both("Xylocaine", "lidocaine hydrochloride", 1, 5)).verdict == "within-limits"
    assert made(both("Profhilo", "Profhilo", None, 2)).questions == made(HA).questions


def test_what_is_known_over_a_ceiling_is_over_it_whatever_else_is_unknown() -> None:
    found = made(line("lidocaine", 2, "%", 20), line("lidocaine hydrochloride", volume_ml=1))
    assert (found.verdict, dose(found, "lidocaine").status) == ("over-limit", "over-limit")
    assert made(line("lidocaine", 2, "%", 2), line("lidocaine hydrochloride", volume_ml=1)).verdict == "needs-data"


# --- names that this edition does not know


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("lidocane", "lidocaine"),
        ("lidocaine 3%", "lidocaine"),
        ("sterile lidocaine ampoule", "lidocaine"),
        ("tranexemic acid", "tranexamic acid"),
        ("hyaluronic acd", "hyaluronic acid"),
        ("xylocane", "xylocaine"),
        ("Lidocaine B. Braun", "lidocaine"),
    ],
)
def test_a_name_near_a_known_one_is_asked_about(name: str, meant: str) -> None:
    found = made(MIXED, line(name, 5, "mg/mL", 2))
    assert found.verdict == "needs-data" and any(f"Did you mean {meant}?" in text for text in found.questions)
    row = next(row for row in found.ingredients if row.title == name)
    assert (row.mg, row.status) == (10, "needs-data")


@pytest.mark.parametrize("name", ["madeupium", "vitamin d", "vitamin b9", "zz"])
def test_an_unknown_ingredient_is_listed_and_never_turns_the_verdict(name: str) -> None:
    found = made(MIXED, line(name, 5, "mg/mL", 2))
    row = next(row for row in found.ingredients if row.title == name)
    assert (row.mg, row.status, row.limits) == (10, "no-ceiling-known", ())
    assert "edition" in row.searched
    assert (found.verdict, found.questions) == ("within-limits", ())
    assert name in found.statement and any(name in text for text in found.blocks_signing)
    assert made(line(name, 5, "mg/mL", 2)).verdict == "needs-clinician-decision"
    accepted = made(MIXED, line(name, 5, "mg/mL", 2), accepted_without_ceiling={name: "known to me"})
    assert accepted.blocks_signing == () and accepted.verdict == "within-limits"


def test_a_clinician_may_say_that_a_name_is_meant_as_it_stands() -> None:
    mepi = line("bupivacaine", "0.25", "%", 2)
    assert made(MIXED, mepi).verdict == "needs-data"
    assert made(MIXED, mepi, own_ceilings_mg={"bupivacaine": 100}).verdict == "within-limits"
    assert made(MIXED, mepi, own_ceilings_mg={"Bupivacaine": "4.9"}).verdict == "over-limit"


def test_an_unknown_ingredient_without_strength_is_asked_about() -> None:
    assert made(MIXED, line("madeupium", volume_ml=2)).verdict == "needs-data"


@pytest.mark.parametrize(
    "order",
    [
        {"mixture": [MIXED, {"product": "NumbX", "volume_ml": 2}]},
        {"mixture": [MIXED], "anaesthetic": [{"product": "NumbX", "volume_ml": 2}]},
    ],
)
def test_an_unknown_product_is_listed_and_asked_about(order: dict[str, Any]) -> None:
    found = case(order)
    assert found.verdict == "needs-data" and any("NumbX" in text for text in found.questions)
    assert [row.status for row in found.ingredients if row.title == "NumbX"] == ["needs-data"]


# --- units of measure that do not fit


@pytest.mark.parametrize("unit", ["IU/mL", "IU", "IU/vial"])
@pytest.mark.parametrize("name", [{"ingredient": "lidocaine"}, {"product": "lidocaine 1%"}])
def test_units_for_what_is_dosed_in_milligrams(name: dict[str, Any], unit: str) -> None:
    found = made({**name, "concentration": 100, "unit": unit, "volume_ml": 2})
    assert found.verdict == "needs-data" and dose(found, "lidocaine").status == "needs-data"
    assert any("in mg" in question and "mg/mL" in question for question in found.questions)
    assert " 0 answer" not in found.statement


def test_units_for_what_is_dosed_in_units() -> None:
    found = made(MIXED, line("hyaluronidase", 150, "IU/mL", 2))
    assert (found.verdict, dose(found, "hyaluronidase").iu) == ("within-limits", 300)


def test_a_cream_is_not_injected() -> None:
    found = made(MIXED, {"product": "EMLA", "volume_ml": 2})
    assert found.verdict == "not-allowed" and "not for injection" in found.refusals[0].why


def test_a_cream_without_a_ceiling_may_be_accepted() -> None:
    cream = {"product": "LMX4", "grams": 2, "applied_by": "clinic"}
    assert any("LMX4" in text or "Lidocaine 4 %" in text for text in made(MIXED, anaesthetic=[cream]).blocks_signing)
    accepted = made(MIXED, anaesthetic=[cream], accepted_without_ceiling={"lidocaine 4% cream": "2 g are little"})
    assert (accepted.verdict, accepted.blocks_signing) == ("within-limits", ())
