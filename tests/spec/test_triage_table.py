"""Sign × time × treatment → level, from the dossier's records of adverse events; written before the rules were run.

Each row: what is there (all other signs asked and absent), hours since the session, what was used, the level, the
record.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nappage.aftercare import Report, triage
from nappage.knowledge import load

EDITION = load(date(2026, 11, 25))
DAY, WEEK = 24, 168
HA: dict[str, Any] = {"products": ["hyaluronic acid"], "areas": ["cheeks"], "anaesthetic": []}
NUMBED = {**HA, "anaesthetic": ["EMLA"]}
CHIN = {"products": ["deoxycholic acid"], "areas": ["submental"], "anaesthetic": []}
TXA = {"products": ["tranexamic acid"], "areas": ["cheeks"], "anaesthetic": []}
VITC = {"products": ["ascorbic acid"], "areas": ["cheeks"], "anaesthetic": []}
SCALP = {"products": ["dexpanthenol"], "areas": ["scalp"], "anaesthetic": []}
BACK = {"products": ["lidocaine"], "areas": ["shoulder", "back"], "anaesthetic": []}
TOXIN = {"products": ["Botox"], "areas": ["forehead"], "anaesthetic": []}
GEL = {"products": ["Profhilo"], "areas": ["cheeks"], "anaesthetic": []}
E, S, R, X = "emergency", "same-day-review", "routine-review", "expected"
_worse = {"present": "yes", "trend": "worse"}

# signs (a word is yes), hours, treatment, level, records
TABLE: list[tuple[Any, int, dict[str, Any], str, str]] = [
    # windows of what is expected
    ("redness", 6, HA, X, "SAF-153"), ("redness", 48, HA, X, "SAF-153"), ("redness", 49, HA, R, "SAF-A37"),
    ("redness", 9 * DAY, HA, R, "SAF-A37"), ("redness warmth", 9 * DAY, HA, S, "SAF-A37"),
    ("redness tenderness", 9 * DAY, HA, S, "SAF-A37"), ({"redness": _worse}, 50, HA, S, "SAF-A37"),
    ({"redness": _worse}, 20, HA, R, "SAF-A37"),
    ("swelling", 24, HA, X, "SAF-153"), ("swelling", 5 * DAY, HA, R, "SAF-A37"),
    ("swelling", 5 * DAY, CHIN, X, "SAF-A38"),
    ("swelling", WEEK, CHIN, X, "SAF-A38"), ("swelling", WEEK + 1, CHIN, R, "SAF-A37"),
    ("firmness", 6 * WEEK, CHIN, X, "SAF-A38"), ("tenderness", 8 * WEEK, CHIN, X, "SAF-A38"),
    ("firmness", 6 * WEEK, HA, R, "SAF-189"), ("numbness", 3 * WEEK, CHIN, X, "SAF-A38"),
    ("bruise", 37, HA, X, "SAF-151"), ("bruise", 7 * DAY, HA, X, "SAF-151"), ("bruise", 8 * DAY, HA, R, "SAF-151"),
    ({"bruise": _worse}, 12, HA, S, "SAF-152"),
    ({"bruise": {"present": "yes", "severity": "severe"}}, 12, HA, S, "SAF-152"),
    ("bumps", 5, HA, X, "SAF-154"), ("bumps", 48, HA, X, "SAF-154"), ("bumps", 4 * DAY, HA, R, "SAF-A37"),
    ("tenderness", 48, HA, X, "SAF-155"), ("tenderness", 3 * DAY, HA, R, "SAF-A37"),
    ("itch", 2, HA, X, "SAF-157"), ("itch", 4 * DAY, HA, R, "SAF-A37"),
    ("numbness", 2 * DAY, HA, X, "SAF-158"), ("numbness", 10 * DAY, HA, R, "SAF-158"),
    ("nausea", 3, HA, X, "SAF-159"), ("nausea", 3 * DAY, HA, R, "SAF-159"),
    ("nausea metallic-taste-or-tinnitus", 1, NUMBED, E, "SAF-164"),
    ("headache", 5, HA, X, "SAF-A39"), ("headache", 3 * DAY, HA, S, "SAF-A39"),
    ({"headache": _worse}, 5, HA, E, "SAF-A39"),
    ("headache fever", 5, HA, E, "SAF-A39"), ("sudden-severe-headache", 5, HA, E, "SAF-A36"),
    ("bleeding", 1, HA, X, ""), ({"bleeding": {"present": "yes", "severity": "severe"}}, 1, HA, E, ""),
    # emergencies of the day
    ("breathing-trouble", 1, HA, E, "SAF-163"), ("throat-or-tongue-swelling", 1, HA, E, "SAF-163"),
    ("widespread-hives faint", 1, HA, E, "SAF-163"), ("widespread-hives", 3, HA, S, "SAF-186"),
    ("lip-or-face-swelling", 3, HA, S, "SAF-186"),
    ("metallic-taste-or-tinnitus", 1, NUMBED, E, "SAF-164"), ("numb-mouth", 4, NUMBED, E, "SAF-164"),
    ("seizure", 1, HA, E, "SAF-164"),
    ("confusion", 2, NUMBED, E, "SAF-164"), ("twitching", 3, BACK, E, "SAF-164"), ("numb-mouth", 2, HA, S, ""),
    ("blue-lips", 6, NUMBED, E, "SAF-165"), ("dark-urine", 2 * DAY, VITC, E, "SAF-166"),
    ("dark-urine", 2 * DAY, HA, S, "SAF-183"),
    ("skin-white", 1, HA, E, "SAF-167"), ("skin-mottled-blue", 20, HA, E, "SAF-167"),
    ("severe-pain", 1, HA, E, "SAF-156"),
    ("skin-dusky-or-black", 3 * DAY, HA, E, "SAF-167"), ("skin-white", 10 * WEEK, HA, R, "SAF-160"),
    ("cold-skin", 5, HA, S, ""),
    ("vision-change", 0, HA, E, "SAF-168"), ("eye-pain", 1, HA, E, "SAF-168"),
    ("drooping-eyelid", 1, HA, E, "SAF-168"),
    ("face-droop", 30, HA, E, "SAF-168"), ("arm-or-leg-weakness", 2, HA, E, "SAF-A36"),
    ("speech-trouble", 2, HA, E, "SAF-A36"),
    ({"vision-change": {"present": "yes", "severity": "mild"}}, 48, TXA, S, "SAF-A33"),
    ("vision-change", 48, TXA, E, "SAF-A33"),
    ("chest-pain", 2, HA, E, "SAF-A32"), ("chest-pain", 2, BACK, E, "SAF-A28"),
    ("breathing-trouble", 20, BACK, E, "SAF-A28"),
    ("palpitations", 2, HA, E, "SAF-A32"), ("palpitations", 5 * DAY, CHIN, S, "SAF-182"),
    ("calf-swelling", 9 * DAY, TXA, S, "SAF-A31"),
    ("calf-swelling breathing-trouble", 9 * DAY, TXA, E, "SAF-A31"),
    ("faint", 1, HA, S, "SAF-162"), ({"faint": {"present": "yes", "trend": "better"}}, 1, HA, X, "SAF-A35"),
    ("faint chest-pain", 1, HA, E, "SAF-A35"), ({"faint": _worse}, 1, HA, E, "SAF-162"),
    ("head-injury", 1, HA, S, "SAF-A34"), ("head-injury vomiting", 3, HA, E, "SAF-A34"),
    ("eye-splash", 0, HA, E, "SAF-185"),
    # infection and lumps
    ("spreading-redness", 3 * DAY, HA, S, "SAF-173"), ("spreading-redness fever", 3 * DAY, HA, E, "SAF-A29"),
    ("pus", 4 * DAY, HA, S, "SAF-173"),
    ("fever", 3 * DAY, HA, S, "SAF-173"), ("chills", 1 * DAY, HA, S, "SAF-A29"),
    ("fever severe-pain", 2 * DAY, HA, E, "SAF-A29"),
    ("fever blisters", 2 * DAY, HA, E, "SAF-A29"), ("eyelid-swelling eye-pain", 2 * DAY, HA, E, "SAF-A29"),
    ("eyelid-swelling", 20, HA, X, "SAF-153"),
    ("lump", 5, HA, X, "SAF-154"), ("lump", 4 * DAY, HA, R, "SAF-A37"), ("lump", WEEK, HA, S, "SAF-172"),
    ("lump", 6 * WEEK, HA, S, "SAF-172"),
    ("lump", 6 * WEEK, CHIN, S, "SAF-172"), ("discharge", 6 * WEEK, HA, S, "SAF-172"),
    ("lump", 12 * WEEK, HA, S, "SAF-172"),
    ("lump", 17 * WEEK, HA, R, "SAF-178"), ("lump pus", 17 * WEEK, HA, S, "SAF-172"),
    ("bumps", 17 * WEEK, HA, R, "SAF-178"),
    ("bumps redness", 5 * WEEK, HA, S, "SAF-172"), ("lump tenderness", 2 * WEEK, CHIN, S, "SAF-175"),
    ("rash itch", WEEK, CHIN, S, "SAF-176"),
    ("rash fever", 2 * WEEK, HA, S, "SAF-177"), ("blisters", 2 * DAY, HA, S, "SAF-169"),
    ("open-sore", 4 * DAY, CHIN, S, "SAF-169"),
    ("increasing-pain", 3 * DAY, HA, S, "SAF-190"), ("tingling-lip", 2 * DAY, HA, S, "SAF-180"),
    ("needle-shared", 3 * WEEK, HA, S, "SAF-174"),
    # later, and by product
    ("rash", 14 * DAY, HA, R, "SAF-187"), ("rash", 3, HA, S, "SAF-186"), ("hair-loss", 5 * WEEK, SCALP, R, "SAF-A40"),
    ("hair-loss pus", 5 * WEEK, SCALP, S, "SAF-A40"), ("swelling", 8 * WEEK, GEL, R, "SAF-181"),
    ("swelling warmth", 8 * WEEK, GEL, S, "SAF-A41"),
    ("dark-patch", 5 * WEEK, HA, R, "SAF-161"), ("scar", 12 * WEEK, HA, R, "SAF-160"),
    ("dent", 12 * WEEK, HA, R, "SAF-160"),
    ("weak-smile", 2 * DAY, CHIN, S, "SAF-170"), ("weak-smile", 2 * DAY, HA, E, "SAF-A36"),
    ("weak-smile speech-trouble", 2 * DAY, CHIN, E, "SAF-A36"),
    ("swallowing-trouble", 2 * DAY, CHIN, S, "SAF-171"),
    ("swallowing-trouble breathing-trouble", 2 * DAY, CHIN, E, "SAF-171"),
    ("swallowing-trouble", 5 * DAY, TOXIN, E, "SAF-A30"), ("drooping-eyelid", 5 * DAY, TOXIN, S, "SAF-A30"),
    ("drooping-eyelid vision-change", 5 * DAY, TOXIN, E, "SAF-A30"), ("jaundice", 4 * DAY, CHIN, S, "SAF-183"),
    ("tremor", 4 * DAY, CHIN, S, "SAF-182"),
    ("tiredness", 1 * DAY, HA, R, "SAF-189"), ("other", 1 * DAY, HA, R, "SAF-189"), ("distress", 3 * DAY, HA, R, ""),
    ("self-harm-thoughts", 3 * DAY, HA, E, ""),

]  # fmt: skip


def report(signs: Any, hours: int | None, treatment: dict[str, Any], **more: Any) -> Report:
    ticks = signs if isinstance(signs, dict) else dict.fromkeys(signs.split(), "yes")
    given = {"treatment": treatment, "signs": ticks, "all_other_signs": "no", "hours_since": hours, **more}
    return Report.model_validate(given)


@pytest.mark.parametrize(
    ("signs", "hours", "treatment", "level", "record"),
    TABLE,
    ids=lambda v: str(v).replace(" ", "+") if isinstance(v, str | int) else "",
)
def test_the_table(signs: Any, hours: int, treatment: dict[str, Any], level: str, record: str) -> None:
    done = triage(report(signs, hours, treatment), EDITION)
    assert done.level == level, [(f.level, f.record) for f in done.findings]
    # Every sign was asked: what is expected is called so.
    assert level != X or not done.incomplete, done.ask
    if record:
        carried = {number for f in done.findings for number in EDITION.triage[f.record].records}
        assert record in carried, [f.record for f in done.findings]


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 80


def test_every_record_of_adverse_events_is_carried_by_triage() -> None:
    wanted = {f"SAF-{n}" for n in (*range(151, 188), 190, 223)} | {f"SAF-A{n}" for n in range(28, 42)}
    carried = {number for rule in EDITION.triage.values() for number in rule.records}
    assert wanted <= carried, sorted(wanted - carried)


@pytest.mark.parametrize("signs", ["redness", "lump", "skin-white", "rash", "headache", "swallowing-trouble"])
def test_without_a_time_the_gravest_reading_counts_and_it_is_asked(signs: str) -> None:
    order = (E, S, R, X)
    known = [triage(report(signs, hours, HA), EDITION).level for hours in (1, 30, 60, 100, 200, 1000, 3000)]
    unknown = triage(report(signs, None, HA), EDITION)
    assert order.index(unknown.level) <= min(order.index(level) for level in known)
    assert unknown.incomplete and any(q.topic == "time" for q in unknown.ask)


def test_without_a_treatment_the_gravest_reading_counts() -> None:
    assert triage(report("swallowing-trouble", 5 * DAY, {}), EDITION).level == E  # it may have been botulinum toxin
    assert triage(report("swelling", 5 * DAY, {}), EDITION).level == R
    assert triage(report("numb-mouth", 2, {}), EDITION).level == E


def test_a_blood_thinner_makes_any_bruise_worth_a_look() -> None:
    assert triage(report("bruise", 12, HA, patient={"blood_thinner": True}), EDITION).level == S
    assert triage(report("bruise", 12, HA, patient={"blood_thinner": False}), EDITION).level == X


def test_linked_cases() -> None:
    alone, linked = (triage(report("lump", 6 * WEEK, HA, similar_cases=n), EDITION) for n in (0, 1))
    assert not alone.outbreak.flag and linked.outbreak.flag and "aside" in linked.outbreak.do[0]
    assert linked.form.reportable and linked.form.similar_cases == 1


def test_a_culture_comes_before_antibiotics() -> None:
    done = triage(report("lump", 6 * WEEK, HA), EDITION)
    first = done.findings[0]
    assert first.record == "lump-from-week-one" and "before antibiotics" in first.do and first.sources and first.grade
