"""Illnesses and allergens in French, German, Spanish, Italian and a few more, and codes that were put right."""

from datetime import date

import pytest

from nappage.intake.concepts import Dictionary
from nappage.knowledge import load

EDITION = load(date(2026, 11, 25))


def read(kind: str, topic: str, text: str) -> tuple[frozenset[str], bool]:
    """The concepts of a line, and whether anything about it is asked."""
    line = Dictionary.of(EDITION, kind).line(text, {}, topic)
    asked = bool(line.unread) or any(part.guess for part in line.parts)
    return frozenset().union(*(part.concepts for part in line.parts)), asked


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("hémophilie A", "haemophilia"),
        ("Hämophilie", "haemophilia"),
        ("Bluthochdruck", "hypertension"),
        ("HTA", "hypertension"),
        ("diabète de type 2", "diabetes-type-2"),
        ("Typ-1-Diabetes", "diabetes-type-1"),
        ("sclérose en plaques", "multiple-sclerosis"),
        ("esclerosis múltiple", "multiple-sclerosis"),
        ("Lungenembolie", "pulmonary-embolism"),
        ("tiefe Beinvenenthrombose", "dvt"),
        ("Vorhofflimmern", "atrial-fibrillation"),
        ("infarto de miocardio", "myocardial-infarction"),
        ("Herzschrittmacher", "pacemaker"),
        ("AVC en 2019", "stroke"),
        ("enceinte de 3 mois", "pregnancy"),
        ("schwanger", "pregnancy"),
        ("embarazada", "pregnancy"),
        ("incinta", "pregnancy"),
        ("herpès labial", "recurrent-herpes-labialis"),
        ("Gürtelrose", "herpes-zoster"),
        ("cicatrices chéloïdes", "keloid"),
        ("queloides", "keloid"),
        ("Schuppenflechte", "psoriasis"),
        ("łuszczyca", "psoriasis"),
        ("sedef hastalığı", "psoriasis"),
        ("épilepsie", "epilepsy"),
        ("melanoma", "malignant-neoplasm"),
        ("Brustkrebs", "malignant-neoplasm"),
        ("porphyrie", "porphyria"),
        ("déficit en G6PD", "g6pd-deficiency"),
        ("myasthénie", "myasthenia-gravis"),
        ("Niereninsuffizienz", "chronic-kidney-disease"),
        ("cirrosis hepática", "severe-liver-disease"),
        ("VIH", "hiv"),
        ("dysmorphophobie", "body-dysmorphic-disorder"),
    ],
)
def test_illnesses_in_other_languages(text: str, concept: str) -> None:
    found, asked = read("conditions", "conditions", text)
    assert concept in found
    assert not asked


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("lidocaïne", "local-anaesthetic-amide"),
        ("Procain", "local-anaesthetic-ester"),
        ("anestesia local", "local-anaesthetic"),
        ("Latexhandschuhe", "latex"),
        ("allergie au latex", "latex"),
        ("clorhexidina", "chlorhexidine"),
        ("Betaisodona", "povidone-iodine"),
        ("alcohol swabs", "alcohol-swab"),
        ("Heftpflaster", "adhesive"),
        ("poisson", "fish"),
        ("Lachs", "fish"),
        ("salmon sperm", "fish"),
        ("œufs", "egg"),
        ("soy phosphatidylcholine", "lecithin"),
        ("venin d'abeille", "bee-venom"),
        ("picadura de abeja", "bee-venom"),
        ("bovine collagen", "bovine-protein"),
        ("mannitolo", "mannitol"),
        ("Benzylalkohol", "benzyl-alcohol"),
        ("parabènes", "parabens"),
        ("métabisulfite", "sulfite"),
        ("edetate disodium", "edetate"),
        ("Polysorbat 80", "polysorbate"),
        ("silanol", "silicium"),
        ("gram-positive bacterial proteins", "streptococcal-protein"),
        ("amoxicilline", "penicillin"),
        ("AINS", "nsaid"),
        ("Nickelallergie", "nickel"),
    ],
)
def test_allergens_in_other_languages(text: str, concept: str) -> None:
    found, asked = read("allergens", "allergies", text)
    assert concept in found
    assert not asked


@pytest.mark.parametrize("text", ["since Sep 2019", "the area around my lips", "les yeux", "a sole pain in the foot"])
def test_short_words_of_other_languages_name_no_illness_in_english(text: str) -> None:
    found, _ = read("conditions", "conditions", text)
    assert not found & {"multiple-sclerosis", "herpes-zoster", "systemic-lupus", "thrombocytopenia"}


@pytest.mark.parametrize(
    ("system", "code", "concept", "other"),
    [
        ("snomed", "8517006", "negative-finding", "smoking"),  # former smoker
        ("icd10", "Z87.891", "negative-finding", "smoking"),
        ("icd10", "E55.9", "nutrition", "anaemia"),
        ("icd10", "D74.9", "methaemoglobinaemia", "anaemia"),
    ],
)
def test_codes_that_were_put_right(system: str, code: str, concept: str, other: str) -> None:
    seen = Dictionary.of(EDITION, "conditions").recognise("", {system: code})
    assert concept in seen.concepts
    assert other not in seen.concepts
