"""Invented patients: names, histories and concerns drawn by a generator with a fixed seed. Nobody here exists; phone
numbers are of the range kept free for fiction in France, addresses end in .test."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

_WOMEN = [
    "Adèle",
    "Inès",
    "Maud",
    "Salomé",
    "Capucine",
    "Lilou",
    "Anouk",
    "Solène",
    "Maïwenn",
    "Yasmina",
    "Fatou",
    "Priya",
    "Agnieszka",
    "Leïla",
    "Oriane",
    "Ximena",
    "Ingrid",
    "Noor",
    "Tamsin",
    "Beatriz",
    "Élodie",
    "Camille",
    "Hortense",
    "Violette",
    "Mei",
]
_MEN = [
    "Anselme",
    "Bastien",
    "Corentin",
    "Dimitri",
    "Émile",
    "Farid",
    "Gaspard",
    "Hakim",
    "Ivo",
    "Jules",
    "Kwame",
    "Luca",
    "Mateus",
    "Nils",
    "Oscar",
]
_FAMILIES = [
    "Aubrac",
    "Belcourt",
    "Carvin",
    "Delorge",
    "Estève",
    "Fauvel",
    "Garrigue",
    "Hautbois",
    "Ivanec",
    "Jalabert",
    "Kerbrat",
    "Lanoë",
    "Marchadier",
    "Nivelle",
    "Oudart",
    "Plessis",
    "Quéméner",
    "Roubaud",
    "Sauvaire",
    "Tavernel",
    "Ursin",
    "Vasseur",
    "Wartel",
    "Xaintrie",
    "Ybert",
    "Zéphir",
    "Almeida",
    "Bauer",
    "Castellan",
    "Drozd",
    "Eriksen",
    "Fontanel",
]


@dataclass(frozen=True)
class Story:
    """One kind of patient: what they answer beyond the ordinary, what bothers them, and how far they have come."""

    says: dict[str, Any] = field(default_factory=dict)
    concerns: tuple[str, ...] = ("fine lines",)
    goals: str = "fresher skin"
    sex: str = "female"
    years: tuple[int, int] = (28, 62)


def _takes(name: str, **more: Any) -> dict[str, Any]:
    return {"medications": [{"name": name, "prescribed": True, **more}]}


def _has(text: str, **more: Any) -> dict[str, Any]:
    return {"conditions": [{"text": text, "status": "active", **more}]}


STORIES: tuple[Story, ...] = (
    Story(),
    Story(_takes("warfarin", started="2023", reason="atrial fibrillation") | _has("atrial fibrillation")),
    Story({"patient": {"pregnancy": "yes"}}, years=(27, 38)),
    Story(_takes("levothyroxine 75 µg") | _has("hypothyroidism"), goals="fewer fine lines around the eyes"),
    Story(_takes("Roaccutane", stopped="2026-09"), ("acne scars",), "smoother cheeks", years=(20, 30)),
    Story({"allergies": [{"substance": "lidocaine", "reaction": "rash"}]}),
    Story(_has("cold sores now and then"), goals="softer lines around the mouth"),
    Story({}, ("hair loss",), "thicker hair", "male", (26, 48)),
    Story(_has("type 2 diabetes", controlled=True) | _takes("metformin")),
    Story({"medications": [{"name": "aspirin 100 mg", "prescribed": False, "reason": "for the heart, by myself"}]}),
    Story(_has("keloid scar on the shoulder")),
    Story({"patient": {"breastfeeding": True}}, years=(26, 38)),
    Story({"procedures": [{"name": "hyaluronic acid filler", "area": "cheeks", "date": "2026-10-20"}]}),
    Story(_has("lupus") | _takes("hydroxychloroquine")),
    Story({}, ("melasma",), "a more even colour", years=(30, 50)),
    Story({"needle_fear": True}),
    Story({}, ("cellulite",), "smoother thighs"),
    Story({"medications": [{"name": "omega 3 capsules", "prescribed": False}]}),
    Story(_has("epilepsy", controlled=True) | _takes("lamotrigine")),
    Story({"context": {"planned_events": [{"event": "wedding", "date": "2027-05-15"}]}}, goals="ready for a wedding"),
)


@dataclass(frozen=True)
class Person:
    name: str
    birth_date: date
    sex: str
    phone: str
    email: str
    language: str
    answers: dict[str, Any]


def people(count: int, on: date, seed: int = 20261125) -> tuple[Person, ...]:
    """That many patients, the stories in turn; the same for the same seed and day."""
    dice = random.Random(seed)
    names = {"female": list(_WOMEN), "male": list(_MEN)}
    families = list(_FAMILIES) * 2
    for pool in (*names.values(), families):
        dice.shuffle(pool)
    made = []
    for number in range(count):
        story = STORIES[number % len(STORIES)]
        first = names[story.sex][number % len(names[story.sex])]
        family = families[number]
        born = on - timedelta(days=dice.randint(*(365 * year for year in story.years)) + dice.randint(0, 364))
        made.append(
            Person(
                name=f"{first} {family}",
                birth_date=born,
                sex=story.sex,
                phone=f"+33 1 99 00 {dice.randint(10, 99)} {dice.randint(10, 99)}",
                email=f"patient{number + 1:02}@demo.test",
                language="fr" if dice.random() < 0.4 else "en",
                answers=_answers(story, first, family, born, dice),
            )
        )
    return tuple(made)


def _answers(story: Story, first: str, family: str, born: date, dice: random.Random) -> dict[str, Any]:
    ordinary: dict[str, Any] = {
        "patient": {
            "name": f"{first} {family}", "birth_date": born.isoformat(), "sex": story.sex,
            "weight_kg": dice.randint(52, 92), "phototype": dice.randint(2, 4),
            **({"pregnancy": "no", "breastfeeding": False} if story.sex == "female" else {}),
        },
        "conditions": [], "medications": [], "allergies": [], "procedures": [], "previous_mesotherapy": [],
        "skincare": [{"product": "sunscreen", "frequency": "daily"}],
        "lifestyle": {"smoking": False, "alcohol": "occasional", "sun": "moderate", "sunbeds": False},
        "needle_fear": False,
        "context": {
            "skin_state": [], "unwell": False, "recent_sun": False, "planned_events": [], "voluntary": True,
            "expectations": "realistic", "bdd_questionnaire": "negative",
        },
        "goals": [story.goals], "concerns": list(story.concerns), "history_complete": True,
    }  # fmt: skip
    for key, value in story.says.items():
        ordinary[key] = {**ordinary[key], **value} if isinstance(value, dict) else value
    return ordinary


# What a face course is drafted from, as an injector would enter it.
FACE_ORDER: dict[str, Any] = {
    "indication": "facial rejuvenation",
    "areas": ["cheeks", "crow's feet", "jawline"],
    "technique": "papule",
    "mixture": [{"product": "NCTF 135 HA", "volume_ml": "3"}],
    "spacing_mm": "10",
    "inserted_mm": "2",
    "angle_deg": "30",
    "needle_mm": "4",
    "syringe_ml": "1",
    "map": {"aim": "field"},
    "protocol": "facial-rejuvenation",
    "visit_minutes": 30,
    "purpose": "cosmetic",
    "accepted_without_ceiling": dict.fromkeys(
        ("amino acids", "coenzymes", "hyaluronic acid", "minerals", "vitamin complex"),
        "One vial a session; our usual product",
    ),
}
