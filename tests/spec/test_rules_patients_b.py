"""Whole patients: skin, scars, sun, procedures, vaccines, dental work, plans and allergies, from answers to verdict."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from nappage.intake import Answers, read
from nappage.knowledge import Edition, load
from nappage.screening import Screening, screen

TODAY = date(2026, 3, 2)
PLANNED = date(2026, 3, 20)


def ago(days: int) -> str:
    return (PLANNED - timedelta(days=days)).isoformat()


def ahead(days: int) -> str:
    return (PLANNED + timedelta(days=days)).isoformat()


def patient(**changes: Any) -> dict[str, Any]:
    """A healthy woman of 35, everything asked, for the cheeks; `order`, `context` and `patient` are merged."""
    answers: dict[str, Any] = {
        "patient": {"birth_date": "1990-06-01", "sex": "female", "pregnancy": "no", "breastfeeding": False,
                    "weight_kg": 62, "phototype": 2},
        "conditions": [], "medications": [], "allergies": [], "procedures": [], "previous_mesotherapy": [],
        "skincare": [], "history_complete": True,
        "context": {"skin_state": ["clear"], "unwell": False, "recent_sun": False, "planned_events": [],
                    "voluntary": True, "expectations": "realistic", "bdd_questionnaire": "negative"},
        "order": {"indication": "facial rejuvenation", "areas": ["cheek"], "technique": "nappage",
                  "mixture": [{"ingredient": "hyaluronic acid", "concentration": 10, "unit": "mg/mL", "volume_ml": 2}],
                  "planned_start": PLANNED.isoformat(), "jurisdiction": "GB-ENG"},
    }  # fmt: skip
    for key, value in changes.items():
        answers[key] = answers[key] | value if isinstance(value, dict) else value
    return answers


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load(TODAY)


def screened(answers: dict[str, Any], edition: Edition) -> Screening:
    return screen(read(Answers.model_validate(answers), edition, TODAY), edition)


def state(*words: str) -> dict[str, Any]:
    return {"context": {"skin_state": list(words)}}


def had(name: str, days: int | str | None, area: str | None = "cheek") -> dict[str, Any]:
    when = ago(days) if isinstance(days, int) else days
    return {"procedures": [{"name": name, "date": when, "area": area}]}


def plans(event: str, days: int | None, area: str | None = None) -> dict[str, Any]:
    return {
        "context": {"planned_events": [{"event": event, "date": None if days is None else ahead(days), "area": area}]}
    }


def ill(text: str, status: str | None = "active") -> dict[str, Any]:
    return {"conditions": [{"text": text, "status": status}]}


def allergic(substance: str, **order: Any) -> dict[str, Any]:
    return {"allergies": [{"substance": substance}]} | ({"order": order} if order else {})


def uses(*ingredients: str) -> dict[str, Any]:
    return {"mixture": [{"ingredient": i} for i in ingredients]}


def day(days_after_event: int, event_days_ago: int) -> date:
    return PLANNED - timedelta(days=event_days_ago) + timedelta(days=days_after_event)


CONTRA, DEFER, HOLD, CARE, CLEAR = (
    "contraindicated", "defer", "needs-clinician-decision", "proceed-with-precautions", "clear",
)  # fmt: skip

CHIN = {"order": {"indication": "submental fat", "areas": ["submental"], **uses("deoxycholic acid")}}

# name, what differs from the healthy patient, verdict, the rule that decides (None: none of them), earliest date
PATIENTS: list[tuple[str, dict[str, Any], str, str | None, date | None]] = [
    ("healthy", {}, CLEAR, None, None),
    ("impetigo in the area", state("impetigo"), CONTRA, "active-skin-infection", None),
    ("ringworm in the area", state("ringworm"), CONTRA, "active-skin-infection", None),
    ("cold sore now", state("cold sore"), CONTRA, "active-herpes", None),
    ("shingles now", state("shingles"), CONTRA, "active-herpes", None),
    ("open wound", state("a cut"), CONTRA, "broken-skin", None),
    ("cold sores before, face", ill("cold sores", "past"), CARE, "cold-sore-history", None),
    ("cold sores before, thighs", ill("cold sores", "past") | {"order": {"areas": ["thighs"]}}, CLEAR, None, None),
    ("pustules", state("pustules"), DEFER, "active-acne", None),
    ("old scars only", state("acne scars"), CLEAR, None, None),
    ("eczema in the area", state("eczema"), DEFER, "active-eczema", None),
    ("active psoriasis elsewhere", ill("psoriasis"), CONTRA, "koebner-disease-active", None),
    ("psoriasis long quiet", ill("psoriasis", "past"), HOLD, "koebner-disease-quiet", None),
    ("rosacea", ill("rosacea"), HOLD, "rosacea", None),
    ("rosacea treated for rosacea", ill("rosacea") | {"order": {"indication": "rosacea"}}, CLEAR, None, None),
    ("rosacea flare treated for rosacea", state("rosacea flare") | {"order": {"indication": "rosacea"}}, HOLD,
     "rosacea", None),
    ("keloid in the past", ill("keloid scar", "past"), CONTRA, "keloid-history", None),
    ("keloid of the mother", ill("mother has keloids", None), HOLD, "keloid-family", None),
    ("keloid denied", ill("keloid", "denied"), CLEAR, None, None),
    ("phototype V", {"patient": {"phototype": 5}}, CARE, "pigment-risk", None),
    ("melasma", ill("melasma"), CARE, "pigment-risk", None),
    ("sunburn on the skin", state("sunburn"), DEFER, "recent-sun", None),
    ("sun 13 days before", {"context": {"recent_sun": ago(13)}}, DEFER, "recent-sun", day(14, 13)),
    ("sun 14 days before", {"context": {"recent_sun": ago(14)}}, CLEAR, None, None),
    ("a cold", {"context": {"unwell": "a cold"}}, DEFER, "unwell", None),
    ("doxycycline", {"medications": [{"name": "doxycycline", "route": "oral", "prescribed": True}]}, CARE,
     "recent-antibiotic", None),
    ("nickel", allergic("nickel"), HOLD, "nickel-allergy", None),
    ("silicone decades ago", had("silicone injections", "1998"), CONTRA, "permanent-filler", None),
    ("silicone elsewhere", had("silicone injections", "1998", "buttocks"), CLEAR, None, None),
    ("filler of a kind nobody knows", had("filler", 900), HOLD, "filler-kind-unknown", None),
    ("laser 13 days", had("laser", 13), DEFER, "recent-laser", day(14, 13)),
    ("laser 14 days", had("laser", 14), HOLD, "laser-two-to-six-weeks", None),
    ("laser 41 days", had("laser", 41), HOLD, "laser-two-to-six-weeks", None),
    ("laser 42 days", had("laser", 42), CLEAR, None, None),
    ("laser on the legs", had("laser", 3, "thighs"), CLEAR, None, None),
    ("light on the legs 20 days", had("IPL", 20, "thighs") | {"order": {"areas": ["thighs"]}}, CLEAR, None, None),
    ("waxed 27 days", had("waxing", 27), DEFER, "recent-hair-removal", day(28, 27)),
    ("waxed 28 days", had("waxing", 28), CLEAR, None, None),
    ("glycolic peel 13 days", had("glycolic peel", 13), DEFER, "recent-peel", day(14, 13)),
    ("glycolic peel 14 days", had("glycolic peel", 14), CLEAR, None, None),
    ("phenol peel 29 days", had("phenol peel", 29), DEFER, "recent-deep-peel", day(30, 29)),
    ("phenol peel 30 days", had("phenol peel", 30), CLEAR, None, None),
    ("some peel 20 days", had("chemical peel", 20), HOLD, "peel-depth-unknown", None),
    ("peel the same day", {"order": {"combined_with": ["chemical peel"]}}, DEFER, "peel-same-visit", None),
    ("dermaroller 13 days", had("dermaroller", 13), DEFER, "recent-microneedling", day(14, 13)),
    ("botox 13 days", had("Botox", 13), DEFER, "recent-botulinum-toxin", day(14, 13)),
    ("botox 14 days", had("Botox", 14), CLEAR, "botulinum-toxin-two-weeks-to-three-months", None),
    ("botox 90 days", had("Botox", 90), CLEAR, "botulinum-toxin-two-weeks-to-three-months", None),
    ("botox 91 days", had("Botox", 91), CLEAR, None, None),
    ("Juvederm 13 days", had("Juvederm", 13), DEFER, "recent-ha-filler", day(14, 13)),
    ("Juvederm 14 days", had("Juvederm", 14), HOLD, "ha-filler-two-weeks-to-six-months", None),
    ("Juvederm 182 days", had("Juvederm", 182), CARE, "ha-filler-six-to-twelve-months", None),
    ("Juvederm 365 days", had("Juvederm", 365), CLEAR, None, None),
    ("facelift 90 days", had("facelift", 90), DEFER, "recent-facial-surgery", day(91, 90)),
    ("facelift 91 days", had("facelift", 91), HOLD, "facial-surgery-within-a-year", None),
    ("tattoo 90 days", had("permanent make-up", 90), DEFER, "recent-tattoo", day(91, 90)),
    ("tattoo 91 days", had("permanent make-up", 91), CLEAR, None, None),
    ("vaccine 13 days", had("flu jab", 13, None), DEFER, "recent-vaccination", day(14, 13)),
    ("vaccine 14 days", had("flu jab", 14, None), HOLD, "vaccination-two-to-four-weeks", None),
    ("vaccine 28 days", had("flu jab", 28, None), CLEAR, None, None),
    ("vaccine planned in 13 days", plans("flu jab", 13), DEFER, "vaccination-planned",
     PLANNED + timedelta(days=27)),
    ("vaccine planned in 14 days", plans("flu jab", 14), CLEAR, None, None),
    ("vaccine planned for before the session", plans("flu jab", -5), DEFER, "recent-vaccination", day(14, 5)),
    ("tooth out 13 days", had("tooth extraction", 13, None), DEFER, "recent-dental-work", day(14, 13)),
    ("tooth out 30 days", had("tooth extraction", 30, None), CLEAR, None, None),
    ("tooth out, thighs treated", had("tooth extraction", 3, None) | {"order": {"areas": ["thighs"]}}, CLEAR, None,
     None),
    ("dentist in 5 days", plans("dentist", 5), DEFER, "dental-work-planned", PLANNED + timedelta(days=19)),
    ("beach in 13 days after a gel", plans("beach holiday", 13), CARE, "sun-or-heat-planned", None),
    ("beach in 14 days after a gel", plans("beach holiday", 14), CLEAR, None, None),
    ("match the next day", plans("football match", 1), CARE, "sport-planned", None),
    ("match in two days", plans("football match", 2), CLEAR, None, None),
    ("swimming in 6 days", plans("swimming", 6), CARE, "swimming-planned", None),
    ("laser planned in 10 days", plans("laser", 10, "face"), CARE, "treatment-planned", None),
    ("laser planned for the legs", plans("laser", 10, "thighs"), CLEAR, None, None),
    ("lidocaine, not in the order", allergic("lidocaine"), CLEAR, None, None),
    ("lidocaine, in the order", allergic("lidocaine", **uses("hyaluronic acid", "lidocaine")), CONTRA,
     "amide-anaesthetic-allergy", None),
    ("lidocaine, mepivacaine ordered", allergic("lidocaine", **uses("mepivacaine")), CONTRA,
     "amide-anaesthetic-allergy", None),
    ("procaine, lidocaine ordered", allergic("procaine", **uses("lidocaine")), CARE, "ester-allergy-amide-vial", None),
    ("procaine, in the order", allergic("procaine", **uses("procaine")), CONTRA, "ester-anaesthetic-allergy", None),
    ("fish and polynucleotides", allergic("fish", **uses("polynucleotide")), CONTRA, "fish-allergy", None),
    ("prawns and polynucleotides", allergic("prawns", **uses("polynucleotide")), HOLD, "shellfish-allergy", None),
    ("filler in the cheek, cheekbone treated", had("Juvederm", 5) | {"order": {"areas": ["malar"]}}, DEFER,
     "recent-ha-filler", day(14, 5)),
    ("fish and hyaluronic acid", allergic("salmon"), CLEAR, None, None),
    ("soy and phosphatidylcholine", allergic("soy", **uses("phosphatidylcholine")), CONTRA, "soy-allergy", None),
    ("wasps and hyaluronidase", allergic("wasp venom", **uses("hyaluronidase")), CONTRA,
     "venom-allergy-hyaluronidase", None),
    ("chlorhexidine", allergic("chlorhexidine"), CARE, "chlorhexidine-allergy", None),
    ("hyaluronic acid", allergic("hyaluronic acid"), CONTRA, "hyaluronic-acid-allergy", None),
    ("sulfite and adrenaline", allergic("sulfites", **uses("lidocaine", "adrenaline")), CONTRA, "sulfite-allergy",
     None),
    ("sulfite, list not read", allergic("sulfites"), DEFER, "excipients-not-read", None),
    ("vitamin C, in the order", allergic("vitamin C", **uses("ascorbic acid")), CONTRA, "allergy-to-an-ingredient",
     None),
    ("aspirin and ketoprofen", allergic("aspirin", **uses("ketoprofen")), CONTRA, "nsaid-reaction", None),
    ("unclear at the dentist", allergic("fainted at the dentist", **uses("lidocaine")), HOLD,
     "anaesthetic-reaction-unclear", None),
    ("tooth abscess", ill("dental abscess"), DEFER, "dental-infection", None),
    ("wine tasting the next day", plans("wine tasting", 1), CARE, "alcohol-planned", None),
    ("wine tasting in two days", plans("wine tasting", 2), CLEAR, None, None),
    ("toxin planned in 13 days", plans("Botox", 13, "face"), CARE, "injectable-planned", None),
    ("toxin planned in 14 days", plans("Botox", 14, "face"), CLEAR, None, None),
    ("tooth out 14 days", had("tooth extraction", 14, None), HOLD, "dental-work-two-weeks-to-a-month", None),
    ("athlete's foot", ill("athlete's foot"), CARE, "skin-infection-listed", None),
    ("psoralen tablets", {"medications": [{"name": "methoxsalen", "route": "oral", "prescribed": True}]}, CARE,
     "photosensitising-medicine", None),
    ("parabens and procaine", allergic("parabens", **uses("procaine")), CONTRA, "paraben-allergy", None),
    ("egg and phosphatidylcholine", allergic("egg", **uses("phosphatidylcholine")), CONTRA, "egg-allergy", None),
    ("chamomile and arnica", allergic("chamomile", **uses("arnica")), CONTRA, "daisy-family-allergy", None),
    ("benzyl alcohol and deoxycholate", allergic("benzyl alcohol", **uses("deoxycholic acid")), CONTRA,
     "benzyl-alcohol-allergy", None),
    ("under the chin", CHIN, CLEAR, "chin-fullness-causes", None),
    ("under the chin, once operated", CHIN | had("liposuction", 3000, "submental"), HOLD, "chin-after-surgery", None),
    ("under the chin, with a laser", {"order": CHIN["order"] | {"combined_with": ["laser"]}}, CARE,
     "device-with-fat-dissolving", None),
    ("penicillin", allergic("penicillin"), CLEAR, None, None),
    ("no known allergies", allergic("none known"), CLEAR, None, None),
]  # fmt: skip

# Rules of other topics that the substances used above bring along; not what is tested here.
OWN = {rule for _, _, _, rule, _ in PATIENTS if rule}
# Words for several things: what they stand for is asked beside the finding.
ASKED = {"filler of a kind nobody knows"}


@pytest.mark.parametrize("name, changes, verdict, rule, earliest", PATIENTS, ids=[p[0] for p in PATIENTS])
def test_patient(
    name: str, changes: dict[str, Any], verdict: str, rule: str | None, earliest: date | None, edition: Edition
) -> None:
    result = screened(patient(**changes), edition)
    fired = {f.rule: f for f in result.findings}
    if rule is None:
        assert not OWN & set(fired)
    else:
        assert rule in fired
        assert fired[rule].earliest_date == earliest
        if verdict == DEFER and result.verdict == DEFER:
            assert result.earliest_date == earliest
    assert result.verdict == verdict, [(f.rule, f.severity) for f in result.findings]
    assert result.incomplete is (name in ASKED), [q.question for q in result.open_questions]


def test_the_list_never_asked_leaves_it_open(edition: Edition) -> None:
    for missing in ("procedures", "allergies", "conditions"):
        answers = patient(history_complete=False)
        del answers[missing]
        result = screened(answers, edition)
        assert result.incomplete
        assert missing in {q.topic for q in result.open_questions}


def test_skin_never_looked_at_leaves_it_open(edition: Edition) -> None:
    result = screened(patient(history_complete=False, context={"skin_state": None}), edition)
    assert result.incomplete
    assert "skin-state" in {q.topic for q in result.open_questions}


def test_sun_never_asked_is_asked(edition: Edition) -> None:
    result = screened(patient(history_complete=False, context={"recent_sun": None}), edition)
    topics = {q.topic for q in result.open_questions}
    assert "recent_sun" in topics
    assert "intense_sun_days" not in topics


def test_an_event_without_a_date_is_asked_for_its_day(edition: Edition) -> None:
    for changes in (had("laser", None), plans("flu jab", None)):
        result = screened(patient(**changes), edition)
        assert result.incomplete
        assert any(q.topic == "date" and q.quote for q in result.open_questions)


def test_an_allergy_and_an_order_without_contents_wait_for_the_order(edition: Edition) -> None:
    result = screened(patient(allergies=[{"substance": "lidocaine"}], order={"mixture": []}), edition)
    assert {"amide-anaesthetic-allergy", "allergy-to-an-ingredient"} <= {q.rule for q in result.order_questions}
    assert "amide-anaesthetic-allergy" not in {f.rule for f in result.findings}


def test_an_allergy_to_any_ingredient_of_the_order_counts(edition: Edition) -> None:
    result = screened(patient(**allergic("tranexamic acid", **uses("tranexamic acid"))), edition)
    assert "allergy-to-an-ingredient" in {f.rule for f in result.findings}


def test_a_month_alone_is_read_on_the_safe_side(edition: Edition) -> None:
    """A laser "in March", told for a session on 20 March, is past and may have been the same day."""
    result = screened(patient(**had("laser", "2026-03")), edition)
    assert "recent-laser" in {f.rule for f in result.findings}


def test_dissent_is_shown_with_what_it_would_have_said(edition: Edition) -> None:
    result = screened(patient(**had("Botox", 40)), edition)
    finding = next(f for f in result.findings if f.rule == "botulinum-toxin-two-weeks-to-three-months")
    assert {d.position: d.says for d in finding.dissent} == {
        "two-weeks-suffice": "none", "clinician-decides": "relative-contraindication",
    }  # fmt: skip
    assert {c.ref for c in finding.sources} == {"CARR", "CGATE", "MNSISU"}
