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


# --- the truth table: (rule, answers, order, expected) ---------------------------------------------------------------

A, D, R, P, INFO = (
    "absolute-contraindication",
    "deferral",
    "relative-contraindication",
    "precaution",
    "information",
)


def takes(name: str, **more: Any) -> dict[str, Any]:
    return {"medications": [{"name": name, **more}]}


def allergic(*to: str) -> dict[str, Any]:
    return {"allergies": [{"substance": word, "reaction": "rash"} for word in to]}


def has(*conditions: str, **more: Any) -> dict[str, Any]:
    return {"conditions": [{"text": text, **more} for text in conditions]}


def mix(*ingredients: str, **more: Any) -> dict[str, Any]:
    lines = [{"ingredient": i, "concentration": 1, "unit": "%", "volume_ml": 1} for i in ingredients]
    return {"products": [], "mixture": lines, **more}


CREAM = {"anaesthetic": [{"product": "EMLA", "grams": 2, "applied_by": "clinic"}]}
SCALP = {"areas": ["scalp"], "indication": "androgenetic-alopecia"}
CHIN = {"areas": ["submental"], "indication": "submental-fat", "products": ["kybella"]}

TABLE: list[tuple[str, dict[str, Any], dict[str, Any], str | None]] = [
    # areas, technique, depth
    ("periorbital-antithrombotic", takes("apixaban"), {"areas": ["lower-lid"]}, R),
    ("periorbital-antithrombotic", takes("apixaban"), {"areas": ["cheek"]}, None),
    ("periorbital-antithrombotic", takes("atorvastatin"), {"areas": ["lower-lid"]}, None),
    ("numbing-cream-near-eyes", {}, {"areas": ["crows-feet"], **CREAM}, P),
    ("numbing-cream-near-eyes", {}, {"areas": ["forehead"], **CREAM}, None),
    ("chest-wall-depth", {}, {"areas": ["shoulder"], "depth_mm": 4.1}, R),
    ("chest-wall-depth", {}, {"areas": ["shoulder"], "depth_mm": 4}, None),
    ("chest-wall-depth", {}, {"areas": ["thighs"], "depth_mm": 6}, None),
    ("lipoma-diagnosed-first", {}, {"indication": "lipoma", "areas": ["upper-arms"]}, R),
    ("dysphagia-deoxycholic-acid", has("difficulty swallowing", status="past"), CHIN, A),
    ("dysphagia-deoxycholic-acid", has("difficulty swallowing", status="past"), {}, None),
    ("chin-after-surgery", {"procedures": [{"name": "liposuction", "date": "2020", "area": "submental"}]}, CHIN, R),
    # purpose and age
    ("under-18", {"patient": {"age": 17}}, {}, A),
    ("under-18", {"patient": {"age": 17}}, {"purpose": "medical"}, None),
    ("under-18-medical", {"patient": {"age": 17}}, {"purpose": "medical"}, R),
    ("under-18-medical", {"patient": {"age": 18}}, {"purpose": "medical"}, None),
    # the mix and the patient
    ("sulfite-asthma", {**has("asthma"), **allergic("aspirin")}, mix("lidocaine with adrenaline"), A),
    # Whether painkillers bring the asthma on is not said: it is asked.
    ("sulfite-asthma", {**has("asthma"), **allergic("penicillin")}, mix("lidocaine with adrenaline"), "ask"),
    ("sulfite-asthma", has("hay fever"), mix("lidocaine with adrenaline"), None),
    ("heart-disease-xanthine", has("angina", controlled=True), mix("aminophylline"), A),
    ("heart-disease-xanthine", has("angina", controlled=True), mix("biotin"), None),
    ("anaesthetic-lower-dose", has("cirrhosis", controlled=True), mix("lidocaine"), R),
    ("anaesthetic-lower-dose", has("migraine"), mix("lidocaine"), None),
    ("vitamin-c-kidney", has("chronic kidney disease stage 3", controlled=True), mix("vitamin c"), P),
    ("lidocaine-conduction", has("second degree heart block", controlled=True), mix("lidocaine"), A),
    ("lidocaine-conduction", has("second degree heart block", controlled=True), mix("biotin"), None),
    ("hyaluronidase-rescue", allergic("wasp stings"), {}, P),
    ("hyaluronidase-rescue", allergic("wasp stings"), {"products": ["rejuran"]}, None),
    ("venom-allergy-hyaluronidase", allergic("wasp stings"), mix("hyaluronidase"), A),
    ("fish-allergy", allergic("salmon"), {"products": ["rejuran"]}, A),
    ("fish-allergy", allergic("salmon"), {}, None),
    ("fish-allergy-calcitonin", allergic("fish"), mix("calcitonin"), R),
    ("excipients-not-read", allergic("polyethylene glycol"), {}, D),
    ("excipients-not-read", allergic("peanuts"), {}, None),
    # what the visit brings beside the injection
    ("latex-allergy", allergic("latex"), {}, P),
    ("latex-allergy", allergic("penicillin"), {}, None),
    ("adhesive-allergy", allergic("sticking plaster"), {}, P),
    ("chlorhexidine-allergy", allergic("chlorhexidine"), {}, P),
    ("antiseptic-allergy", allergic("surgical spirit"), {}, P),
    ("antiseptic-allergy", allergic("nuts"), {}, None),
    ("iodine-antiseptic", allergic("betadine"), {}, P),
    ("anaesthetic-allergy-elsewhere", allergic("lidocaine"), {}, INFO),
    ("anaesthetic-allergy-elsewhere", allergic("lidocaine"), mix("lidocaine"), None),
    ("amide-anaesthetic-allergy", allergic("lidocaine"), mix("mepivacaine"), A),
    ("amide-anaesthetic-allergy", allergic("lidocaine"), CREAM, A),
    ("amide-anaesthetic-allergy", allergic("lidocaine"), {}, None),
    # the same active twice, and medicines that meet the mix
    ("anaesthetic-twice", takes("lidocaine patch"), mix("lidocaine"), R),
    ("anaesthetic-twice", takes("lidocaine patch"), {}, None),
    ("anaesthetic-twice", takes("EMLA"), CREAM, R),
    ("prilocaine-methaemoglobin-medicines", takes("dapsone"), CREAM, R),
    ("prilocaine-methaemoglobin-medicines", takes("dapsone"), mix("lidocaine"), None),
    ("tranexamic-acid-twice", takes("tranexamic acid tablets"), mix("tranexamic acid"), R),
    ("tranexamic-acid-twice", takes("tranexamic acid tablets"), {}, None),
    ("five-alpha-reductase-twice", takes("Propecia"), mix("dutasteride", **SCALP), R),
    ("five-alpha-reductase-twice", takes("Combodart"), mix("dutasteride", **SCALP), R),
    ("five-alpha-reductase-twice", takes("tamsulosin"), mix("dutasteride", **SCALP), None),
    ("minoxidil-twice", takes("minoxidil", route="oral"), mix("minoxidil", **SCALP), R),
    ("minoxidil-twice", takes("minoxidil", route="topical"), mix("minoxidil", **SCALP), None),
    ("minoxidil-own-solution", takes("minoxidil", route="topical"), mix("minoxidil", **SCALP), P),
    ("minoxidil-twice", takes("minoxidil"), mix("minoxidil", **SCALP), "ask"),
    ("diclofenac-daily-total", takes("Voltarol gel", route="topical"), mix("diclofenac"), P),
    ("diclofenac-daily-total", takes("ibuprofen"), mix("diclofenac"), None),
    ("nsaid-ingredient-with-medicines", takes("ibuprofen"), mix("diclofenac"), R),
    ("vitamin-a-twice", takes("vitamin A capsules"), mix("vitamin a"), P),
    ("pentoxifylline-with-medicines", takes("amlodipine"), mix("pentoxifylline"), R),
    ("pentoxifylline-with-medicines", takes("atorvastatin"), mix("pentoxifylline"), None),
    ("thiocolchicoside-twice", takes("thiocolchicoside"), mix("thiocolchicoside"), A),
    ("lidocaine-antiarrhythmic", takes("flecainide"), CREAM, R),
    ("lidocaine-antiarrhythmic", takes("flecainide"), {}, None),
    ("lidocaine-other-medicines", takes("clarithromycin"), mix("lidocaine"), P),
    # body image and expectations
    ("dissatisfied-after-procedures", {"answered": {"dissatisfied_after_procedures": True}}, {}, R),
    ("dissatisfied-after-procedures", {"answered": {"dissatisfied_after_procedures": False}}, {}, None),
    # conduct of the day
    ("inr-too-high", {**takes("warfarin"), "answered": {"inr": 3.1}}, {}, D),
    ("inr-too-high", {**takes("warfarin"), "answered": {"inr": 3}}, {}, None),
    ("fit-to-consent", {"answered": {"intoxicated": True}}, {}, D),
    # jurisdictions
    ("fat-dissolving-france", {}, {**CHIN, "jurisdiction": "FR"}, A),
    ("fat-dissolving-france", {}, {**CHIN, "jurisdiction": "France"}, A),
    ("fat-dissolving-france", {}, {**CHIN, "jurisdiction": "fr-75"}, A),
    ("fat-dissolving-france", {}, {**CHIN, "jurisdiction": "US-CA"}, None),
    ("fat-dissolving-united-states", {}, {**CHIN, "areas": ["abdomen"], "jurisdiction": "US-CA"}, A),
    ("jurisdiction-unknown", {}, CHIN, R),
    ("jurisdiction-unknown", {}, {**CHIN, "jurisdiction": "somewhere"}, R),
    ("jurisdiction-unknown", {}, {**CHIN, "jurisdiction": "GB-ENG"}, None),
    ("jurisdiction-unknown", {}, {}, None),
    ("england-under-18", {"patient": {"age": 17}}, {"jurisdiction": "England"}, A),
    ("england-under-18", {"patient": {"age": 17}}, {"jurisdiction": "FR"}, None),
    ("france-hyaluronic-acid", {"answered": {"prescriber_not_seen": True}}, {"jurisdiction": "FR"}, R),
    ("france-hyaluronic-acid", {"answered": {"prescriber_not_seen": True}}, {"jurisdiction": "GB-ENG"}, None),
    ("united-kingdom-prescriber", {"answered": {"prescriber_not_seen": True}}, {"jurisdiction": "Scotland"}, R),
    ("france-doctor-only", {"answered": {"practitioner_unqualified": True}}, {"jurisdiction": "FR"}, A),
    ("united-states-practice", {"answered": {"prescriber_not_seen": True}}, {"jurisdiction": "US"}, R),
    ("united-states-not-approved", {}, {"jurisdiction": "USA"}, INFO),
    ("australia-prescriber", {"answered": {"prescriber_not_seen": True}}, {"jurisdiction": "AU"}, R),
]


@pytest.mark.parametrize(("rule", "told_of", "order", "expected"), TABLE)
def test_the_table(
    edition: Edition, rule: str, told_of: dict[str, Any], order: dict[str, Any], expected: str | None
) -> None:
    assert says(screened(edition, order, **told_of), rule) == expected


@pytest.mark.parametrize(
    ("context", "goes_ahead"),
    [
        ({"bdd_questionnaire": "positive"}, False),
        ({"bdd_questionnaire": "negative"}, True),
        ({"expectations": "unrealistic"}, False),
        ({"voluntary": False}, False),
        ({"voluntary": True, "expectations": "realistic"}, True),
    ],
)
def test_body_image_expectations_and_pressure(edition: Edition, context: dict[str, Any], goes_ahead: bool) -> None:
    assert screened(edition, context=context).may_proceed is goes_ahead


def test_scotland_asks_for_its_premises_once_the_act_is_passed() -> None:
    order = {"jurisdiction": "GB-SCT", "planned_start": "2026-11-25"}
    after = date(2026, 11, 25)
    answered = {"premises_unregistered": True}
    assert says(screened(load(after), order, after, answered=answered), "scotland-premises") == R
    before = screened(load(ON), {"jurisdiction": "GB-SCT"})
    assert "scotland-premises" not in {item.rule for item in before.checklist}


# --- ordinary people are not turned away -----------------------------------------------------------------------------

ORDINARY: dict[str, dict[str, Any]] = {
    "statin": takes("atorvastatin 20 mg"),
    "antihypertensive": {**has("high blood pressure", controlled=True), **takes("amlodipine")},
    "ace inhibitor": takes("ramipril", prescribed=True),
    "combined pill": takes("Microgynon"),
    "progestogen pill": takes("desogestrel"),
    "hormone coil": takes("Mirena"),
    "hay fever": {**has("hay fever"), **takes("cetirizine"), **allergic("grass pollen")},
    "past caesarean": {"procedures": [{"name": "caesarean section", "date": "2019-05"}]},
    "well controlled asthma": {**has("asthma", controlled=True), **takes("salbutamol inhaler")},
    "childhood eczema": has("eczema as a child", status="past"),
    "migraine": {**has("migraine"), **takes("sumatriptan")},
    "penicillin allergy": allergic("penicillin"),
    "nut allergy": allergic("peanuts", "walnuts"),
    "irritable bowel": has("irritable bowel syndrome"),
    "reflux": {**has("acid reflux"), **takes("omeprazole")},
    "paracetamol": takes("paracetamol", prescribed=False),
    "vitamin d": takes("vitamin D3"),
    "iron": takes("ferrous sulfate"),
    "appendix out": {"procedures": [{"name": "appendectomy", "date": "2005"}]},
    "wisdom teeth out": {"procedures": [{"name": "wisdom tooth removal", "date": "2015-03"}]},
    "ssri": {**has("anxiety", controlled=True), **takes("sertraline")},
    "folic acid": takes("folic acid"),
    "osteoarthritis": has("osteoarthritis of the knee"),
    "polycystic ovaries": has("polycystic ovary syndrome"),
    "short sight": has("short sighted"),
    "shellfish allergy": allergic("shellfish"),
    "egg allergy": allergic("egg"),
    "latex allergy": allergic("latex"),
    "cat allergy": allergic("cats"),
    "gallbladder out": {"procedures": [{"name": "cholecystectomy", "date": "2012"}]},
    "broken wrist": has("wrist fracture", status="past"),
    "back pain": has("low back pain"),
    "prediabetes": has("prediabetes"),
    "smoker": {"lifestyle": {"smoking": True}},
    "aged 70": {"patient": {"age": 70}},
    "last flu jab": {"procedures": [{"name": "flu vaccination", "date": "2025-10-20"}]},
}


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_patient_may_be_treated(edition: Edition, name: str) -> None:
    screening = screened(edition, **ORDINARY[name])
    assert screening.may_proceed, (screening.statement, [(f.rule, f.severity) for f in screening.findings],
                                   [q.question for q in screening.open_questions])  # fmt: skip


@pytest.mark.parametrize(
    ("name", "area", "fires"),
    [
        ("liposuction", "chin", True), ("liposuction", "neck", True), ("threads", "jawline", True),
        ("liposuction", None, True), ("liposuction", "abdomen", False), ("threads", "forehead", False),
    ],
)  # fmt: skip
def test_what_was_done_beside_the_chin_counts_for_it(
    edition: Edition, name: str, area: str | None, fires: bool
) -> None:
    order = {
        "areas": ["double chin"], "purpose": "cosmetic", "jurisdiction": "GB-ENG",
        "mixture": [{"ingredient": "deoxycholic acid", "concentration": 10, "unit": "mg/mL", "volume_ml": 2}],
    }  # fmt: skip
    done = screened(edition, order=order, procedures=[{"name": name, "area": area, "date": "2019"}])
    assert ("chin-after-surgery" in {f.rule for f in done.findings}) is fires


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        ({"text": "psoriasis of the elbows", "status": "active"}, "koebner-disease-active"),
        ({"text": "psoriasis of the elbows", "status": "active", "controlled": False}, "koebner-disease-active"),
        ({"text": "psoriasis of the elbows", "status": "active", "controlled": True}, "koebner-disease-quiet"),
        ({"text": "psoriasis", "status": "past"}, "koebner-disease-quiet"),
    ],
)
def test_psoriasis_that_is_controlled_is_quiet(edition: Edition, told: dict[str, Any], rule: str) -> None:
    looked_at = {**WOMAN.get("context", {}), "skin_state": []}
    fired = {f.rule for f in screened(edition, conditions=[told], context=looked_at).findings}
    assert fired & {"koebner-disease-active", "koebner-disease-quiet"} == {rule}
