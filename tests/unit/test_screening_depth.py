"""Screening in depth: what meets the order and the visit, and what a second session must ask again.

Each table was written from the sources first: what is given, and what a careful clinician would expect of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nappage.cli import main
from nappage.intake import Answers, read
from nappage.knowledge import Edition, load
from nappage.screening import Screening, changes, screen, told
from nappage.values import InputError

ON = date(2026, 3, 2)
ORDER: dict[str, Any] = {
    "indication": "facial-rejuvenation",
    "areas": ["face"],
    "technique": "nappage",
    "products": ["nctf-135-ha"],
    "planned_start": ON.isoformat(),
}
WOMAN: dict[str, Any] = {
    "patient": {"age": 38, "sex": "female", "pregnancy": "no", "breastfeeding": False, "weight_kg": 64},
    "history_complete": True,
}


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load(ON)


def screened(edition: Edition, order: dict[str, Any] | None = None, on: date = ON, **told: Any) -> Screening:
    """A healthy woman for a plain facial session, with what `told` and `order` change."""
    patient = {**WOMAN["patient"], **told.pop("patient", {})}
    content = {**WOMAN, **told, "patient": patient, "order": {**ORDER, **(order or {})}}
    return screen(read(Answers.model_validate(content), edition, on), edition)


def says(screening: Screening, rule: str) -> str | None:
    """The severity with which a rule fired, *ask* where it waits for an answer or the order, else None."""
    for finding in screening.findings:
        if finding.rule == rule:
            return finding.severity
    waiting = {r for q in screening.open_questions for r in q.rules} | {q.rule for q in screening.order_questions}
    return "ask" if rule in waiting else None


# --- from session to session -----------------------------------------------------------------------------------------


def test_answers_of_the_day_are_complete(edition: Edition) -> None:
    screening = screened(edition, answered_on=ON)
    assert screening.verdict == "clear" and not screening.incomplete


def test_without_a_day_the_answers_count_as_before(edition: Edition) -> None:
    assert not screened(edition).incomplete


@pytest.mark.parametrize(
    ("answered", "topics"),
    [
        (date(2026, 3, 1), {"pregnancy", "breastfeeding", "unwell", "skin-state", "recent-sun"}),
        (date(2026, 2, 28), {"pregnancy", "breastfeeding", "unwell", "skin-state", "recent-sun"}),
        (
            date(2026, 2, 27),
            {
                "pregnancy", "breastfeeding", "unwell", "skin-state", "recent-sun", "medications", "skincare",
                "procedures",
            },
        ),
    ],
)  # fmt: skip
def test_old_answers_are_asked_again(edition: Edition, answered: date, topics: set[str]) -> None:
    screening = screened(edition, answered_on=answered)
    assert screening.incomplete
    asked = {q.topic.replace("_", "-") for q in screening.open_questions}
    # Skin care is asked with the medicines where both are open.
    assert asked | {"skincare"} == topics | {"skincare"}
    assert all(answered.isoformat() in q.question for q in screening.open_questions)


def test_what_spoke_against_stands_until_it_is_answered_anew(edition: Edition) -> None:
    old = screened(
        edition, answered_on=date(2026, 1, 5), medications=[{"name": "warfarin"}], patient={"pregnancy": "pregnant"}
    )
    assert says(old, "pregnancy") == "absolute-contraindication"
    assert says(old, "vitamin-k-antagonist") == "relative-contraindication"


def test_a_man_is_never_asked_about_pregnancy_again(edition: Edition) -> None:
    man = {"age": 38, "sex": "male", "pregnancy": None, "breastfeeding": None}
    asked = {q.topic for q in screened(edition, answered_on=date(2026, 1, 5), patient=man).open_questions}
    assert not asked & {"pregnancy", "breastfeeding"}


def test_answers_from_after_today_are_refused(edition: Edition) -> None:
    with pytest.raises(InputError, match=r"answered_on.*2026-03-03"):
        screened(edition, answered_on=date(2026, 3, 3))


def test_a_checklist_of_the_last_session_is_gone_through_again(edition: Edition) -> None:
    ticked = {"consent_missing": False}
    today = screened(edition, answered=ticked, answered_on=ON)
    later = screened(edition, answered=ticked, answered_on=date(2026, 2, 16))
    assert "consent" not in {item.rule for item in today.checklist}
    assert "consent" in {item.rule for item in later.checklist}


def test_changes_name_what_is_new_gone_graver_and_milder(edition: Edition) -> None:
    before = screened(
        edition,
        {"planned_start": "2026-02-16"},
        on=date(2026, 2, 16),
        medications=[{"name": "ibuprofen", "prescribed": False}],
        procedures=[{"name": "flu vaccination", "date": "2026-02-10"}],
    )
    now = screened(edition, medications=[{"name": "warfarin"}], procedures=[
        {"name": "flu vaccination", "date": "2026-02-10"}])  # fmt: skip
    changed = changes(before, now)
    assert {c.rule for c in changed.new} == {
        "vitamin-k-antagonist", "vaccination-two-to-four-weeks", "antithrombotic-continues",
    }  # fmt: skip
    assert {c.rule for c in changed.gone} == {"nsaid-self-bought", "recent-vaccination"}
    assert changed.before_verdict == "defer" and changed.verdict == "needs-clinician-decision"
    assert {d.rule for d in changed.decide} >= {"vitamin-k-antagonist", "vaccination-two-to-four-weeks"}
    assert not changed.other_edition


def test_a_finding_that_nobody_asked_about_again_is_unsettled_not_gone(edition: Edition) -> None:
    before = screened(edition, {"planned_start": "2026-02-16"}, on=date(2026, 2, 16), context={"unwell": True})
    content = {**WOMAN, "not_asked": ["unwell"], "order": ORDER}
    now = screen(read(Answers.model_validate(content), edition, ON), edition)
    changed = changes(before, now)
    assert [c.rule for c in changed.unsettled] == ["unwell"] and not changed.gone
    assert any(d.rule is None for d in changed.decide)


def test_nothing_changed_is_said_plainly(edition: Edition) -> None:
    medications = [{"name": "warfarin"}]
    before = screened(edition, {"planned_start": "2026-02-16"}, on=date(2026, 2, 16), medications=medications)
    now = screened(edition, medications=medications)
    changed = changes(before, now)
    assert not (changed.new or changed.gone or changed.graver or changed.milder or changed.decide)
    assert "vitamin-k-antagonist" in changed.standing
    assert any("Nothing new" in line for line in told(changed, edition))


def test_days_that_went_by_are_no_news(edition: Edition) -> None:
    laser = [{"name": "laser", "date": "2026-02-01", "area": "face"}]
    before = screened(edition, {"planned_start": "2026-02-20"}, on=date(2026, 2, 20), procedures=laser)
    changed = changes(before, screened(edition, procedures=laser))
    assert not changed.decide and "laser-two-to-six-weeks" in changed.standing


def test_another_medicine_behind_the_same_finding_is_decided_anew(edition: Edition) -> None:
    before = screened(
        edition, {"planned_start": "2026-02-16"}, on=date(2026, 2, 16), medications=[{"name": "apixaban"}]
    )
    changed = changes(before, screened(edition, medications=[{"name": "rivaroxaban"}]))
    assert "direct-oral-anticoagulant" in {d.rule for d in changed.decide}


def test_a_later_screening_is_no_earlier_one(edition: Edition) -> None:
    now = screened(edition)
    before = screened(edition, {"planned_start": "2026-02-16"}, on=date(2026, 2, 16))
    with pytest.raises(InputError, match="after 2026-02-16"):
        changes(now, before)


def test_since_prints_the_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    early, today = tmp_path / "early.json", tmp_path / "today.json"
    early.write_text(json.dumps({**WOMAN, "order": {**ORDER, "planned_start": "2026-02-16"}}))
    today.write_text(json.dumps({**WOMAN, "medications": [{"name": "warfarin"}], "order": ORDER}))
    main(["screen", str(early), "--on", "2026-02-16", "--json"])
    kept = tmp_path / "kept.json"
    kept.write_text(capsys.readouterr().out)
    assert main(["screen", str(today), "--on", ON.isoformat(), "--since", str(kept)]) == 1
    out = capsys.readouterr().out
    assert "Decide before the first needle: " in out and "New: " in out
    main(["screen", str(today), "--on", ON.isoformat(), "--since", str(kept), "--json"])
    content = json.loads(capsys.readouterr().out)
    assert content["changes"]["before_verdict"] == "clear"
    assert content["screening"]["verdict"] == "needs-clinician-decision"
    assert main(["screen", str(today), "--on", ON.isoformat(), "--since", str(early)]) == 2
    assert "holds no screening" in capsys.readouterr().err


def test_without_an_order_the_statement_says_what_waits(edition: Edition) -> None:
    answers = Answers.model_validate(WOMAN)
    screening = screen(read(answers, edition, ON), edition)
    assert screening.may_proceed  # what the order lacks blocks signing, not the patient
    assert "no order yet" in screening.statement and str(len(screening.order_questions)) in screening.statement
    assert "no order yet" not in screened(edition).statement
