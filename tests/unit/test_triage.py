"""A report's shape, its limits, and what must hold for every report."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nappage.aftercare import Report, Treated, triage
from nappage.aftercare.report import signs
from nappage.cli import main
from nappage.intake import Order, validated
from nappage.knowledge import load
from nappage.knowledge.schema import LEVELS
from nappage.values import InputError

EDITION = load(date(2026, 11, 25))
SIGNS = sorted(signs(EDITION))
EXAMPLE = str(Path(__file__).parents[2] / "examples" / "triage-report.yaml")


def rank(report: Report) -> int:
    return LEVELS.index(triage(report, EDITION).level)


def some_report(pick: random.Random) -> dict[str, Any]:
    ticks: dict[str, Any] = {}
    for sign in SIGNS:
        chance = pick.random()
        if chance < 0.06:
            trend, severity = pick.choice(["better", "same", "worse", None]), pick.choice(["mild", "severe", None])
            ticks[sign] = pick.choice(["yes", {"present": "yes", "trend": trend, "severity": severity}])
        elif chance < 0.5:
            ticks[sign] = "no"
        elif chance < 0.55:
            ticks[sign] = "unsure"
    treatment = pick.choice(
        [{}, {"products": ["hyaluronic acid"], "areas": ["cheeks"], "anaesthetic": ["EMLA"]},
         {"products": ["deoxycholic acid"], "areas": ["submental"]}, {"products": ["Botox"]}]
    )  # fmt: skip
    hours = pick.choice([None, 1, 24, 48, 60, 168, 500, 2500])
    return {"signs": ticks, "treatment": treatment, "hours_since": hours}


@pytest.mark.parametrize("seed", range(60))
def test_one_more_sign_never_lowers_the_level(seed: int) -> None:
    pick = random.Random(seed)
    given = some_report(pick)
    before = rank(Report.model_validate(given))
    for sign in pick.sample(SIGNS, 4):
        if isinstance(given["signs"].get(sign), dict):
            continue
        more = {**given, "signs": {**given["signs"], sign: "yes"}}
        assert rank(Report.model_validate(more)) <= before, sign


@pytest.mark.parametrize("seed", range(60))
def test_a_no_never_goes_beyond_what_the_unknown_could_be(seed: int) -> None:
    pick = random.Random(1000 + seed)
    given = some_report(pick)
    done = triage(Report.model_validate(given), EDITION)
    could = min([LEVELS.index(done.level), *(LEVELS.index(q.could_be) for q in done.ask)])
    for sign in pick.sample([s for s in SIGNS if s not in given["signs"]], 4):
        less = {**given, "signs": {**given["signs"], sign: "no"}}
        assert rank(Report.model_validate(less)) >= could, sign


TEXTS = [
    "all is fine, thank you", "no fever, I can see fine and breathe normally", "a bit red", "my vision is blurred",
    "it is much better now, hardly any swelling", "the pain is gone and I recovered quickly", "the bruise is tiny",
    "should I worry about necrosis?", "my sister fainted", "zorp", "just a small lump",
    "I fainted but came round at once",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_words_never_lower(seed: int) -> None:
    pick = random.Random(2000 + seed)
    given = some_report(pick)
    if pick.random() < 0.5:
        given["all_other_signs"] = "no"
    silent = triage(Report.model_validate(given), EDITION)
    told = triage(Report.model_validate({**given, "text": pick.sample(TEXTS, 2)}), EDITION)
    contradicted = any("answered no" in words for q in told.ask for words in q.because)
    assert LEVELS.index(told.level) <= LEVELS.index(silent.level) or contradicted
    graver = LEVELS.index(told.level) < LEVELS.index(silent.level)
    assert told.incomplete or graver or not silent.incomplete


def test_nothing_reported_is_not_expected() -> None:
    done = triage(Report(), EDITION)
    assert done.level == "expected" and done.incomplete and done.ask[0].could_be == "emergency"
    assert "Cannot be called expected yet" in done.statement
    asked = triage(Report(all_other_signs="no"), EDITION)
    assert asked.level == "expected" and not asked.incomplete


def test_questions_come_gravest_first_and_name_signs() -> None:
    done = triage(Report(text="a bit red", hours_since=6), EDITION)
    ranks = [LEVELS.index(q.could_be) for q in done.ask]
    assert ranks == sorted(ranks)
    assert "breathing-trouble" in done.ask[0].signs and "trouble breathing" in done.ask[0].question


def test_act_by() -> None:
    known = Report.model_validate(
        {
            "treated": "2026-03-20T10:30",
            "reported": "2026-03-25T18:30",
            "signs": {"pus": "yes"},
            "all_other_signs": "no",
        }
    )
    done = triage(known, EDITION)
    assert done.form.hours_to_report == 128
    assert (done.level, done.act_by, done.within_hours) == ("same-day-review", "2026-03-26T06:30:00", 12)
    assert triage(Report(signs={"pus": "yes"}, hours_since=128), EDITION).act_by == "within 12 hours"
    assert triage(Report(signs={"seizure": "yes"}), EDITION).act_by == "now"
    assert triage(Report(signs={"redness": "yes"}, hours_since=1), EDITION).act_by is None


def test_measures() -> None:
    for celsius, level in ((37.9, "expected"), (38, "same-day-review")):
        assert triage(Report(temperature_c=celsius, hours_since=60, all_other_signs="no"), EDITION).level == level
    for pain, level in ((0, "expected"), (6, "expected"), (7, "emergency")):
        assert triage(Report(pain_0_10=pain, hours_since=5, all_other_signs="no"), EDITION).level == level
    measured = Report(temperature_c=39, signs={"fever": "no"}, hours_since=60, all_other_signs="no")
    assert triage(measured, EDITION).level == "same-day-review"


def test_a_finding_has_all_a_clinician_needs() -> None:
    done = triage(Report(signs={"spreading-redness": "yes"}, temperature_c=38.6, hours_since=100), EDITION)
    first = done.findings[0]
    assert first.record == "infection-severe" and first.level == "emergency"
    assert {why.fact: why.said for why in first.why} == {"fever": ("38.6 °C",), "spreading_redness": ("answered yes",)}
    assert first.do and first.tell and first.ctcae and first.sources and first.reason and first.dissent


def test_the_form() -> None:
    given = {"products": ["Profhilo"], "areas": ["cheeks"], "jurisdiction": "GB-ENG"}
    pus = {"present": "yes", "since_days": 2}
    report = Report.model_validate({"treatment": given, "signs": {"pus": pus}, "text": "green pus", "days_since": 9})
    form = triage(report, EDITION).form
    assert form.reportable and form.receiver is not None and "Yellow Card" in form.receiver.name
    assert form.lot is None and form.products == ("Profhilo",) and form.description == ("green pus",)
    assert form.hours_since_onset == 48 and form.hours_to_report == 216 and form.reaction == ("pus",)
    assert set(form.seriousness.values()) == {"to be judged"}
    elsewhere = report.model_copy(update={"treatment": Treated(jurisdiction="FR")})
    assert triage(elsewhere, EDITION).form.receiver is None  # no record of the dossier says who


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match=r"signs\.rednes: no sign is called so\. Near it: redness"):
        triage(Report(signs={"rednes": "yes"}), EDITION)
    with pytest.raises(InputError, match="before the session"):
        triage(Report.model_validate({"treated": "2026-03-20", "reported": "2026-03-19"}), EDITION)
    with pytest.raises(InputError, match="zone"):
        given = {"treated": "2026-03-20T10:00+01:00", "reported": "2026-03-20T11:00"}
        triage(Report.model_validate(given), EDITION)
    with pytest.raises(InputError, match="all_other_signs"):
        validated(Report, {"all_other_signs": "yes"}, "a file")
    with pytest.raises(InputError, match=r"less than or equal|45 or less"):
        validated(Report, {"temperature_c": 101}, "a file")


def test_a_name_of_a_product_that_is_not_known_leaves_the_treatment_open() -> None:
    treatment = {"products": ["Zorpofil"], "areas": ["cheeks"], "anaesthetic": []}
    report = Report.model_validate(
        {"treatment": treatment, "signs": {"swallowing-trouble": "yes"}, "days_since": 5, "all_other_signs": "no"}
    )
    done = triage(report, EDITION)
    assert done.level == "emergency" and done.incomplete
    assert [q.because for q in done.ask if q.topic == "treatment"] == [("Zorpofil",)]


def test_a_treatment_from_an_order() -> None:
    order = Order.model_validate(
        {"areas": ["cheeks"], "technique": "papule", "mixture": [{"product": "NCTF 135 HA", "volume_ml": 3}],
         "anaesthetic": [{"product": "EMLA", "route": "topical"}]}
    )  # fmt: skip
    treated = Treated.of(order)
    assert treated.products == ("NCTF 135 HA",) and treated.anaesthetic == ("EMLA",)


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["triage", EXAMPLE, "--on", "2026-11-25", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["level"] == "same-day-review" and answer["findings"] and answer["ask"] and answer["act_by"]
    assert main(["triage", EXAMPLE, "--on", "2026-11-25"]) == 1
    assert "See the same day" in capsys.readouterr().out
    fine = tmp_path / "fine.yaml"
    fine.write_text("hours_since: 6\nsigns: {redness: yes}\nall_other_signs: no\n")
    assert main(["triage", str(fine), "--on", "2026-11-25"]) == 0
    capsys.readouterr()
    fine.write_text("signs: {rednes: yes}\n")
    assert main(["triage", str(fine), "--on", "2026-11-25"]) == 2
    assert "Near it: redness" in capsys.readouterr().err


@pytest.mark.parametrize(
    "given",
    [
        {"signs": {"vision-change": None}}, {"signs": {"breathing-trouble": {"present": "no", "trend": "worse"}}},
        {"signs": {"redness": {"present": "yes", "spreading": "unsure"}}}, {"text": "я не вижу"},
        {"signs": {"redness": "yes"}, "patient": {"blood_thinner": "unsure"}, "text": "a huge bruise"},
    ],
)  # fmt: skip
def test_what_is_not_answered_or_contradicts_itself_is_never_expected(given: dict) -> None:
    done = triage(Report.model_validate({"hours_since": 6, "all_other_signs": "no", **given}), EDITION)
    assert done.level != "expected" or done.incomplete


@pytest.mark.parametrize(
    "patient", [{"blood_thinner": "warfarin"}, {"medications": ["Eliquis"]}, {"blood_thinner": True}]
)
def test_a_bruise_under_a_blood_thinner_is_seen_the_same_day(patient: dict) -> None:
    given = {"hours_since": 30, "signs": {"bruise": "yes"}, "all_other_signs": "no", "patient": patient}
    assert triage(Report.model_validate(given), EDITION).level == "same-day-review"


def test_pain_that_is_measured_counts_though_no_sign_was_ticked() -> None:
    done = triage(Report.model_validate({"days_since": 8, "pain_0_10": 6, "all_other_signs": "no"}), EDITION)
    assert done.level != "expected"


@pytest.mark.parametrize(
    "given",
    [
        {"hours_since": 6, "days_since": 9},
        {"hours_since": 6, "treated": "2026-11-01T10:00", "reported": "2026-11-20T10:00"},
    ],
)
def test_two_times_that_contradict_are_refused(given: dict) -> None:
    with pytest.raises(ValueError, match="give one"):
        Report.model_validate(given)
