"""The hundred sample patients: what the index says of each, what was read, and what fired.

`python -m tests.samples` writes the table in docs/reference/sample-patients.md; a test holds the two together.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from nappage import fhir
from nappage.intake import Answers, Facts, read
from nappage.knowledge import load
from nappage.rules import facts_of
from nappage.screening import Screening, screen

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "data" / "fhir-sample"
TABLE = ROOT / "docs" / "reference" / "sample-patients.md"
ON = date(2021, 6, 1)
EDITION = load(ON)

# Which fact speaks to which tag of the index.
FACT_OF_TAG = {
    "anticoagulant": "anticoagulant_ever",
    "antiplatelet": "antiplatelet_ever",
    "asthma": "asthma",
    "autoimmune": "autoimmune_disease",
    "cancer": "cancer",
    "diabetes": "diabetes",
    "egg_fish_bee_nut": "food_or_sting_allergy",
    "epilepsy": "epilepsy",
    "heart": "heart_disease",
    "hormonal": "hormonal_medicine_ever",
    "hypertension": "hypertension",
    "latex": "latex_allergy",
    "nsaid": "nsaid_ever",
    "opioid": "opioid_ever",
    "pregnancy": "pregnancy_ever",
    "renal": "kidney_disease",
    "skin": "eczema",
    "steroid": "corticosteroid_systemic_ever",
}
# Where reading and index differ, and why the reading stands.
EXCEPTIONS = {
    ("patient-002", "opioid"): "entry names meperidine, an opioid; the index has no tag for it",
    ("patient-022", "opioid"): "entry names meperidine, an opioid; the index has no tag for it",
    ("patient-042", "opioid"): "entry names meperidine, an opioid; the index has no tag for it",
}
CLEAN = Answers.model_validate(
    {
        "history_complete": True,
        "patient": {"pregnancy": "no", "breastfeeding": False},
        "context": {
            "skin_state": [], "unwell": False, "planned_events": [], "voluntary": True,
            "expectations": "realistic", "bdd_questionnaire": "negative",
        },
        "order": {
            "indication": "facial rejuvenation", "areas": ["face"], "technique": "papule",
            "mixture": [{"product": "NCTF 135 HA", "volume_ml": 3}], "points": 100, "volume_per_point_ml": 0.03,
            "planned_start": "2021-06-01",
        },
    }
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    name: str
    tags: frozenset[str]
    deceased: bool
    alone: Facts
    alone_screening: Screening
    merged: Facts
    merged_screening: Screening


@cache
def samples() -> tuple[Sample, ...]:
    """All hundred, read alone and merged with clean answers, on 1 June 2021."""
    return tuple(_samples())


def _samples() -> Iterator[Sample]:
    with (FOLDER / "index.csv").open() as file:
        for row in csv.DictReader(file):
            name, bundle = fhir.read_bundle(str(FOLDER / row["file"]))
            record = fhir.to_answers(bundle, name)
            alone = read(fhir.with_record(Answers(), record), EDITION, ON)
            merged = read(fhir.with_record(CLEAN, record), EDITION, ON)
            yield Sample(
                name=row["file"].removesuffix(".json.gz"),
                tags=frozenset(filter(None, row["tags"].split(";"))),
                deceased=row["deceased"] == "1",
                alone=alone,
                alone_screening=screen(alone, EDITION),
                merged=merged,
                merged_screening=screen(merged, EDITION),
            )


def rules_on(fact: str) -> frozenset[str]:
    """Rules whose finding would be about the same thing as a fact: they read a fact of the same concepts."""
    derive = EDITION.facts[fact].derive
    key = next(k for k in ("medication", "condition", "allergy") if k in derive)
    wanted = set(derive[key])
    near = {
        name
        for name, other in EDITION.facts.items()
        if any(set(_up(EDITION, key, concept)) & wanted for concept in other.derive.get(key, ()))
    }
    if "pregnancy" in wanted:
        near.add("pregnancy")
    return frozenset(
        rule.id
        for rule in EDITION.rules.values()
        if rule.adopted.when and facts_of(EDITION.condition(rule.adopted.when)) & near
    )


def _up(edition, key: str, concept: str) -> Iterator[str]:
    known = {"medication": edition.medicines, "condition": edition.conditions, "allergy": edition.allergens}[key]
    yield concept
    for parent in known[concept].is_a:
        yield from _up(edition, key, parent)


def table() -> str:
    """The page docs/reference/sample-patients.md."""
    lines = [
        "# The hundred sample patients",
        "",
        "Patient × tag × fact × fired, on 2021-06-01. The tags stand in `tests/data/fhir-sample/index.csv` and were",
        "made without this software. *When* gives the newest dates behind the fact, *now* where it is current. *Fired*",
        "names",
        "the rules about it that fired for the bundle merged with clean answers and an order for the face; a finished",
        "course and a past pregnancy are facts with dates, and fire nothing. A deceased patient gets a sentence and no",
        "plan. Written by `make reference`; a test fails when it is stale.",
        "",
        "| patient | tag | fact | line of the bundle | when | fired |",
        "|---|---|---|---|---|---|",
    ]
    for sample in samples():
        for tag in sorted(sample.tags | _read_tags(sample)):
            fact = FACT_OF_TAG[tag]
            evidence = sample.merged.evidence.get(fact, ())
            fired = sorted(rules_on(fact) & {f.rule for f in sample.merged_screening.findings})
            newest = max(evidence, key=lambda e: (e.until is None, e.until or e.since or ""), default=None)
            origin = newest.origin.removeprefix("record ") if newest else "none"
            when = "not found" if newest is None else f"{newest.since or '?'} to {newest.until or 'now'}"
            note = EXCEPTIONS.get((sample.name, tag))
            what = ", ".join(fired) or ("deceased: nothing is planned" if sample.deceased else "nothing")
            cells = [
                sample.name,
                tag if tag in sample.tags else f"{tag} (not in the index)",
                fact,
                f"{origin}: {newest.quote[:60]}" if newest else "none",
                when,
                f"{what} — {note}" if note else what,
            ]
            lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _read_tags(sample: Sample) -> set[str]:
    return {tag for tag, fact in FACT_OF_TAG.items() if sample.merged[fact]}


if __name__ == "__main__":
    TABLE.write_text(table())
