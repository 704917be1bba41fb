"""The patient's interview: few questions for the healthy, every grave fact reachable, never a no that was not said."""

from __future__ import annotations

import itertools
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nappage.intake import Facts, normal, read
from nappage.intake.answers import Answers
from nappage.interview import Reply, ask, fold, in_their_words, progress, question, recognised, reply, suggest
from nappage.knowledge import load
from nappage.knowledge.check import interview_texts
from nappage.rules import facts_of
from nappage.screening import screen
from nappage.values import InputError

ON = date(2026, 3, 1)
EDITION = load(ON)
FACIAL = {
    "indication": "facial rejuvenation",
    "areas": ["cheeks"],
    "technique": "papule",
    "mixture": [{"product": "NCTF 135 HA", "volume_ml": 3}],
}
PLANE = {"planned_start": "2026-03-01"}
Log = tuple[Reply, ...]


def known(born: str = "1990-05-17", sex: str | None = None, order: dict[str, Any] | None = None) -> Answers:
    person = {"name": "Ada Martin", "birth_date": born, **({"sex": sex} if sex else {})}
    return Answers.model_validate({"patient": person, **({"order": order} if order else {})})


def to_the_end(who: Answers, said: dict[str, Any], log: Log = ()) -> Log:
    """Replies as `said`, everything else none, no or not known."""
    for _ in range(80):
        asked = ask(log, EDITION, ON, known=who)
        if asked is None:
            return log
        plain = {"identity": "yes", "checklist": {"none": True}, "details": {}, "choice": "unsure"}[asked.kind]
        log = reply(log, asked.id, said.get(asked.id, plain), EDITION, ON, known=who)
    raise AssertionError("the interview does not end")


@cache
def all_no(who_json: str) -> Log:
    """Every question answered no, without asking which is next."""
    who = Answers.model_validate_json(who_json)
    log: Log = reply((), "identity", "yes", EDITION, ON, known=who)
    for q in EDITION.interview.values():
        if q.kind == "checklist" and question(log, q.id, EDITION, ON, known=who).options:
            log = reply(log, q.id, {"none": True}, EDITION, ON, known=who)
    return log


def straight(who: Answers, said: dict[str, Any]) -> Facts:
    """The facts of somebody who says `said` (a list before its details) and no to everything else."""
    log = all_no(who.model_dump_json(exclude_none=True, exclude_defaults=True))
    for question_id, value in said.items():
        log = reply(log, question_id, value, EDITION, ON, known=who)
    return read(fold(log, EDITION, ON, known=who), EDITION, ON)


def items():
    return [(q, i, item) for q in EDITION.interview.values() for i, item in q.items.items()]


def ticked(q, item_id: str, details: dict[str, Any] | None = None) -> Facts:
    """One line ticked in an interview that is otherwise all no."""
    who = known(sex="female" if q.id == "pregnancy" or q.items[item_id].only_if else "male")
    return straight(who, {q.id: {"yes": [item_id]}} | ({f"{q.id}.{item_id}": details} if details else {}))


# --- how few, and that nothing is missed ------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [None, FACIAL, FACIAL | PLANE], ids=["unknown", "facial", "facial-today"])
@pytest.mark.parametrize(("born", "sex"), [("1990-05-17", "female"), ("1990-05-17", "male"), ("1955-01-01", "female")])
def test_a_healthy_adult_is_done_in_twelve_and_only_the_skin_is_left_to_the_clinician(born, sex, order):
    who = known(born, order=order)
    log = to_the_end(who, {"sex": sex})
    assert len(log) <= 12
    screening = screen(read(fold(log, EDITION, ON, known=who), EDITION, ON), EDITION)
    assert {found.topic for found in screening.open_questions} == {"skin-state"}
    assert not screening.findings


def test_only_a_woman_of_that_age_is_asked_about_pregnancy():
    asked = {
        (born, sex): "pregnancy" in {r.question for r in to_the_end(known(born), {"sex": sex})}
        for born, sex in itertools.product(("1990-05-17", "1950-01-01"), ("female", "male", "other"))
    }
    assert asked == {
        ("1990-05-17", "female"): True, ("1990-05-17", "male"): False, ("1990-05-17", "other"): True,
        ("1950-01-01", "female"): False, ("1950-01-01", "male"): False, ("1950-01-01", "other"): False,
    }  # fmt: skip


def test_sex_that_is_known_is_not_asked():
    assert "sex" not in {r.question for r in to_the_end(known(sex="male"), {})}


def test_what_only_some_orders_need_is_asked_for_them_only():
    hair = {"indication": "hair loss", "areas": ["scalp"], "mixture": [{"ingredient": "dutasteride", "volume_ml": 1}]}
    assert "fatherhood" in {r.question for r in to_the_end(known(sex="male", order=hair), {})}
    assert "contraception" in {r.question for r in to_the_end(known(sex="female", order=hair), {})}
    assert "contraception" not in {r.question for r in to_the_end(known(sex="female", order=FACIAL), {})}
    back = {"indication": "musculoskeletal pain", "areas": ["back"]}
    assert "spine" in {r.question for r in to_the_end(known(sex="male", order=back), {})}


# --- every fact that a rule reads -------------------------------------------------------------------------------------


def patients_facts() -> list[str]:
    """The facts that any position of any rule reads and that the patient can answer; age is known from the link, the
    skin is for whoever examines it."""
    read_by_rules = {
        fact
        for rule in EDITION.rules.values()
        for position in rule.positions
        if position.when
        for fact in facts_of(EDITION.condition(position.when))
    }
    return sorted(
        fact
        for fact in read_by_rules
        if EDITION.facts[fact].asked == "everyone" and EDITION.facts[fact].topic not in ("age", "skin-state")
    )


def test_every_such_fact_is_borne_by_a_question_that_names_it():
    named = {fact for q in EDITION.interview.values() for fact in q.settles}
    named |= {fact for _, _, item in items() for fact in item.settles}
    closed = {topic for q in EDITION.interview.values() for topic in q.closes}
    assert [f for f in patients_facts() if f not in named and EDITION.facts[f].topic not in closed] == []


CONCEPTS = {
    "condition": "conditions", "medication": "medicines", "allergy": "allergens", "procedure": "procedures",
    "planned": "events",
}  # fmt: skip


def names_for(fact: str) -> list[str]:
    """What a patient could write so that this fact is so."""
    derive = EDITION.facts[fact].derive
    if "condition_uncontrolled" in derive:
        return ["asthma"]
    for key, kind in CONCEPTS.items():
        if key in derive:
            concepts = getattr(EDITION, kind)
            every = [
                i for i in concepts
                if i in derive[key] or set(concepts[i].is_a) & set(derive[key])
            ]  # fmt: skip
            return [n for i in every for n in (i.replace("-", " "), *concepts[i].names[:2], *concepts[i].brands[:1])]
    return []


@pytest.mark.parametrize("fact", patients_facts())
def test_there_is_a_way_to_state_it(fact):
    assert any(stated(fact))


def stated(fact: str):
    """Whether each way tried leads to the fact being so (or, of a number, known)."""
    kind = EDITION.facts[fact]
    for q in EDITION.interview.values():
        if fact in q.settles and q.answer:
            yield set(q.options) >= (set(kind.values) or {"yes", "no"})
    for q, item_id, item in items():
        if fact not in item.settles:
            continue
        for which in (None, *names_for(fact)[:12]):
            bad = kind.derive.get("is") in ("uncontrolled", "unsettled") or "condition_uncontrolled" in kind.derive
            for controlled in (False, True) if not bad else (False,):
                every = {
                    "which": which, "controlled": controlled, "when": "2026-02-10", "ended": "2025-02-10",
                    "last": "2026-02-10", "prescribed": controlled, "where": None,
                }  # fmt: skip
                if item.into == "planned_events":
                    every["when"] = "2026-03-10"
                if kind.derive.get("is") == "active" or bad:
                    every["ended"] = None
                details = {name: every[name] for name in item.details if every.get(name) is not None}
                value = ticked(q, item_id, details or None)[fact]
                yield value is not None and value is not False and value != "no"
    for name in names_for(fact) if kind.topic == "procedures" else ():
        row = {"name": name, "when": "2026-02-10"}
        value = straight(known(sex="female"), {"procedures": {"entries": [row]}})[fact]
        yield value is not None and value is not False
    for name, prescribed in itertools.product(
        names_for(fact)[:25] if kind.topic == "medications" else (), (False, True)
    ):
        row = {"name": name, "prescribed": prescribed, "current": True}
        said: dict[str, Any] = {"medicines": {"entries": [row]}}
        if route := kind.derive.get("route"):
            said[f"medicines:route:{normal(name)}"] = "oral" if route == "systemic" else route
        value = straight(known(sex="female"), said)[fact]
        yield value is not None and value is not False


# --- yes, no and I don't know -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("q", "item_id", "item"), items(), ids=[f"{q.id}.{i}" for q, i, _ in items()])
def test_a_ticked_line_makes_none_of_its_facts_a_no(q, item_id, item):
    facts = ticked(q, item_id)
    said_no = [fact for fact in item.settles if facts[fact] is False or facts[fact] == "no"]
    assert said_no == []
    known_now = any(facts[fact] is not None for fact in item.settles)
    asked_which = any(facts.waiting.get(fact, "").startswith("kind:") for fact in item.settles)
    assert known_now or asked_which or facts.unread or item.into == "skin_state"


@pytest.mark.parametrize(("q", "item_id", "item"), items(), ids=[f"{q.id}.{i}" for q, i, _ in items()])
def test_a_line_not_known_stays_open(q, item_id, item):
    sex = "female" if q.id == "pregnancy" or item.only_if else "male"
    who = known(sex=sex)
    facts = straight(who, {q.id: {"unsure": [item_id]}})
    assert [fact for fact in item.settles if facts[fact] is False or facts[fact] == "no"] == []


@pytest.mark.parametrize("skipped", [q.id for q in EDITION.interview.values() if q.kind == "checklist"])
def test_a_skipped_list_settles_nothing_and_stands_open_for_the_clinician(skipped):
    who = known(sex="female")
    log = to_the_end(who, {skipped: "unsure"})
    facts = read(fold(log, EDITION, ON, known=who), EDITION, ON)
    settles = {fact for item in EDITION.interview[skipped].items.values() for fact in item.settles}
    assert [fact for fact in settles if facts[fact] is False] == []
    opened = {fact for found in screen(facts, EDITION).open_questions for fact in found.facts}
    assert opened & settles
    (said,) = [s for s in in_their_words(log, EDITION, ON, known=who) if s.question_id == skipped]
    assert said.answers == () and said.unknown


def test_a_line_that_was_not_shown_is_not_a_no():
    who = known(sex="male")
    (log_line,) = reply((), "heart", {"none": True}, EDITION, ON, known=who)
    older = log_line.model_copy(
        update={"value": {**log_line.value, "no": [i for i in log_line.value["no"] if i != "clot"]}}
    )
    facts = read(fold((older,), EDITION, ON, known=who), EDITION, ON)
    assert facts["clotting_tendency"] is None
    assert facts["arrhythmia"] is False


def test_no_window_looks_back_less_than_a_rule_does():
    """Beyond what a line asks of the past no rule says anything, so that *no* may mean *never*."""
    for q, item_id, item in items():
        for fact in item.settles if item.within_days is not None else ():
            if EDITION.facts[fact].unit != "day" or EDITION.facts[fact].type != "number":
                continue
            for rule in EDITION.rules.values():
                for position in rule.positions:
                    if position.when and fact in facts_of(EDITION.condition(position.when)):
                        ever = {f: True for f in item.settles if EDITION.facts[f].type == "boolean"}
                        none = {f: False for f in EDITION.facts if EDITION.facts[f].type == "boolean"}
                        late = {f: Decimal(item.within_days + 1) for f in item.settles if f not in ever}
                        row, silent = {**none, **ever, **late}, none
                        reads = EDITION.reader(position.when)
                        assert reads(row).answer == reads(silent).answer, (q.id, item_id, fact, rule.id)


# --- the log ----------------------------------------------------------------------------------------------------------


def test_the_last_reply_to_a_question_counts_and_what_was_taken_back_is_still_told():
    who = known(sex="male")
    log = reply((), "heart", {"yes": ["stroke"]}, EDITION, ON, known=who)
    assert read(fold(log, EDITION, ON, known=who), EDITION, ON)["stroke_or_tia"] is True
    log = reply(log, "heart", {"none": True}, EDITION, ON, known=who)
    assert read(fold(log, EDITION, ON, known=who), EDITION, ON)["stroke_or_tia"] is False
    (said,) = in_their_words(log, EDITION, ON, known=who)
    assert said.answers == ("None of these",)
    assert said.taken_back == ("A stroke or a mini-stroke (TIA)",)


def test_a_yes_counts_even_where_the_question_is_no_longer_asked():
    who = known()
    log = to_the_end(who, {"sex": "female", "pregnancy": {"yes": ["pregnant"]}})
    log = reply(log, "sex", "male", EDITION, ON, known=who)
    assert read(fold(log, EDITION, ON, known=who), EDITION, ON)["pregnancy"] == "pregnant"


def test_a_log_is_read_the_same_after_storage_and_whatever_was_said_between():
    who = known()
    log = to_the_end(who, {"sex": "female", "medicines": {"entries": [{"name": "Sintrom", "prescribed": "yes"}]}})
    stored = tuple(
        Reply.model_validate(line) for line in json.loads(json.dumps([r.model_dump(mode="json") for r in log]))
    )
    assert fold(stored, EDITION, ON, known=who) == fold(log, EDITION, ON, known=who)
    assert fold(tuple(reversed(log)), EDITION, ON, known=who) == fold(log, EDITION, ON, known=who)


def test_what_was_known_beforehand_stays():
    who = Answers.model_validate(
        {"patient": {"birth_date": "1990-05-17", "sex": "male"}, "conditions": [{"text": "asthma"}], "order": FACIAL}
    )
    answers = fold(to_the_end(who, {"organs": {"yes": ["kidney"]}}), EDITION, ON, known=who)
    assert answers.conditions is not None and answers.conditions[0].text == "asthma"
    assert answers.order == who.order


def test_who_says_it_is_somebody_else_has_no_age():
    who = known()
    log = reply((), "identity", "no", EDITION, ON, known=who)
    assert fold(log, EDITION, ON, known=who).patient.birth_date is None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_is_replied_it_ends_and_no_yes_is_read_as_no(data):
    who = known(data.draw(st.sampled_from(["1990-05-17", "1950-01-01", "2009-01-01"])))
    log: Log = ()
    for _ in range(90):
        asked = ask(log, EDITION, ON, known=who)
        if asked is None:
            break
        values = [option.value for option in asked.options]
        if asked.kind == "checklist":
            marks = {v: data.draw(st.sampled_from(["no", "no", "no", "yes", "unsure"])) for v in values}
            value: Any = {w: [v for v in values if marks[v] == w] for w in ("yes", "unsure")}
            value["none"] = not (value["yes"] or value["unsure"])
        elif asked.kind == "details":
            value = {f.id: "2026-02" for f in asked.fields if f.kind == "past-date" and data.draw(st.booleans())}
        else:
            value = data.draw(st.sampled_from([*values, *(["unsure"] if asked.unsure else [])]))
        log = reply(log, asked.id, value, EDITION, ON, known=who)
    else:
        raise AssertionError("the interview does not end")
    facts = read(fold(log, EDITION, ON, known=who), EDITION, ON)
    kept = {line.question: line.value for line in log}
    for q, item_id, item in items():
        value = kept.get(q.id)
        if isinstance(value, dict) and item_id in [*value["yes"], *value["unsure"]]:
            for fact in item.settles:
                assert facts[fact] is not False, (q.id, item_id, fact)


# --- follow-ups -------------------------------------------------------------------------------------------------------


def test_a_blood_thinner_leads_to_which_since_when_and_who_prescribed_it():
    who = known(sex="male")
    log = to_the_end(who, {"medicines": {"yes": ["blood-thinner"]}})
    asked = question(log, "medicines.blood-thinner", EDITION, ON, known=who)
    assert [field.id for field in asked.fields] == ["which", "since", "prescribed"]
    details = {"which": "Sintrom", "since": "2024-03", "prescribed": "yes"}
    log = to_the_end(who, {"medicines": {"yes": ["blood-thinner"]}, "medicines.blood-thinner": details})
    facts = read(fold(log, EDITION, ON, known=who), EDITION, ON)
    assert facts["vitamin_k_antagonist_current"] is True
    assert facts["doac_current"] is False
    assert "[" not in asked.text


def test_a_misspelt_medicine_is_shown_and_confirmed():
    who = known(sex="male")
    said = {"medicines": {"entries": [{"name": "sintrm"}]}, "medicines:confirm:sintrm": "sintrom"}
    log = to_the_end(who, said)
    assert "medicines:confirm:sintrm" in {line.question for line in log}
    answers = fold(log, EDITION, ON, known=who)
    facts = read(answers, EDITION, ON)
    assert facts["vitamin_k_antagonist_current"] is True and not facts.guesses
    (told,) = [s for s in in_their_words(log, EDITION, ON, known=who) if s.question_id == "medicines"]
    assert told.answers[0].startswith("sintrm")
    doubted = to_the_end(who, {**said, "medicines:confirm:sintrm": "no"})
    assert read(fold(doubted, EDITION, ON, known=who), EDITION, ON).guesses


def test_a_word_for_several_things_asks_which_and_is_kept_beside_what_is_not_known():
    who = known(sex="male")
    asked = "medicines:kind:blood-thinner"
    rows = {"medicines": {"entries": [{"name": "blood thinner"}]}}
    assert asked in {line.question for line in to_the_end(who, rows)}
    named = straight(who, {**rows, asked: {"which": "Eliquis"}})
    assert named["doac_current"] is True and named["vitamin_k_antagonist_current"] is False
    for vague in ("a small white pill", "paracetamol"):
        kept = straight(who, {**rows, asked: {"which": vague}})
        assert kept["blood_thinner_unnamed_current"] is not False and kept["doac_current"] is None


def test_a_list_with_more_to_come_denies_nothing_and_is_asked_again_until_it_is_all():
    who = known(sex="male")
    ended = to_the_end(who, {})
    begun = {"entries": [{"name": "Sintrom"}], "more": True}
    for log in (ended, ended[:1]):  # changed at the end, and met on the way
        more = reply(log, "medicines", begun, EDITION, ON, known=who)
        answers = fold(more, EDITION, ON, known=who)
        assert [one.name for one in answers.medications or ()] == ["Sintrom"]
        assert answers.skincare is None
        facts = read(answers, EDITION, ON)
        assert facts.row["anticoagulant_current"] is True
        medicines = {f for f, fact in EDITION.facts.items() if fact.topic == "medications"}
        assert not [f for f in medicines if facts.row.get(f) is False], "what was not named yet is not denied"
        again = ask(more, EDITION, ON, known=who)
        assert again is not None and again.id == "medicines" and again.replied["more"]
        assert progress(more, EDITION, ON, known=who).remaining > 0
        two = {"entries": [*begun["entries"], {"name": "aspirin"}]}
        done = reply(more, "medicines", two, EDITION, ON, known=who)
        following = ask(done, EDITION, ON, known=who)
        assert following is None or following.id != "medicines"
        (told,) = (s for s in in_their_words(done, EDITION, ON, known=who) if s.question_id == "medicines")
        assert told.answers == ("Sintrom", "aspirin") and not told.taken_back
    with pytest.raises(InputError):
        reply(ended, "medicines", {"more": True}, EDITION, ON, known=who)


def test_names_in_another_script_are_not_taken_for_each_other():
    who = known(sex="male")
    rows = {"medicines": {"entries": [{"name": "варфарин"}, {"name": "аспирин"}]}}
    log = to_the_end(who, rows)
    assert not [line.question for line in log if line.question.startswith("medicines:")]
    answers = fold(log, EDITION, ON, known=who)
    assert [entry.name for entry in answers.medications or ()] == ["варфарин", "аспирин"]


def test_a_word_nobody_knows_is_kept_word_for_word_and_stays_open():
    who = known(sex="male")
    log = to_the_end(who, {"medicines": {"entries": [{"name": "blablaxol forte"}]}})
    facts = read(fold(log, EDITION, ON, known=who), EDITION, ON)
    assert [found.quote for found in screen(facts, EDITION).open_questions if found.topic.startswith("unread")] == [
        "blablaxol forte"
    ]


def test_isotretinoin_asks_for_the_last_capsule_and_moves_the_date():
    who = known(sex="male", order=FACIAL)
    base = {"medicines": {"yes": ["isotretinoin"]}}
    dates = {}
    for last in ("2026-02-10", "2023-01-10"):
        said = {**base, "medicines.isotretinoin": {"current": "no", "last": last}}
        screening = screen(read(fold(to_the_end(who, said), EDITION, ON, known=who), EDITION, ON), EDITION)
        dates[last] = (screening.verdict, screening.earliest_date)
    assert dates["2026-02-10"][0] == "defer" and dates["2026-02-10"][1] > ON
    assert dates["2023-01-10"][0] != "defer"


def test_an_ended_cancer_is_told_from_one_that_is_there():
    who = known(sex="male")
    outcome = {}
    for word, details in (("now", {"now": "yes"}), ("over", {"now": "no", "ended": "2015"})):
        said = {"immune": {"yes": ["cancer"]}, "immune.cancer": {"which": "breast cancer", **details}}
        facts = read(fold(to_the_end(who, said), EDITION, ON, known=who), EDITION, ON)
        outcome[word] = (facts["cancer_active"], facts["cancer_months"])
    assert outcome["now"][0] is True
    assert outcome["over"][0] is False and outcome["over"][1] > 100


def test_what_lies_on_the_skin_speaks_only_against():
    who = known(sex="male")
    log = to_the_end(who, {"now": {"yes": ["cold-sore"]}})
    facts = read(fold(log, EDITION, ON, known=who), EDITION, ON)
    assert facts["skin_herpes"] is True
    assert facts["skin_infection"] is None


def test_progress_counts_down_to_nothing():
    who = known(sex="male")
    log = to_the_end(who, {})
    before = [progress(log[:n], EDITION, ON, known=who) for n in range(len(log) + 1)]
    assert [p.asked for p in before] == list(range(len(log) + 1))
    assert all(a.remaining > b.remaining for a, b in itertools.pairwise(before))
    assert before[-1].remaining == 0


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question_id", "value", "place"),
    [
        ("heart", {}, "heart"),
        ("heart", {"yes": []}, "heart"),
        ("heart", {"yes": ["moon"]}, "heart"),
        ("heart", {"yes": ["stroke"], "none": True}, "heart"),
        ("heart", {"yes": ["stroke"], "unsure": ["stroke"]}, "heart"),
        ("heart", {"yes": "stroke"}, "heart"),
        ("heart", ["stroke"], "heart"),
        ("heart", {"entries": [{"name": "x"}]}, "heart.entries"),
        ("medicines", {"entries": [{"prescribed": "yes"}]}, "medicines.entries[0].name"),
        ("medicines", {"entries": [{"name": "x" * 501}]}, "medicines.entries[0].name"),
        ("medicines", {"entries": [{"name": "aspirin", "last": "soon"}]}, "medicines.entries[0].last"),
        ("medicines", {"entries": [{"name": "aspirin", "last": "2026-02-30"}]}, "medicines.entries[0].last"),
        ("medicines", {"entries": [{"name": "aspirin", "last": "2026-04-01"}]}, "medicines.entries[0].last"),
        ("medicines", {"entries": [{"name": "aspirin", "last": "1980"}]}, "medicines.entries[0].last"),
        ("medicines", {"entries": [{"name": "aspirin", "prescribed": 3}]}, "medicines.entries[0].prescribed"),
        ("medicines", {"entries": ["aspirin"]}, "medicines.entries[0]"),
        ("identity", "unsure", "identity"),
        ("sex", "moon", "sex"),
        ("sex", None, "sex"),
        ("moon", "yes", "moon"),
        ("heart.stroke", {}, "heart.stroke"),
        ("heart.clot-family", {}, "heart.clot-family"),
        ("medicines:confirm:aspirin", "no", "medicines:confirm:aspirin"),
    ],
)
def test_a_reply_that_is_none_is_refused_at_its_field(question_id, value, place):
    with pytest.raises(InputError) as caught:
        reply((), question_id, value, EDITION, ON, known=known())
    assert caught.value.place == place
    assert caught.value.remedy


def test_a_date_to_come_is_not_over():
    who = known(sex="male")
    log = reply((), "coming", {"yes": ["party"]}, EDITION, ON, known=who)
    with pytest.raises(InputError):
        reply(log, "coming.party", {"when": "2026-02-01"}, EDITION, ON, known=who)
    reply(log, "coming.party", {"when": (ON + timedelta(days=3)).isoformat()}, EDITION, ON, known=who)


# --- words ------------------------------------------------------------------------------------------------------------


def test_nothing_of_the_interview_is_missing_in_french():
    assert [text["en"] for text in interview_texts(EDITION) if not text.get("fr")] == []


def test_days_are_written_out():
    who = known(born="1990-05-01", sex="male")
    for language, day in (("en", "1 May 1990"), ("fr", "1er mai 1990")):
        assert day in question((), "identity", EDITION, ON, known=who, language=language).help
    log = reply((), "coming", {"yes": ["party"]}, EDITION, ON, known=who)
    log = reply(log, "coming.party", {"when": "2026-08"}, EDITION, ON, known=who)
    told = in_their_words(log, EDITION, ON, known=who, language="fr")
    assert told[-1].answers[0].endswith("août 2026")


def test_another_language_falls_back_visibly():
    assert question((), "heart", EDITION, ON, language="de").text.startswith("[en] ")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_whole_interview_is_in_one_language(language):
    who = known()
    everything = {
        q.id: {"yes": list(q.items)[:3]} for q in EDITION.interview.values() if q.kind == "checklist"
    }  # fmt: skip
    log = to_the_end(who, {"sex": "female", **everything})
    for said in in_their_words(log, EDITION, ON, known=who, language=language):
        for words in (said.question, *said.answers, *said.unknown):
            assert "[en]" not in words and "{" not in words
            if language == "fr":
                assert not any(f" {word} " in f" {words} " for word in ("the", "your", "you", "or"))


def test_no_text_tells_anybody_to_leave_a_medicine_off():
    order = re.compile(
        r"\b(stop (taking|using)|pause|skip|do not take|arrêtez|suspendez|ne (les? )?prenez (pas|plus))\b", re.I
    )
    assert [w for text in interview_texts(EDITION) for w in text.values() if order.search(w)] == []


def test_what_words_were_read_as_is_told_in_plain_words():
    (certain,) = recognised("medications", "Sintrom", EDITION)
    assert (certain.name, certain.what, certain.state) == ("acenocoumarol", "a blood thinner", "certain")
    (french,) = recognised("medications", "Sintrom", EDITION, "fr")
    assert french.what == "un anticoagulant (fluidifie le sang)"
    assert [r.state for r in recognised("medications", "sintrm", EDITION)] == ["confirm"]
    (unread,) = recognised("medications", "blablaxol", EDITION)
    assert (unread.text, unread.name, unread.state) == ("blablaxol", "", "unread")
    assert recognised("medications", "  ", EDITION) == ()
    assert {r.name for r in recognised("medications", "metformin, Eliquis", EDITION)} == {"metformin", "apixaban"}


def test_names_are_completed_curated_ones_first():
    assert "Sintrom" in suggest("medications", "sintr", EDITION)
    assert "Doliprane" in suggest("medications", "DOLIP", EDITION)
    assert "diabète" in suggest("conditions", "diabè", EDITION, "fr")
    assert "latex" in suggest("allergies", "late", EDITION)
    assert suggest("medications", "", EDITION) == ()
    assert suggest("medications", "zzzz", EDITION) == ()
    assert len(suggest("medications", "a", EDITION, limit=5)) == 5
