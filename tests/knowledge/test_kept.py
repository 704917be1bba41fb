"""What a clinic relies on stays: each line of the sheet, each interval, each regimen, each rule of conduct.

Every record of these kinds is held by what it does; one that is removed, or says another figure, fails here.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from nappage.aftercare import Treatment, advise
from nappage.course import Request, plan_course
from nappage.intake import Answers, read
from nappage.knowledge import load
from nappage.screening import screen

ON = date(2026, 3, 2)
EDITION = load(ON)
START = date(2026, 3, 20)

# Lines that everyone gets.
EVERYONE = [
    "about-choices",
    "about-combining",
    "about-comfort",
    "about-consultation",
    "about-cost",
    "about-evidence",
    "about-how",
    "about-ingredients",
    "about-pigment-acne",
    "about-practitioner",
    "about-recovery",
    "about-results",
    "about-satisfaction",
    "about-skin",
    "about-time",
    "about-treatment",
    "about-uses",
    "after-alcohol",
    "after-arnica",
    "after-course",
    "after-downtime",
    "after-exercise",
    "after-flight",
    "after-heat",
    "after-laser",
    "after-massage",
    "after-other-procedure",
    "after-retinoid",
    "after-sun",
    "after-swimming",
    "after-touching",
    "after-vaccines",
    "before-alcohol",
    "before-arrival",
    "before-event",
    "before-prescribed-medicines",
    "before-retinoid",
    "before-self-bought-painkillers",
    "before-skincare-list",
    "before-supplements",
    "before-tell-us",
    "during-tell-us",
    "during-what-happens",
    "normal-blebs",
    "normal-bruise",
    "normal-itch",
    "normal-numbness",
    "normal-redness",
    "normal-tenderness",
    "warning-allergy",
    "warning-chest",
    "warning-contact",
    "warning-dark-patch",
    "warning-eye",
    "warning-firm-papules",
    "warning-follicles",
    "warning-haematoma",
    "warning-hives",
    "warning-infection",
    "warning-late-lump",
    "warning-nausea",
    "warning-necrosis",
    "warning-sepsis",
    "warning-vessel",
    "warning-worsening",
]
# What is added by what is done, and where.
TREATMENTS = {
    "a plain product, face": (
        {
            "ingredients": ("ascorbic-acid", "vitamin"),
            "products": ("x",),
            "technique": "papule",
            "areas": ("face", "head-neck"),
            "sex": "female",
        },
        ["after-makeup", "after-washing", "warning-cold-sore", "warning-dark-urine"],
    ),
    "a gel, face": (
        {
            "ingredients": ("hyaluronic-acid", "ha-gel"),
            "technique": "hydrolifting",
            "areas": ("face", "head-neck"),
            "sex": "male",
        },
        [
            "after-heat-gel",
            "after-makeup",
            "after-shaving",
            "after-sun-gel",
            "after-swimming-gel",
            "after-washing",
            "before-shaving",
            "warning-cold-sore",
            "warning-late-swelling",
        ],
    ),
    "fat dissolving, chin": (
        {
            "ingredients": ("deoxycholic-acid", "fat-dissolving"),
            "technique": "point-by-point",
            "areas": ("submental", "head-neck"),
            "sex": "female",
        },
        [
            "after-devices-fat",
            "after-makeup",
            "after-washing",
            "normal-fat",
            "warning-liver",
            "warning-swallowing",
            "warning-thyroid",
        ],
    ),
    "scalp": (
        {
            "ingredients": ("minoxidil", "biotin", "vitamin"),
            "technique": "nappage",
            "areas": ("scalp", "head-neck"),
            "sex": "male",
        },
        ["after-biotin-card", "after-makeup", "after-washing-scalp", "before-scalp-wash", "warning-hair"],
    ),
    "tranexamic acid, face": (
        {
            "ingredients": ("tranexamic-acid", "antifibrinolytic"),
            "technique": "papule",
            "areas": ("face", "head-neck"),
            "sex": "female",
        },
        ["after-makeup", "after-washing", "warning-cold-sore", "warning-vision-txa"],
    ),
    "ketoprofen, lower back": (
        {
            "ingredients": ("ketoprofen", "nsaid"),
            "technique": "point-by-point",
            "areas": ("lower-back", "back", "body"),
            "sex": "male",
            "purpose": "medical",
        },
        ["after-clothing", "after-ketoprofen-sun", "after-washing", "warning-pneumothorax"],
    ),
    "numbing cream, face": (
        {
            "ingredients": ("lidocaine", "prilocaine", "local-anaesthetic", "lidocaine-prilocaine-cream"),
            "technique": "papule",
            "areas": ("face", "head-neck"),
            "sex": "female",
        },
        [
            "after-makeup",
            "after-washing",
            "before-numbing-cream",
            "warning-anaesthetic",
            "warning-blue",
            "warning-cold-sore",
        ],
    ),
    "dutasteride, scalp": (
        {"ingredients": ("dutasteride",), "technique": "nappage", "areas": ("scalp", "head-neck"), "sex": "male"},
        ["after-blood-donation", "after-makeup", "after-washing-scalp", "before-scalp-wash", "warning-hair"],
    ),
}


@pytest.mark.parametrize("name", TREATMENTS)
def test_the_sheet_has_these_lines_and_no_others(name: str) -> None:
    treatment, added = TREATMENTS[name]
    sheet = advise(Treatment(start=START, **treatment), EDITION)
    warnings = (line for warning in sheet.warnings for line in warning.lines)
    found = {line.id for line in (*sheet.about, *sheet.before, *sheet.during, *sheet.after, *sheet.normal, *warnings)}
    assert found == set(EVERYONE) | set(added)


def test_every_line_is_on_somebodys_sheet() -> None:
    assert set(EDITION.advice) == set(EVERYONE).union(*(added for _, added in TREATMENTS.values()))


# Days from the event to the session, and from the session to the event; None: no such interval is published.
INTERVALS = {
    "bleaching": (28, None),
    "botox": (14, 14),
    "glycolic peel": (14, 14),
    "deep peel": (30, None),
    "dental work": (14, 14),
    "depilatory cream": (28, None),
    "electrolysis": (28, 14),
    "facial": (14, 14),
    "facelift": (91, None),
    "fractional laser": (None, 28),
    "filler": (14, 14),
    "hot bath": (None, 2),
    "ipl": (42, 14),
    "laser": (42, 14),
    "microdermabrasion": (14, None),
    "microneedling": (14, 14),
    "wedding": (None, 14),
    "sport": (None, 2),
    "beach holiday": (None, 2),
    "swimming": (None, 7),
    "tattoo": (91, None),
    "flu jab": (21, 14),
    "waxing": (28, None),
}


def proposed(event: str, day: date) -> str:
    request = {
        "regimen": {"sessions": 1}, "proposed": [START], "areas": ["face"],
        "constraints": {"events": [{"event": event, "date": day}]},
    }  # fmt: skip
    return plan_course(Request.model_validate(request), EDITION).verdict


@pytest.mark.parametrize("event", INTERVALS)
def test_an_interval_holds_to_the_day(event: str) -> None:
    before, after = INTERVALS[event]
    if before is not None:
        assert proposed(event, START - timedelta(days=before)) == "accepted"
        assert proposed(event, START - timedelta(days=before - 1)) == "refused"
    if after is not None:
        assert proposed(event, START + timedelta(days=after)) == "accepted"
        assert proposed(event, START + timedelta(days=after - 1)) == "refused"


# Days from the first session, by the regimen that is adopted.
REGIMENS = {
    "acne-scars": [0, 21, 42],
    "androgenetic-alopecia-dutasteride": [0, 92, 184, 275, 365],
    "androgenetic-alopecia-minoxidil": [0, 7, 14, 21, 28, 35, 42, 49, 56, 63],
    "androgenetic-alopecia-nutrients": [0, 15, 30, 45, 60, 75, 90, 105],
    "androgenetic-alopecia-prp": [0, 30, 60],
    "body-fat": [0, 56, 112, 168],
    "cellulite": [0, 7, 14, 21, 28, 35, 42, 49, 56, 63],
    "facial-rejuvenation": [0, 21, 42, 133],
    "hands": [0, 28, 56, 224],
    "melasma": [0, 14, 28, 42, 56, 70],
    "musculoskeletal-pain": [0],
    "polynucleotide-face": [0, 21, 42],
    "rosacea": [0, 30, 60, 152],
    "stretch-marks": [0, 21, 42, 63, 84, 105],
    "submental-fat": [0],
}


@pytest.mark.parametrize("protocol", REGIMENS)
def test_the_adopted_regimen(protocol: str) -> None:
    course = plan_course(Request.model_validate({"protocol": protocol, "start": ON}), EDITION)
    assert [(session.date - ON).days for session in course.sessions] == REGIMENS[protocol]


def test_every_protocol_is_among_them() -> None:
    assert set(REGIMENS) == set(EDITION.protocols)


@pytest.mark.parametrize(
    ("substance", "length"), [("dutasteride", 7), ("phosphatidylcholine", 28), ("tranexamic acid", 14)]
)
def test_a_substance_keeps_its_distance(substance: str, length: int) -> None:
    for days, verdict in ((length, "accepted"), (length - 1, "refused")):
        request = {
            "regimen": {"offsets": [0, days]}, "proposed": [START, START + timedelta(days=days)],
            "ingredients": [substance], "purpose": "medical",
        }  # fmt: skip
        assert plan_course(Request.model_validate(request), EDITION).verdict == verdict, days


def screened(order: dict, **answers):
    given = {
        "patient": {"age": 40, "sex": "male", "weight_kg": 80}, "history_complete": True,
        "order": {"areas": ["face"], "technique": "papule", "planned_start": START, "points": 10, **order}, **answers,
    }  # fmt: skip
    return screen(read(Answers.model_validate(given), EDITION, ON), EDITION)


CHECKLIST = [
    "adverse-event-report",
    "batch-label",
    "body-dysmorphia-questionnaire",
    "consent",
    "cooling-off",
    "depth",
    "dissatisfied-after-procedures",
    "emergency-adrenaline",
    "emergency-kit",
    "england-licensing",
    "fit-to-consent",
    "linked-late-lumps",
    "multi-dose-vial",
    "off-label-reason",
    "one-needle-one-patient",
    "photograph-consent",
    "practitioner",
    "prescriber-seen",
    "product-authorisation",
    "product-intact",
    "record-keeping",
    "session-record",
    "shared-needle",
    "skin-antisepsis",
    "sterile-product",
]


def test_the_checklist_of_a_plain_session() -> None:
    order = {"indication": "facial rejuvenation", "mixture": [{"product": "NCTF 135 HA", "volume_ml": 3}]}
    assert {item.rule for item in screened(order).checklist} == set(CHECKLIST)


@pytest.mark.parametrize(
    ("ingredient", "answers", "rule"),
    [
        ("adrenaline", {"conditions": [{"text": "angina", "status": "active"}]}, "adrenaline-heart"),
        ("pentoxifylline", {}, "pentoxifylline"),
        ("phosphatidylcholine", {"context": {"jurisdiction": "BR"}}, "fat-dissolving-brazil"),
        ("ketoprofen", {"medications": [{"name": "ketoprofen 100 mg tablets"}]}, "ketoprofen-daily-total"),
        ("ketoprofen", {"conditions": [{"text": "aspirin asthma"}]}, "nsaid-ingredient-aspirin-asthma"),
    ],
)
def test_a_rule_about_what_is_in_the_syringe(ingredient: str, answers: dict, rule: str) -> None:
    order = {"indication": "facial rejuvenation", "mixture": [{"ingredient": ingredient, "volume_ml": 1}]}
    assert rule in {finding.rule for finding in screened(order, **answers).findings}


def test_deoxycholic_acid_asks_for_the_landmarks() -> None:
    order = {"indication": "submental fat", "areas": ["submental"], "mixture": [{"product": "Kybella", "volume_ml": 2}]}
    assert "deoxycholic-acid-landmarks" in {item.rule for item in screened(order).checklist}
