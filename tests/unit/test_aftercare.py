"""The patient's sheet: this session's clock times, lines by treatment, alarms, nothing invented."""

from __future__ import annotations

from datetime import date

import pytest

from nappage.aftercare import Treatment, advise
from nappage.knowledge import load

EDITION = load(date(2026, 11, 25))


def sheet(**given):
    return advise(Treatment(**{"start": date(2026, 3, 27), "areas": ("face",), **given}), EDITION)


def line(lines, wanted: str):
    return next(one for one in lines if one.id == wanted)


def test_a_timed_line_counts_from_the_end_of_the_visit() -> None:
    # Friday 27 March 2026, 10:30 for 30 minutes; 48 hours later the clocks have gone forward: 12:00, not 11:00.
    timed = sheet(time="10:30", zone="Europe/Paris", minutes=30)
    alcohol = line(timed.after, "after-alcohol")
    hours = alcohol.hours
    assert hours is not None
    expected = {24.0: "2026-03-28T11:00:00+01:00", 48.0: "2026-03-29T12:00:00+02:00", 72.0: "2026-03-30T12:00:00+02:00"}
    assert alcohol.until_time == expected[hours]


def test_a_date_alone_never_gets_an_hour() -> None:
    dated = sheet()
    for one in (*dated.before, *dated.after):
        assert one.until_time is None and one.from_time is None
    alcohol = line(dated.after, "after-alcohol")
    assert "hours after your session" in alcohol.text
    assert ":" not in alcohol.text.replace(": ", "")


def test_a_time_without_a_zone_is_no_time() -> None:
    assert line(sheet(time="10:30").after, "after-alcohol").until_time is None


def test_lines_follow_the_treatment() -> None:
    plain = sheet(ingredients=("ascorbic-acid",), technique="papule")
    gel = sheet(products=("ha-gel",), ingredients=("hyaluronic-acid",), technique="hydrolifting")
    ids = {one.id for one in plain.after}, {one.id for one in gel.after}
    assert "after-swimming-gel" in ids[1] - ids[0]
    fat = sheet(ingredients=("deoxycholic-acid", "fat-dissolving"), areas=("submental",))
    assert "after-devices-fat" in {one.id for one in fat.after}
    assert "after-devices-fat" not in ids[0]


def test_what_cannot_be_judged_is_kept() -> None:
    unknown = {one.id for one in advise(Treatment(start=date(2026, 3, 27), areas=("face",)), EDITION).after}
    assert {one.id for one in sheet(technique="papule", ingredients=("ascorbic-acid",)).after} <= unknown
    assert "after-alcohol" in unknown


def test_of_two_lines_on_one_topic_the_longer_governs() -> None:
    gel = sheet(products=("ha-gel",), ingredients=("hyaluronic-acid",), technique="hydrolifting")
    governed = [one for one in gel.after if one.governed_by]
    for one in governed:
        longer = line(gel.after, one.governed_by)
        assert longer.topic == one.topic
        assert (longer.hours or 0) > (one.hours or 0)
    assert governed


def test_alarms_are_preparation_steps_and_never_about_prescribed_medicines() -> None:
    alarms = sheet().alarms
    assert alarms
    for alarm in alarms:
        assert EDITION.advice[alarm.line].phase == "before"
        assert not EDITION.advice[alarm.line].prescribed
    hours = [alarm.hours_before for alarm in alarms]
    assert hours == sorted(hours, reverse=True)


def test_every_line_has_a_source_and_warnings_run_from_the_gravest() -> None:
    whole = sheet()
    for one in (*whole.before, *whole.after, *whole.normal):
        assert one.sources, one.id
    levels = [warning.level for warning in whole.warnings]
    assert levels == [level for level in ("emergency", "same-day-review", "routine-review") if level in levels]
    assert "emergency" in levels


def test_a_missing_translation_falls_back_visibly() -> None:
    french = advise(Treatment(start=date(2026, 3, 27)), EDITION, "fr")
    assert french.after[0].text.startswith("[en] ")
    assert french.contact.startswith("[en] ")


@pytest.mark.parametrize("sex", [None, "female", "male"])
def test_the_sheet_is_whole_for_everyone(sex: str | None) -> None:
    whole = sheet(sex=sex)
    assert whole.before and whole.during and whole.after and whole.normal and whole.warnings and whole.contact
