"""A course's dates, computed by hand: month ends, closures, what was given and missed, events, proposed dates."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from time import perf_counter
from typing import Any

import pytest

from nappage.course import WEEKDAYS, Course, Request, plan_course
from nappage.intake import validated
from nappage.knowledge import Decision, load
from nappage.knowledge.edition import fingerprint_of
from nappage.values import InputError

ON = date(2026, 11, 25)
EDITION = load(ON)


def course(**asked: Any) -> Course:
    return plan_course(validated(Request, asked, "course.yaml"), EDITION)


def dates(planned: Course) -> list[str]:
    """Days as "MM-DD", maintenance left out; all of these lie in one year."""
    return [f"{s.date:%m-%d}" for s in planned.sessions if s.phase != "maintenance"]


def own(**regimen: Any) -> dict[str, Any]:
    return {"regimen": regimen}


FACE = {"protocol": "facial-rejuvenation"}
THREE = FACE | {"regimen": "three-every-three-to-four-weeks"}  # the one in force, and no other
CHIN = {"protocol": "submental-fat"}
CLOSED_MARCH = {"closed_dates": ["2026-03-20/2026-04-05"]}  # all of the interval of a second session
PAIN = {"protocol": "musculoskeletal-pain", "regimen": "days-1-4-7-10-13"}
MONDAY = "2026-03-02"

# what is asked | the days, worked out on a calendar
TABLE: dict[str, tuple[dict[str, Any], str]] = {
    # month ends
    "offsets in months count from the anchor: March is 31 again": (
        own(offsets=[0, "1 month", "2 months"]) | {"start": "2026-01-31"}, "01-31 02-28 03-31",
    ),
    "the same in a leap year": (own(offsets=[0, "1 month", "2 months"]) | {"start": "2024-01-31"}, "01-31 02-29 03-31"),
    "an interval of a month counts from the actual session": (
        own(sessions=3, every="1 month") | {"start": "2026-01-31"}, "01-31 02-28 03-28",
    ),
    "deoxycholic acid: a calendar month, clipped": (CHIN | {"start": "2026-01-31", "sessions": 3}, "01-31 02-28 03-28"),
    "deoxycholic acid: 28 days after 1 February": (CHIN | {"start": "2026-02-01", "sessions": 2}, "02-01 03-01"),
    "deoxycholic acid: 31 days after 1 July": (CHIN | {"start": "2026-07-01", "sessions": 2}, "07-01 08-01"),
    "four weeks over a leap day": (own(sessions=3, every="4 weeks") | {"start": "2024-02-01"}, "02-01 02-29 03-28"),
    # the published default
    "three sessions three weeks apart": (FACE | {"start": MONDAY}, "03-02 03-23 04-13"),
    "a regimen chosen by its id": (FACE | {"start": MONDAY, "regimen": "four-monthly"}, "03-02 04-01 05-01 05-31"),
    "a regimen chosen by its source": (FACE | {"start": MONDAY, "regimen": "SAVOIA"}, "03-02 03-17 04-01 04-16"),
    "initial, then taper": (
        {"protocol": "melasma", "regimen": "PURI", "start": MONDAY}, "03-02 03-16 03-30 04-13 05-13 06-12",
    ),
    "a pain course every three days": (PAIN | {"start": MONDAY}, "03-02 03-05 03-08 03-11 03-14"),
    "the number chosen from a range": (
        FACE | {"start": MONDAY, "regimen": "seed-002", "sessions": 5}, "03-02 03-09 03-16 03-23 03-30",
    ),
    "the fewest of a range, unless another number is named": (
        FACE | {"start": MONDAY, "regimen": "seed-002"}, "03-02 03-09 03-16 03-23",
    ),
    # ways of writing
    "a start with its clock time and zone, as in an order": (
        FACE | {"start": "2026-03-02T10:30 Europe/Paris"}, "03-02 03-23 04-13",
    ),
    "with a clock time alone": (FACE | {"start": datetime(2026, 3, 2, 10, 30)}, "03-02 03-23 04-13"),
    "weeks in the plural": (own(sessions=3, every=2, unit="weeks") | {"start": MONDAY}, "03-02 03-16 03-30"),
    "months too": (own(sessions=3, every=1, unit="Months") | {"start": MONDAY}, "03-02 04-02 05-02"),
    "days too": (own(offsets=[0, 14, 28], unit="days") | {"start": MONDAY}, "03-02 03-16 03-30"),
    "a number in quotes counts the unit too": (
        own(sessions=3, every="2", unit="week") | {"start": MONDAY}, "03-02 03-16 03-30",
    ),
    "a unit above the phases is the unit of each": (
        own(unit="weeks", phases=[{"sessions": 2, "every": 2}, {"name": "taper", "sessions": 1, "every": 4}])
        | {"start": MONDAY},
        "03-02 03-16 04-13",
    ),
    "null is absent": (
        FACE
        | {"start": MONDAY, "regimen": None, "given": None, "missed": None, "proposed": None, "sessions": None}
        | {"constraints": {"closed_weekdays": None, "closed_dates": None, "available": None, "events": None}},
        "03-02 03-23 04-13",
    ),
    "in the regimen too": (
        own(sessions=2, every="2 weeks", offsets=None, unit=None, phases=None, if_missed=None)
        | {"start": MONDAY, "constraints": None},
        "03-02 03-16",
    ),
    # closures
    "a closed first day moves, and the rest with it": (
        FACE | {"start": MONDAY, "constraints": {"closed_weekdays": ["monday"]}}, "03-03 03-24 04-14",
    ),
    "two closed days in a row": (
        FACE | {"start": "2026-03-07", "constraints": {"closed_weekdays": ["Sat", "Sundays"]}}, "03-09 03-30 04-20",
    ),
    "an interval counts from the moved session": (
        FACE | {"start": MONDAY, "constraints": {"closed_dates": ["2026-03-23"]}}, "03-02 03-24 04-14",
    ),
    "a closed holiday, first and last day included": (
        FACE | {"start": MONDAY, "constraints": {"closed_dates": ["2026-03-23/2026-03-25"]}}, "03-02 03-26 04-16",
    ),
    "an offset course keeps its days after a moved one": (
        own(offsets=[0, 14, 28]) | {"start": MONDAY, "constraints": {"closed_dates": ["2026-03-16"]}},
        "03-02 03-17 03-30",
    ),
    "unless that would break the minimum of seven days": (
        own(offsets=[0, 7, 14]) | {"start": MONDAY, "constraints": {"closed_dates": ["2026-03-09"]}},
        "03-02 03-10 03-17",
    ),
    "which a course for pain does not have": (
        own(offsets=[0, 7, 14])
        | {"start": MONDAY, "indication": "musculoskeletal-pain", "constraints": {"closed_dates": ["2026-03-09"]}},
        "03-02 03-10 03-16",
    ),
    "nor a medical purpose": (
        own(offsets=[0, 7, 14])
        | {"start": MONDAY, "purpose": "medical", "constraints": {"closed_dates": ["2026-03-09"]}},
        "03-02 03-10 03-16",
    ),
    "cosmetic sessions nearer than seven days are put apart": (
        own(sessions=3, every=5) | {"start": MONDAY}, "03-02 03-09 03-16",
    ),
    "tranexamic acid: never under two weeks": (
        own(sessions=3, every="1 week") | {"start": MONDAY, "ingredients": ["tranexamic acid"]}, "03-02 03-16 03-30",
    ),
    "never two on one day": (
        own(offsets=[0, 1, 2])
        | {"start": MONDAY, "purpose": "medical", "constraints": {"closed_dates": ["2026-03-03", "2026-03-04"]}},
        "03-02 03-05 03-06",
    ),
    "a session waits within its interval, so that the next keeps its own": (
        own(sessions=3, every="3 weeks", max="4 weeks")
        | {"start": MONDAY, "constraints": {"closed_dates": ["2026-04-13/2026-04-24"]}},
        "03-02 03-28 04-25",
    ),
    "so may the first one after those given": (
        own(sessions=3, every="3 weeks", max="4 weeks")
        | {"given": [MONDAY], "constraints": {"closed_dates": ["2026-04-13/2026-04-24"]}},
        "03-28 04-25",
    ),
    # availability, washouts, start
    "only on Tuesdays and Thursdays": (
        FACE | {"start": MONDAY, "constraints": {"available": ["tue", "thursday"]}}, "03-03 03-24 04-14",
    ),
    "only on named dates": (
        FACE | {"start": MONDAY, "constraints": {"available": ["2026-03-04", "2026-03-27/2026-03-28", "2026-04-20"]}},
        "03-04 03-27 04-20",
    ),
    "never before a washout": (
        FACE | {"start": MONDAY, "constraints": {"washouts": [{"earliest": "2026-03-05", "reason": "healing"}]}},
        "03-05 03-26 04-16",
    ),
    "a washout of years is a later start": (
        FACE | {"start": MONDAY, "constraints": {"washouts": [{"earliest": "2031-03-03", "reason": "healing"}]}},
        "03-03 03-24 04-14",
    ),
    # given and missed
    "counted from the session actually given": (FACE | {"given": [MONDAY, "2026-03-25"]}, "04-15"),
    "given in any order": (FACE | {"given": ["2026-03-25", MONDAY]}, "04-15"),
    "given after the start that was named": (FACE | {"start": MONDAY, "given": ["2026-03-23"]}, "04-13 05-04"),
    "offsets count from the first one given": (own(offsets=[0, 14, 28]) | {"given": [MONDAY, "2026-03-18"]}, "03-30"),
    "not before the start that is named": (FACE | {"given": [MONDAY], "start": "2026-03-27"}, "03-27 04-17"),
    "a missed session moves the rest": (FACE | {"given": [MONDAY], "missed": ["2026-03-23"]}, "03-24 04-14"),
    "a missed first one": (FACE | {"start": MONDAY, "missed": [MONDAY]}, "03-03 03-24 04-14"),
    "a missed one moves the rest of the offsets": (
        own(offsets=[0, 14, 28, 42]) | {"given": [MONDAY], "missed": ["2026-03-16"]}, "03-17 03-31 04-14",
    ),
    "as far as it was itself moved": (
        own(offsets=[0, 14, 28, 42]) | {"given": [MONDAY, "2026-03-20"], "missed": ["2026-03-16"]}, "04-03 04-17",
    ),
    "a missed one is dropped where the regimen says so": (
        own(offsets=[0, 14, 28, 42], if_missed="is-dropped") | {"given": [MONDAY], "missed": ["2026-03-16"]},
        "03-30 04-13",
    ),
    "and an interval goes on from its day": (
        own(sessions=4, every="2 weeks", if_missed="is-dropped") | {"given": [MONDAY], "missed": ["2026-03-16"]},
        "03-30 04-13",
    ),
    "no minimum is counted from one that was missed and dropped": (
        own(offsets=[0, 14, 28, 42], min=14, if_missed="is-dropped") | {"given": [MONDAY], "missed": ["2026-03-18"]},
        "03-30 04-13",
    ),
    "all given": (FACE | {"given": [MONDAY, "2026-03-23", "2026-04-13"]}, ""),
    # events
    "after a wedding, where it cannot be two weeks before": (
        FACE | {"start": MONDAY, "constraints": {"events": [{"event": "my wedding", "date": "2026-04-18"}]}},
        "03-02 03-23 04-19",
    ),
    "three weeks after a vaccine": (
        FACE | {"start": MONDAY, "constraints": {"events": [{"event": "vaccination", "date": "2026-03-02"}]}},
        "03-23 04-13 05-04",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_the_days(name: str) -> None:
    asked, expected = TABLE[name]
    assert dates(course(**asked)) == expected.split()


def test_a_protocol_may_drop_what_was_missed() -> None:
    face = EDITION.protocols["facial-rejuvenation"].model_copy(update={"missed": "is-dropped"})
    edition = replace(EDITION, protocols={**EDITION.protocols, face.id: face})
    request = Request.model_validate(FACE | {"given": [MONDAY], "missed": ["2026-03-23"]})
    first = plan_course(request, edition).sessions[0]
    assert (first.number, first.date) == (3, date(2026, 4, 13))


# --- what stands beside the days -----------------------------------------------------------------------------------


def test_the_default_and_its_reason() -> None:
    planned = course(**FACE, start=MONDAY)
    assert planned.verdict == "scheduled"
    assert planned.regimen.position == "three-every-three-to-four-weeks"
    assert planned.regimen.chosen == "default"
    assert planned.regimen.words == "3 sessions, 3–4 weeks apart; then maintenance after 3–5 months"
    assert planned.regimen.because == EDITION.protocols["facial-rejuvenation"].because
    assert {"BASP", "TEO", "HERTZ"} <= {source.ref for source in planned.regimen.sources}
    assert planned.total == 3
    assert len(planned.others) == len(EDITION.protocols["facial-rejuvenation"].positions) - 1
    seed = next(other for other in planned.others if other.position == "seed-001")
    assert seed.line.startswith("SEED001: 6-8 sessions every 2 weeks")
    assert seed.words == "6–8 sessions, 2 weeks apart; then maintenance after 6–12 months"


def test_a_chosen_regimen_names_the_default_beside_it() -> None:
    planned = course(**FACE, start=MONDAY, regimen="BASP")
    assert planned.regimen.position == "three-monthly"  # the one that BASP alone stands behind
    assert planned.regimen.chosen == "named"
    assert "three-every-three-to-four-weeks" in planned.regimen.because


def test_a_clinics_own_choice_gives_the_clinics_reason() -> None:
    decision = Decision(
        record="facial-rejuvenation",
        adopts="three-monthly",
        saw=fingerprint_of(EDITION.protocols["facial-rejuvenation"]),
        reason="our product's trial",
        decided_by="Dr A",
        decided_on=ON,
        review_by=date(2027, 11, 25),
    )
    planned = plan_course(Request.model_validate(FACE | {"start": MONDAY}), load(ON, (decision,)))
    assert planned.regimen.chosen == "clinic" and "our product's trial" in planned.regimen.because
    assert dates(planned) == ["03-02", "04-01", "05-01"]


def test_maintenance_is_one_session_with_a_window_and_a_review_before_it() -> None:
    planned = course(**FACE, start=MONDAY)
    last = planned.sessions[-1]
    assert (last.number, last.phase, last.date, last.latest) == (4, "maintenance", date(2026, 7, 13), date(2026, 9, 13))
    (review,) = planned.reviews
    assert (review.after_session, review.before_session, review.due) == (3, 4, date(2026, 7, 13))
    assert "top-up only if wanted" in review.text


def test_maintenance_goes_on_from_the_last_one_given() -> None:
    planned = course(**FACE, given=[MONDAY, "2026-03-23", "2026-04-13", "2026-07-31"])
    assert [(s.number, s.phase, s.date) for s in planned.sessions] == [(5, "maintenance", date(2026, 10, 31))]
    assert [(r.after_session, r.before_session) for r in planned.reviews] == [(4, 5)]


def test_a_review_stands_between_two_phases() -> None:
    planned = course(protocol="cellulite", start=MONDAY)
    assert [(r.after_session, r.before_session, r.due) for r in planned.reviews] == [(4, 5, date(2026, 3, 30))]
    assert planned.total == 10


def test_a_review_is_due_on_an_open_day_though_no_session_follows() -> None:
    planned = course(protocol="melasma", start=MONDAY, constraints={"closed_dates": ["2026-05-25"]})
    assert [(r.after_session, r.before_session, r.due) for r in planned.reviews] == [(6, None, date(2026, 5, 26))]


def test_what_moved_a_session_is_told_with_its_source() -> None:
    events = [{"event": "flu jab", "date": "2026-03-13"}]
    planned = course(**own(sessions=1), start=MONDAY, constraints={"events": events, "closed_weekdays": ["friday"]})
    (first,) = planned.sessions
    assert planned.verdict == "scheduled-with-notes"
    assert first.date == date(2026, 4, 4)  # 3 April, 21 days after it, is a Friday
    assert first.moved is not None and "flu jab" in first.moved and "closed on Fridays" in first.moved
    assert {reason.record for reason in first.moved_by} == {
        "interval-vaccination-before-session", "interval-vaccination-after-session", None,
    }  # fmt: skip
    assert "VACNZ" in {source.ref for source in first.sources}


def test_the_minimum_that_governs_and_the_others() -> None:
    planned = course(**own(sessions=2, every="1 week"), start=MONDAY, ingredients=["tranexamic acid"])
    assert planned.minimum is not None
    assert (planned.minimum.record, planned.minimum.position) == ("spacing-tranexamic-acid", "two-weeks")
    assert {source.ref for source in planned.minimum.sources} == {"TXARCT21", "IRAJI"}
    assert [other.record for other in planned.other_minimums] == ["spacing-cosmetic-sessions", None]


def test_all_given_leaves_nothing_but_maintenance_and_says_so() -> None:
    given = ["2026-04-13", MONDAY, "2026-03-23"]
    planned = course(**FACE, start=MONDAY, given=given)
    assert planned.verdict == "scheduled-with-notes" and [s.phase for s in planned.sessions] == ["maintenance"]
    assert planned.given == (date(2026, 3, 2), date(2026, 3, 23), date(2026, 4, 13))
    assert "All 3 sessions of the regimen have been given." in planned.notes[0].text
    none = course(**own(offsets=[0, 14, 28]), given=[MONDAY, "2026-03-16", "2026-03-30"])
    assert none.verdict == "scheduled-with-notes" and none.sessions == () and not none.conflicts
    assert none.statement.startswith("No session is left to plan.") and "have been given" in none.notes[0].text


def test_more_given_than_the_regimen_has_is_noted() -> None:
    planned = course(**own(offsets=[0, 14]), given=[MONDAY, "2026-03-16", "2026-03-30"])
    assert planned.verdict == "scheduled-with-notes" and planned.sessions == ()
    assert any("3 sessions have been given; the regimen has 2 sessions." in note.text for note in planned.notes)


def test_a_regimen_of_maintenance_alone_has_no_course_to_finish() -> None:
    planned = course(**own(name="maintenance", every="3 months"), given=["2026-10-31"])
    assert planned.verdict == "scheduled" and [str(s.date) for s in planned.sessions] == ["2027-01-31"]


def test_a_day_that_has_passed_is_noted_unless_the_start_was_named() -> None:
    planned = course(**FACE, given=["2026-10-05"])
    assert dates(planned) == ["10-26", "11-16"]
    told = "Monday 26 October 2026, the day for session 2, has passed; name a `start` to plan from."
    assert [note.text for note in planned.notes] == [told]
    assert not course(**FACE, given=["2026-10-05"], start="2026-10-26").notes


def test_one_session_is_told_as_one() -> None:
    planned = course(**FACE, start=MONDAY, sessions=1)
    assert planned.statement.startswith("1 session planned, on Monday 2 March 2026.")
    assert planned.notes[0].text == "The number asked for is 1 session; the regimen gives 3 sessions."


def test_a_gap_to_a_session_that_was_dropped_is_no_gap() -> None:
    planned = course(**own(offsets=[0, 14, 28], if_missed="is-dropped"), given=[MONDAY], missed=["2026-03-18"])
    assert len(planned.notes) == 2 and "is dropped" in planned.notes[0].text
    assert "has passed" in planned.notes[1].text


def test_given_in_the_future_is_counted_and_noted() -> None:
    planned = course(**FACE, start="2026-12-09", given=["2026-12-30", "2026-12-09"])
    assert [str(s.date) for s in planned.sessions][:1] == ["2027-01-20"]
    assert planned.verdict == "scheduled-with-notes"
    assert any("Wednesday 9 December 2026 still lies ahead" in note.text for note in planned.notes)


# --- as data -------------------------------------------------------------------------------------------------------

OF_EACH_VERDICT: dict[str, tuple[dict[str, Any], str]] = {
    "as it is": (FACE | {"start": MONDAY}, "scheduled"),
    "melasma": ({"protocol": "melasma", "start": MONDAY, "ingredients": ["tranexamic acid"]}, "scheduled"),
    "moved": (FACE | {"start": MONDAY, "constraints": CLOSED_MARCH}, "scheduled-with-notes"),
    "without maintenance": (
        FACE | {"start": MONDAY, "constraints": {"available": [MONDAY, "2026-03-23", "2026-04-13"]}},
        "scheduled-with-notes",
    ),
    "all given": (FACE | {"given": [MONDAY, "2026-03-10", "2026-04-13"]}, "scheduled-with-notes"),
    "accepted": (FACE | {"proposed": [MONDAY, "2026-03-31"]}, "accepted"),
    "too close": (THREE | {"proposed": [MONDAY, "2026-03-09"]}, "refused"),
    "one more": (PAIN | {"proposed": [MONDAY, "03-05", "03-08", "03-11", "03-14", "03-20"]}, "refused"),
    "too near a vaccine": (
        FACE | {"proposed": [MONDAY], "constraints": {"events": [{"event": "flu jab", "date": MONDAY}]}}, "refused",
    ),
    "no day": (FACE | {"start": MONDAY, "constraints": {"available": [MONDAY]}}, "conflict"),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_EACH_VERDICT)
def test_the_json_of_every_verdict(name: str) -> None:
    asked, verdict = OF_EACH_VERDICT[name]
    asked = asked | {"proposed": [d if len(d) > 5 else f"2026-{d}" for d in asked.get("proposed", ())] or None}
    answer = json.loads(course(**asked).model_dump_json())
    assert answer["verdict"] == verdict
    assert isinstance(answer["sessions"], list) and isinstance(answer["conflicts"], list)
    assert bool(answer["conflicts"]) == (verdict in ("refused", "conflict"))
    for session in answer["sessions"]:
        assert date.fromisoformat(session["date"]) and session["phase"] and session["why"]
    said = [answer[key] for key in ("sessions", "conflicts", "notes", "reviews", "others", "other_minimums")]
    for one in [*(one for several in said for one in several), answer["minimum"] or answer["regimen"]]:
        assert one.get("record", one.get("protocol")) and one["position"] and one["sources"], one


def test_more_sessions_than_a_limit_allows_are_a_conflict_with_its_source() -> None:
    spacing = EDITION.values["spacing-deoxycholic-acid"]
    six = spacing.adopted.model_copy(update={"value": 6, "unit": "session"})
    limit = spacing.model_copy(update={"id": "six", "measure": "max-sessions", "positions": (six,)})
    edition = replace(EDITION, values={**EDITION.values, "six": limit})
    for asked in ({"sessions": 7}, {"proposed": [f"2026-0{month}-01" for month in range(1, 8)]}):
        request = Request.model_validate(CHIN | {"start": "2026-01-01", "ingredients": ["deoxycholic-acid"]} | asked)
        answer = plan_course(request, edition)
        assert answer.verdict == ("refused" if "proposed" in asked else "conflict")
        assert "7 sessions are more than the 6" in answer.conflicts[0].what
        assert (answer.conflicts[0].record, answer.conflicts[0].position) == ("six", six.id)


# what is asked | the day of session 2 | what is said of it
WHY = {
    "within the regimen's range, a closed day is told by what moved it": (
        FACE | {"start": MONDAY, "constraints": {"closed_dates": ["2026-03-23"]}},
        "03-24", "3–4 weeks after session 1 (Monday 2 March 2026).",
    ),
    "a minimum": (
        own(sessions=2, every=3) | {"start": MONDAY},
        "03-09", "7 days after session 1 (Monday 2 March 2026) instead of 3 days: at least 7 days between sessions.",
    ),
    "a closed day, past the one day that the regimen gives": (
        own(sessions=2, every="2 weeks") | {"start": MONDAY, "constraints": {"closed_dates": ["2026-03-16"]}},
        "03-17",
        "15 days after session 1 (Monday 2 March 2026) instead of 2 weeks: closed on Monday 16 March 2026.",
    ),
    "past the range": (
        FACE | {"start": MONDAY, "constraints": {"closed_dates": ["2026-03-20/2026-04-05"]}},
        "04-06",
        "35 days after session 1 (Monday 2 March 2026) instead of 3–4 weeks: "
        "closed from Friday 20 March 2026 to Sunday 5 April 2026.",
    ),
    "an offset": (
        own(offsets=[0, 14]) | {"start": MONDAY, "constraints": {"closed_dates": ["2026-03-16"]}},
        "03-17",
        "15 days after the first session (Monday 2 March 2026) instead of 14 days: closed on Monday 16 March 2026.",
    ),
    "an offset and a minimum": (
        own(offsets=[0, 3]) | {"start": MONDAY},
        "03-09",
        "7 days after the first session (Monday 2 March 2026) instead of 3 days: at least 7 days between sessions.",
    ),
    "one that was missed": (
        own(offsets=[0, 14]) | {"given": [MONDAY], "missed": ["2026-03-16"]},
        "03-17",
        "15 days after the first session (Monday 2 March 2026) instead of 14 days: "
        "the session of Monday 16 March 2026 was missed.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WHY)
def test_why_states_the_gap_that_is_and_what_made_it(name: str) -> None:
    asked, day, why = WHY[name]
    second = next(s for s in course(**asked).sessions if s.number == 2)
    assert (f"{second.date:%m-%d}", second.why) == (day, why)
    assert second.moved is not None


def test_offsets_that_slipped_with_a_missed_one_say_so() -> None:
    planned = course(**own(offsets=[0, 14, 28]), given=[MONDAY], missed=["2026-03-16"])
    third = planned.sessions[-1]
    assert third.date == date(2026, 3, 31)
    assert third.why == (
        "29 days after the first session (Monday 2 March 2026) instead of 28 days: "
        "1 day later with the session that was missed."
    )


def test_of_many_reasons_the_first_are_told_and_all_are_data() -> None:
    closed = [f"2026-03-{day}" for day in range(16, 28)]
    second = course(**own(sessions=2, every="2 weeks"), start=MONDAY, constraints={"closed_dates": closed}).sessions[1]
    assert second.why.endswith("closed on Wednesday 18 March 2026; and 9 more.")
    assert len(second.moved_by) == 12


def test_maintenance_moved_states_its_gap() -> None:
    planned = course(**FACE, start=MONDAY, constraints={"closed_dates": ["2026-07-10/2026-09-20"]})
    assert planned.sessions[-1].why == (
        "Maintenance 161 days after session 3 (Monday 13 April 2026) instead of 3–5 months, only if the review before "
        "it finds reason for it: closed from Friday 10 July 2026 to Sunday 20 September 2026."
    )


def test_a_number_outside_the_published_range_is_kept_and_noted() -> None:
    planned = course(**FACE, start=MONDAY, sessions=5)
    assert dates(planned) == ["03-02", "03-23", "04-13", "05-04", "05-25"]
    assert planned.verdict == "scheduled-with-notes"
    assert any(
        "The number asked for is 5 sessions; the regimen gives 3 sessions" in note.text for note in planned.notes
    )


def test_a_gap_that_a_missed_session_made_is_noted_not_refused() -> None:
    planned = course(**FACE, given=[MONDAY], missed=["2026-04-20"])
    assert planned.verdict == "scheduled-with-notes"
    assert any(
        "50 days after session 1, 22 days more than the regimen's 4 weeks" in note.text for note in planned.notes
    )


def test_given_sessions_that_came_too_close_are_noted() -> None:
    planned = course(**FACE, given=[MONDAY, "2026-03-10"])
    assert any("are 8 days apart; the least is 3 weeks" in note.text for note in planned.notes)


def test_offsets_nearer_than_the_regimen_ever_has_them_are_noted() -> None:
    planned = course(**PAIN, start=MONDAY, constraints={"closed_weekdays": ["saturday", "sunday"]})
    assert dates(planned) == ["03-02", "03-05", "03-09", "03-11", "03-16"]
    (note,) = planned.notes
    assert "Session 4 is 2 days after session 3; the days of this regimen are never less than 3 days" in note.text
    assert [source.ref for source in note.sources] == ["COST2011"]


def test_late_maintenance_is_noted_never_a_conflict() -> None:
    own_course = own(phases=[{"sessions": 1}, {"name": "maintenance", "every": "3 months", "max": "5 months"}])
    asked = own_course | {"start": MONDAY, "constraints": {"closed_dates": ["2026-06-01/2026-08-31"]}}
    planned = course(**asked)
    assert [s.date for s in planned.sessions] == [date(2026, 3, 2), date(2026, 9, 1)]
    assert (
        planned.verdict == "scheduled-with-notes"
        and "30 days later than the regimen's 5 months" in planned.notes[-1].text
    )
    assert course(**asked, proposed=[s.date for s in planned.sessions]).verdict == "accepted"


def test_maintenance_that_finds_no_day_is_a_note_and_its_review_stays() -> None:
    offered = [MONDAY, "2026-03-24", "2026-04-14"]
    planned = course(**FACE, start=MONDAY, constraints={"available": offered})
    assert planned.verdict == "scheduled-with-notes" and not planned.conflicts
    assert [str(s.date) for s in planned.sessions] == offered
    (note,) = planned.notes
    assert "No day was found for maintenance session 4 from Tuesday 14 July 2026 on" in note.text
    assert "cannot come" in note.text and note.record == "facial-rejuvenation" and note.sources
    assert [(r.before_session, r.due) for r in planned.reviews] == [(4, date(2026, 7, 14))]
    assert course(**FACE, start=MONDAY, constraints={"available": offered}, proposed=offered).verdict == "accepted"


def test_a_washout_years_away_or_an_own_maximum_does_not_make_maintenance_a_conflict() -> None:
    phases = [{"sessions": 1}, {"name": "maintenance", "sessions": 2, "every": "3 months", "max": "5 months"}]
    planned = course(**own(phases=phases), start=MONDAY, constraints={"available": [MONDAY, "2026-06-02"]})
    assert [str(s.date) for s in planned.sessions] == [MONDAY, "2026-06-02"]
    assert planned.verdict == "scheduled-with-notes" and "maintenance session 3" in planned.notes[-1].text


def test_the_gap_is_counted_from_a_session_that_took_place() -> None:
    regimen = own(sessions=4, every="2 weeks", if_missed="is-dropped")
    planned = course(**regimen, given=[MONDAY], missed=["2026-03-16"])
    assert [s.gap_days for s in planned.sessions] == [28, 14]


def test_a_language_that_is_not_there_falls_back_visibly() -> None:
    planned = plan_course(Request.model_validate(FACE | {"start": MONDAY}), EDITION, "fr")
    assert planned.sessions[0].why.startswith("[en] ")


def test_a_request_and_its_course_survive_json() -> None:
    request = validated(Request, FACE | {"start": MONDAY, "constraints": {
        "closed_dates": ["2026-03-23/2026-03-25", "2026-04-14"], "available": ["mon", "tue", "2026-03-26"],
        "events": [{"event": "laser", "date": "2026-09-01"}],
    }}, "course.yaml")  # fmt: skip
    assert Request.model_validate_json(request.model_dump_json()) == request
    regimen = Request.model_validate(own(offsets=[0, "2 weeks", "1 month"]) | {"start": MONDAY})
    assert Request.model_validate_json(regimen.model_dump_json()) == regimen
    planned = plan_course(request, EDITION)
    assert Course.model_validate_json(planned.model_dump_json()) == planned
    assert Request.model_json_schema()["properties"]["start"]


# --- events: a day either side -------------------------------------------------------------------------------------

# event on 15 June 2026 | accepted | refused
EVENTS = {
    "vaccination": ("06-01 07-06", "06-02 06-15 07-05"),  # 14 days before it, 21 after
    "flu jab": ("06-01 07-06", "06-02 06-15 07-05"),
    "wedding": ("06-01 06-16", "06-02 06-14 06-15"),  # a bruise
    "something nobody knows": ("06-01 06-16", "06-02 06-15"),
    "laser": ("06-01 07-27", "06-02 06-15 07-26"),  # 14 and 42
    "fractional laser": ("05-18 07-27", "05-19 07-26"),  # 28: the stricter of two records
    "botulinum toxin": ("06-01 06-29", "06-02 06-28"),
    "lip filler": ("06-01 06-29", "06-02 06-28"),
    "deep peel": ("06-01 07-15", "06-02 07-14"),  # 30 after a deep one
    "dental procedure": ("06-01 06-29", "06-02 06-28"),
    "tattoo": ("06-14 09-14", "06-15 09-13"),  # only after it
    "sauna": ("06-13 06-16", "06-14 06-15"),
    "marathon": ("06-13 06-16", "06-14 06-15"),
    "swimming": ("06-08 06-16", "06-09 06-15"),
    "beach holiday": ("06-13 06-16", "06-14 06-15"),
    "nothing planned": ("06-15", ""),
    "blood test": ("06-15", ""),
}


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_keeps_its_distance(event: str) -> None:
    accepted, refused = EVENTS[event]
    for day in (*accepted.split(), *refused.split()):
        constraints = {"events": [{"event": event, "date": "2026-06-15"}]}
        checked = course(**own(sessions=1), proposed=[f"2026-{day}"], constraints=constraints)
        assert (checked.verdict, day) == ("accepted" if day in accepted else "refused", day)
        if checked.conflicts:
            (conflict, *_) = checked.conflicts
            gap = abs((date(2026, 6, 15) - checked.sessions[0].date).days)
            assert conflict.gap_days == gap and date(2026, 6, 15) in (conflict.pair or ())
            assert conflict.record and conflict.sources
            assert conflict.nearest is not None


def test_an_event_elsewhere_moves_nothing_unless_it_concerns_the_whole_person() -> None:
    def planned(event: str, area: str) -> Course:
        events = [{"event": event, "date": MONDAY, "area": area}]
        return course(**FACE, start=MONDAY, areas=["cheek"], constraints={"events": events})

    assert planned("laser", "abdomen").sessions[0].date == date(2026, 3, 2)
    assert any("another area" in note.text for note in planned("laser", "abdomen").notes)
    assert planned("laser", "forehead").sessions[0].date == date(2026, 4, 13)
    assert planned("flu jab", "abdomen").sessions[0].date == date(2026, 3, 23)


# --- proposed dates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        (FACE, [MONDAY, "2026-03-23", "2026-04-13"]),
        (FACE, [MONDAY, "2026-03-30", "2026-04-27"]),  # 28 days: the longest
        (FACE, ["2026-04-13", MONDAY, "2026-03-23"]),  # in any order
        (FACE | {"given": [MONDAY]}, ["2026-03-23"]),
        (CHIN, ["2026-01-31", "2026-02-28", "2026-03-28"]),
        (CHIN, ["2026-07-01", "2026-08-01"]),
        (PAIN, [MONDAY, "2026-03-05", "2026-03-08", "2026-03-11", "2026-03-14"]),
        (FACE | {"regimen": "seed-002"}, [MONDAY, "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"]),
    ],
)
def test_accepted(asked: dict[str, Any], days: list[str]) -> None:
    checked = course(**asked, proposed=days)
    assert checked.verdict == "accepted" and not checked.conflicts


# asked | proposed | the pair that offends, its gap | the nearest day
REFUSED = {
    "a day too close": (THREE, "03-02 03-22 04-13", "03-02 03-22", 20, "03-23"),
    "too close to one given": (THREE | {"given": [MONDAY]}, "03-22", "03-02 03-22", 20, "03-23"),
    "28 days are no month": (CHIN, "07-01 07-29", "07-01 07-29", 28, "08-01"),
    "30 days are no month": (CHIN, "07-01 07-31", "07-01 07-31", 30, "08-01"),
    "a day doubled": (FACE, "03-02 03-02", "03-02 03-02", 0, "03-23"),
    "the day of one given": (FACE | {"given": [MONDAY]}, "03-02", "03-02 03-02", 0, "03-23"),
    "before one given": (FACE | {"given": ["2026-03-23"]}, "03-02", "03-02 03-23", 21, "04-13"),
    "beyond a maximum of one's own": (
        own(sessions=2, every="3 weeks", max="4 weeks"), "03-02 03-31", "03-02 03-31", 29, "03-30",
    ),
    "a minimum of one's own": (
        own(sessions=2, every="3 weeks", min="2 weeks", max="4 weeks"), "03-02 03-15", "03-02 03-15", 13, "03-16",
    ),
    "cosmetic sessions within a week": (own(offsets=[0, 5]), "03-02 03-08", "03-02 03-08", 6, "03-09"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_the_pair_and_the_gap(name: str) -> None:
    asked, proposed, pair, gap, nearest = REFUSED[name]
    checked = course(**asked, proposed=[f"2026-{day}" for day in proposed.split()])
    assert checked.verdict == "refused"
    conflict = checked.conflicts[0]
    assert conflict.pair is not None
    assert [f"{day:%m-%d}" for day in conflict.pair] == pair.split()
    assert conflict.gap_days == gap
    assert conflict.nearest is not None and f"{conflict.nearest:%m-%d}" == nearest
    assert conflict.what and conflict.way_out


@pytest.mark.parametrize(
    ("constraints", "word", "nearest"),
    [
        ({"closed_weekdays": ["monday"]}, "closed on Mondays", "03-03"),
        ({"closed_dates": [MONDAY]}, "closed on Monday 2 March", "03-03"),
        ({"available": ["tuesday"]}, "cannot come", "03-03"),
        ({"washouts": [{"earliest": "2026-03-05", "reason": "a wound must heal"}]}, "a wound must heal", "03-05"),
    ],
)
def test_refused_for_the_calendar(constraints: dict[str, Any], word: str, nearest: str) -> None:
    checked = course(**own(sessions=1), proposed=[MONDAY], constraints=constraints)
    (conflict,) = checked.conflicts
    assert checked.verdict == "refused" and word in conflict.what
    assert conflict.nearest is not None and f"{conflict.nearest:%m-%d}" == nearest


def test_refused_before_the_start_after_a_miss_and_beyond_the_last() -> None:
    before = course(**FACE, start=MONDAY, proposed=["2026-03-01"])
    assert before.verdict == "refused" and before.conflicts[0].nearest == date(2026, 3, 2)
    missed = course(**FACE, given=[MONDAY], missed=["2026-03-25"], proposed=["2026-03-24"])
    assert missed.verdict == "refused" and missed.conflicts[0].nearest == date(2026, 3, 26)
    extra = course(**own(sessions=1), proposed=[MONDAY, "2026-04-02"])
    assert extra.verdict == "refused" and "one session more" in extra.conflicts[0].what


def test_a_day_proposed_before_one_given_is_told_without_a_negative_gap() -> None:
    (session,) = course(**FACE, given=["2026-03-23"], proposed=[MONDAY]).sessions
    assert session.why == "Proposed; 21 days before session 1 (Monday 23 March 2026)." and session.gap_days is None


def test_a_proposed_day_beside_one_missed_and_dropped() -> None:
    regimen = own(sessions=4, every="3 weeks", if_missed="is-dropped")
    asked = regimen | {"given": [MONDAY], "missed": ["2026-03-16"]}
    (close,) = course(**asked, proposed=["2026-03-20"]).conflicts
    assert (close.pair, close.gap_days) == ((date(2026, 3, 2), date(2026, 3, 20)), 18)
    (same,) = course(**asked, proposed=["2026-03-16"]).conflicts
    assert "is not after Monday 16 March 2026, the day of the session that was missed" in same.what
    assert course(**asked, proposed=["2026-03-23"]).verdict == "accepted"


def test_beyond_a_published_interval_is_accepted_with_a_note() -> None:
    checked = course(**FACE, proposed=[MONDAY, "2026-03-31"])
    assert checked.verdict == "accepted"
    assert any("29 days after session 1, 1 day more than the regimen's 4 weeks" in note.text for note in checked.notes)
    assert any("1 of the regimen still have no day" in note.text for note in checked.notes)


def test_a_fourth_session_is_maintenance_and_has_its_own_interval() -> None:
    days = [MONDAY, "2026-03-23", "2026-04-13"]
    assert course(**THREE, proposed=[*days, "2026-05-04"]).verdict == "refused"
    assert course(**THREE, proposed=[*days, "2026-07-13"]).verdict == "accepted"


@pytest.mark.parametrize(
    ("proposed", "position"),
    [
        ("03-02 03-22 04-13", "three-every-two-to-three-weeks"),  # 20 and 22 days
        ("03-02 03-09 03-16", "seed-002"),  # weekly
        ("03-02 03-23 04-01", None),  # 21 and 9 days are nobody's rhythm
        ("03-02 03-05 03-08", None),  # and three days are no rhythm for a face
        ("03-02 03-09 05-11", None),
    ],
)
def test_dates_of_another_published_regimen_stand_and_say_whose_they_are(proposed: str, position: str | None) -> None:
    days = [f"2026-{day}" for day in proposed.split()]
    checked = course(**FACE, proposed=days)
    assert (checked.verdict, checked.regimen.position) == (
        ("refused", "three-every-three-to-four-weeks") if position is None else ("accepted", position)
    )
    assert (position is not None) == any("another published regimen" in note.text for note in checked.notes)
    assert course(**THREE, proposed=days).verdict == "refused"


# --- conflicts -----------------------------------------------------------------------------------------------------


def test_never_open() -> None:
    every = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    planned = course(**FACE, start=MONDAY, constraints={"closed_weekdays": every})
    assert planned.verdict == "conflict" and planned.sessions == ()
    (conflict,) = planned.conflicts
    assert "every day of the week" in conflict.what and conflict.nearest == date(2026, 3, 2)


def test_the_days_on_which_the_patient_can_come_run_out() -> None:
    planned = course(**FACE, start=MONDAY, constraints={"available": [MONDAY, "2026-03-10"]})
    (conflict,) = planned.conflicts
    assert planned.verdict == "conflict" and dates(planned) == ["03-02"]
    assert (conflict.session, conflict.nearest) == (2, date(2026, 3, 23))
    assert "from Monday 23 March 2026 to Monday 30 March 2026" in conflict.way_out
    assert course(**FACE, start=MONDAY, constraints={"available": []}).verdict == "conflict"


def test_only_days_too_near_an_event() -> None:
    events = [{"event": "wedding", "date": "2026-03-14"}]
    planned = course(**FACE, start=MONDAY, constraints={"available": [MONDAY, "2026-03-13"], "events": events})
    (conflict,) = planned.conflicts
    assert planned.verdict == "conflict" and "wedding" in conflict.what


def test_closures_longer_than_a_longest_interval_of_ones_own_are_a_conflict() -> None:
    asked = own(sessions=3, every="3 weeks", max="4 weeks")
    planned = course(**asked, start=MONDAY, constraints=CLOSED_MARCH)
    (conflict,) = planned.conflicts
    assert planned.verdict == "conflict" and dates(planned) == ["03-02"]
    assert conflict.pair == (date(2026, 3, 2), date(2026, 4, 6)) and conflict.gap_days == 35
    assert conflict.nearest == date(2026, 4, 6)
    assert "begin on Monday 9 March 2026" in conflict.way_out  # 28 days before 6 April
    again = course(**asked, start="2026-03-09", constraints=CLOSED_MARCH)
    assert dates(again) == ["03-09", "04-06", "04-27"]


def test_closures_longer_than_a_published_interval_move_the_session_and_the_excess_is_noted() -> None:
    planned = course(**FACE, start=MONDAY, constraints=CLOSED_MARCH)
    assert planned.verdict == "scheduled-with-notes" and not planned.conflicts
    assert dates(planned) == ["03-02", "04-06", "04-27"]
    start, excess = planned.notes
    assert "begin on Monday 9 March 2026" in start.text
    assert "Session 2 is 35 days after session 1, 7 days more than the regimen's 4 weeks" in excess.text
    for note in planned.notes:
        assert (note.record, note.position) == ("facial-rejuvenation", "three-every-three-to-four-weeks")
        assert note.sources
    proposed = [session.date for session in planned.sessions]
    assert course(**FACE, start=MONDAY, constraints=CLOSED_MARCH, proposed=proposed).verdict == "accepted"
    assert dates(course(**FACE, start="2026-03-09", constraints=CLOSED_MARCH)) == ["03-09", "04-06", "04-27"]


def test_so_does_a_vaccine() -> None:
    events = [{"event": "vaccination", "date": "2026-03-28"}]  # bars 15 March to 17 April
    planned = course(**FACE, start=MONDAY, constraints={"events": events})
    assert planned.verdict == "scheduled-with-notes" and dates(planned) == ["03-02", "04-18", "05-09"]
    assert "47 days after session 1, 19 days more than the regimen's 4 weeks" in planned.notes[-1].text
    assert "vaccination" in (planned.sessions[1].moved or "")


def test_a_published_interval_is_kept_by_waiting_where_that_helps() -> None:
    closed = {"closed_dates": ["2026-04-13/2026-04-24"]}
    planned = course(**FACE, start=MONDAY, constraints=closed)
    assert dates(planned) == ["03-02", "03-28", "04-25"] and not planned.notes
    # a day more, and session 3 fits no longer with any day for session 2: waiting would be of no use
    closed = {"closed_dates": ["2026-03-30", "2026-04-13/2026-04-26"]}
    planned = course(**FACE, start=MONDAY, constraints=closed)
    assert dates(planned) == ["03-02", "03-23", "04-27"]
    assert "Session 3 is 35 days after session 2, 7 days more" in planned.notes[-1].text


def test_a_session_past_its_published_interval_waits_for_no_other() -> None:
    events = [{"event": "wedding", "date": str(date(2026, 3, 2) + timedelta(days=17 * n))} for n in range(20)]
    planned = course(**FACE, start=MONDAY, constraints={"events": events})
    # Of each 17 days the event bars 14, so a session is never more than 14 days late.
    assert planned.verdict == "scheduled-with-notes"
    assert all(s.gap_days is None or s.gap_days <= 21 + 14 for s in planned.sessions if s.phase != "maintenance")


def test_a_published_interval_is_not_kept_at_the_price_of_one_that_has_no_longest() -> None:
    parts = EDITION.protocols["melasma"].positions[0]
    first, last = (parts.phases[0].model_copy(update=u) for u in (
        {"name": "initial", "sessions": 2, "every": 2, "unit": "week", "at_most": None, "offsets_days": ()},
        {"name": "taper", "sessions": 1, "every": 3, "unit": "week", "at_most": 4, "offsets_days": ()},
    ))  # fmt: skip
    position = parts.model_copy(update={"phases": (first, last)})
    protocol = EDITION.protocols["melasma"].model_copy(update={"positions": (position,), "adopts": position.id})
    edition = replace(EDITION, protocols={**EDITION.protocols, "melasma": protocol})
    closed = {"closed_dates": ["2026-04-01/2026-07-31"]}
    planned = plan_course(
        Request.model_validate({"protocol": "melasma", "start": MONDAY, "constraints": closed}), edition
    )
    assert [f"{s.date:%m-%d}" for s in planned.sessions] == ["03-02", "03-16", "08-01"]
    assert planned.verdict == "scheduled-with-notes"


def test_another_beginning_is_offered_only_within_half_a_year() -> None:
    closed = {"closed_dates": ["2026-03-16/2028-09-30"]}
    planned = course(**FACE, start=MONDAY, constraints=closed)
    assert [str(s.date) for s in planned.sessions][:2] == [MONDAY, "2028-10-01"]
    assert not [note for note in planned.notes if "begin on" in note.text]


def test_a_thousand_closed_days_are_read_in_no_time() -> None:
    closed = [str(date(2026, 3, 20) + timedelta(days=n)) for n in range(1000)]
    began = perf_counter()
    course(**FACE, start=MONDAY, constraints={"closed_dates": closed})
    assert perf_counter() - began < 3  # some 16 s when each day was read anew for each beginning


def test_the_conflict_is_the_session_that_no_waiting_brings_into_its_interval() -> None:
    closed = ["2026-04-13/2026-04-24", "2026-05-10/2026-07-01"]  # the first is met by waiting, the second cannot be
    planned = course(
        **own(sessions=5, every="3 weeks", max="4 weeks"), start=MONDAY, constraints={"closed_dates": closed}
    )
    (conflict,) = planned.conflicts
    assert (conflict.session, conflict.nearest) == (4, date(2026, 7, 2))
    assert dates(planned) == ["03-02", "03-28", "04-25"]


def test_the_way_out_is_a_day_that_is_possible() -> None:
    # The patient's only weekday is the clinic's closed one.
    planned = course(**FACE, start=MONDAY, constraints={"available": ["monday"], "closed_weekdays": ["monday"]})
    (conflict,) = planned.conflicts
    assert conflict.nearest == date(2026, 3, 3) and "Tuesday 3 March 2026" in conflict.way_out
    # Closed every weekday, and a vaccine on the day asked for.
    every, events = list(WEEKDAYS), [{"event": "vaccination", "date": MONDAY}]
    planned = course(**FACE, start=MONDAY, constraints={"closed_weekdays": every, "events": events})
    assert planned.conflicts[0].nearest == date(2026, 3, 23)
    assert "Monday 23 March 2026" in planned.conflicts[0].way_out
    # A longest interval of one's own: what the conflict offers is then accepted.
    asked = own(sessions=2, every="3 weeks", max="4 weeks")
    (conflict,) = course(**asked, start=MONDAY, constraints=CLOSED_MARCH).conflicts
    assert "a 'max' of 35 days allows it" in conflict.way_out
    longer = own(sessions=2, every="3 weeks", max="35 days")
    assert dates(course(**longer, start=MONDAY, constraints=CLOSED_MARCH)) == ["03-02", "04-06"]


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"protocol": "facelift", "start": MONDAY}, "no protocol is called 'facelift'"),
        (FACE | {"regimen": "nobody", "start": MONDAY}, "no regimen called 'nobody'"),
        (FACE | {"regimen": "SEED000", "start": MONDAY}, "several regimens"),
        ({"start": MONDAY}, "name a 'protocol'"),
        ({"regimen": "SEED001", "start": MONDAY}, "name a 'protocol'"),
        (FACE | own(sessions=3, every="1 week") | {"start": MONDAY}, "give one"),
        (FACE, "count from"),
        (FACE | {"start": "2026-02-30"}, "'2026-02-30' is not a date"),
        (FACE | {"start": "soon"}, "'soon' is not a date"),
        (FACE | {"start": 20260302}, "is not a date"),
        (FACE | {"start": MONDAY, "proposed": []}, "'proposed' is empty"),
        (
            own(phases=[{"name": "maintenance", "every": "3 months"}, {"sessions": 2, "every": 14}])
            | {"start": MONDAY},
            "maintenance comes after",
        ),
        (FACE | {"start": "2026-03-02T23:30Z"}, "has an offset"),
        (FACE | {"start": "2026-03-02T23:30+01:00"}, "has an offset"),
        (FACE | {"start": datetime(2026, 3, 2, 23, 30, tzinfo=timezone(timedelta(hours=1)))}, "has an offset"),
        (FACE | {"start": "2026-03-02T25:30 Europe/Paris"}, "a day has no 25:30"),
        (FACE | {"start": "2026-03-02T10:30 Europe/Atlantis"}, "'Europe/Atlantis' is not an IANA time zone"),
        (own(sessions=3, every=2, unit="fortnights") | {"start": MONDAY}, "'fortnights' is not a unit of time"),
        (own(every=3, phases=[{"sessions": 2, "every": 7}]) | {"start": MONDAY}, "not both"),
        (own(min=3, phases=[{"sessions": 2, "every": 7}]) | {"start": MONDAY}, "not both"),
        (own(sessions=2, every={"count": -1, "unit": "week"}) | {"start": MONDAY}, "0 or more"),
        (FACE | {"start": "0026-03-02"}, "not a year"),
        (FACE | {"start": MONDAY, "sessions": -3}, "given: -3"),
        (FACE | {"start": MONDAY, "sessions": 2.5}, "given: 2.5"),
        (FACE | {"start": MONDAY, "given": [MONDAY, MONDAY]}, "stands twice"),
        (FACE | {"given": [MONDAY], "missed": [MONDAY]}, "'given' and in 'missed'"),
        (FACE | {"start": MONDAY, "constraints": {"closed_weekdays": ["someday"]}}, "not a day of the week"),
        (FACE | {"start": MONDAY, "constraints": {"closed_dates": ["2026-04-02/2026-04-01"]}}, "lies before"),
        (FACE | {"start": MONDAY, "constraints": {"events": [{"event": "wedding"}]}}, "missing"),
        (FACE | {"start": MONDAY, "constraint": {}}, "not a key"),
        (own(sessions=-1, every="1 week") | {"start": MONDAY}, "-1 is not a number of sessions"),
        (own(sessions=[6, 4], every="1 week") | {"start": MONDAY}, "upside down"),
        (own(sessions=3, every="-1 week") | {"start": MONDAY}, "negative"),
        (own(sessions=3, every="1 moon") | {"start": MONDAY}, "not a length of time"),
        (own(sessions=3, every=0) | {"start": MONDAY}, "never stand on one day"),
        (own(sessions=3, every="3 weeks", min="4 weeks") | {"start": MONDAY}, "'min' is longer than 'every'"),
        (own(offsets=[7, 14]) | {"start": MONDAY}, "the first offset is 0"),
        (own(offsets=[0, 14, 14]) | {"start": MONDAY}, "does not lie after"),
        (own(offsets=[0, 7], sessions=2) | {"start": MONDAY}, "already say how many"),
        (own() | {"start": MONDAY}, "either 'sessions' with 'every', or 'offsets'"),
        (own(offsets=[0, 7]) | {"start": MONDAY, "sessions": 3}, "this regimen has 2 days"),
    ],
)
def test_bad_input_is_a_sentence(asked: dict[str, Any], wrong: str) -> None:
    with pytest.raises(InputError) as caught:
        course(**asked)
    assert wrong in caught.value.wrong
    assert caught.value.place and caught.value.remedy


def test_what_is_unknown_lists_what_is_known() -> None:
    with pytest.raises(InputError) as caught:
        course(protocol="facelift", start=MONDAY)
    assert "facial-rejuvenation" in caught.value.remedy and "melasma" in caught.value.remedy
    with pytest.raises(InputError) as caught:
        course(**FACE, regimen="nobody", start=MONDAY)
    assert "seed-001 (6–8 sessions, 2 weeks apart" in caught.value.remedy


@pytest.mark.parametrize("protocol", EDITION.protocols)
def test_every_published_regimen_can_be_planned_and_its_days_are_accepted(protocol: str) -> None:
    for position in EDITION.protocols[protocol].positions:
        asked = {"protocol": protocol, "regimen": position.id, "start": "2026-01-31"}
        planned = course(**asked)
        assert planned.verdict in ("scheduled", "scheduled-with-notes"), position.id
        assert planned.regimen.sources and planned.sessions
        assert course(**asked, proposed=[s.date for s in planned.sessions]).verdict == "accepted", position.id
