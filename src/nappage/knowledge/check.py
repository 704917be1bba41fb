"""`check(edition)`: everything that may not stand in a published edition, as sentences naming the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from ..rules import ConditionError, explain
from ..values import Document
from .edition import DATA, LOADER, Edition, Record
from .schema import Advice, Position, Protocol, Rule, TriageRule, ValueRecord

LANGUAGES = ("en", "fr")


class Report(Document):
    """`faults` block a release; `overdue` too, at release; `missing_translations` by language are counted."""

    records: int
    positions: int
    sources: int
    faults: tuple[str, ...]
    overdue: tuple[str, ...]
    unsourced: tuple[str, ...]
    missing_translations: dict[str, int]


def check(edition: Edition, on: date) -> Report:
    """Read the whole edition for faults. Shapes were already checked when it was loaded."""
    records = list(edition.records())
    faults = [
        *_sources(edition),
        *_conditions(edition),
        *_examples(edition),
        *_facts(edition),
        *_interview(edition),
        *duplicate_keys(),
    ]
    return Report(
        records=len(records),
        positions=sum(len(record.positions) for record in records),
        sources=len(edition.sources),
        faults=tuple(faults),
        overdue=tuple(f"{r.id}: its review was due on {r.review_by}" for r in records if r.review_by < on),
        unsourced=(
            *(f"{r.id}/{p.id}" for r in records for p in r.positions if all(c.ref == "UNSOURCED" for c in p.source)),
            *(f"danger/{key}" for key, danger in edition.danger.items() if not danger.sourced),
            *(
                f"point_sets/{key}/{name}"
                for key, points in edition.point_sets.items()
                for name, point in points.points.items()
                if not point.sourced
            ),
        ),
        missing_translations={
            language: sum(1 for text in _texts(edition) if language not in text) for language in LANGUAGES
        },
    )


def interview_texts(edition: Edition) -> Iterator[dict[str, str]]:
    """Everything that the patient's interview says."""
    for question in edition.interview.values():
        yield from (question.text, question.why, *question.options.values())
        yield from (item.label for item in question.items.values())
        if question.help:
            yield question.help
    yield from (text for key, text in edition.texts.items() if key.startswith("interview."))


def _interview(edition: Edition) -> Iterator[str]:
    """Facts that do not exist, and conditions that cannot be read."""
    named: set[str] = set()
    for question in edition.interview.values():
        where = f"interview/{question.id}"
        named |= {*question.settles, *(fact for item in question.items.values() for fact in item.settles)}
        for text in (question.only_if, *(item.only_if for item in question.items.values())):
            try:
                if text:
                    edition.condition(text)
            except ConditionError as error:
                yield f"{where}: {error}"
    yield from (f"interview: no fact is called '{fact}'" for fact in sorted(named - edition.facts.keys()))


def _texts(edition: Edition) -> Iterator[dict[str, str]]:
    yield from edition.texts.values()
    for record in edition.records():
        yield record.title
        if isinstance(record, Rule):
            yield from (record.do, record.tell)
        if isinstance(record, TriageRule):
            yield from (record.do, record.tell)
        if isinstance(record, Advice):
            yield record.tell
    yield from interview_texts(edition)
    for danger in edition.danger.values():
        yield from (danger.title, danger.says, danger.margin_because)
    for points in edition.point_sets.values():
        yield from (points.title, points.says)
        for point in points.points.values():
            yield from (point.title, point.found)


def _sources(edition: Edition) -> Iterator[str]:
    def cited(place: str, citations: Any) -> Iterator[str]:
        for citation in citations:
            if citation.ref not in edition.sources:
                yield f"{place}: cites '{citation.ref}', which is not in sources"

    for record in edition.records():
        for position in record.positions:
            yield from cited(f"{record.id}/{position.id}", position.source)
    for kind in (
        edition.products, edition.techniques, edition.regions, edition.substances, edition.evidence, edition.risks,
        edition.alternatives, edition.prices, edition.scales,
    ):  # fmt: skip
        for entry_id, entry in kind.items():
            yield from cited(entry_id, entry.source)
    for danger_id, danger in edition.danger.items():
        yield from cited(f"danger {danger_id}", danger.sources)
    for set_id, points in edition.point_sets.items():
        yield from cited(f"point set {set_id}", points.sources)
    for rule in edition.compatibility:
        yield from cited(" with ".join(rule.pair), rule.source)
    for technique_id, technique in edition.techniques.items():
        yield from cited(f"{technique_id}, depth_source", technique.depth_source)
    for key, thicknesses in edition.thickness.sets.items():
        yield from cited(f"thickness/{key}", thicknesses.source)
        if thicknesses.epidermis_mm:
            yield from cited(f"thickness/{key}/epidermis_mm", thicknesses.epidermis_mm.source)
        for site, skin in thicknesses.sites.items():
            for region in (*skin.at, *skin.lent_to):
                if region not in edition.regions:
                    yield f"thickness/{key}/{site}: no region is called '{region}'"
    yield from cited("thickness/tip_sd_mm", edition.thickness.tip_sd_mm.source)
    for name, figure in edition.blebs:
        yield from cited(f"blebs/{name}", figure.source)


def _whens(record: Record) -> Iterator[tuple[str, str]]:
    if isinstance(record, ValueRecord | Advice) and record.when:
        yield record.id, record.when
    for position in record.positions:
        if position.when:
            yield f"{record.id}/{position.id}", position.when


def _conditions(edition: Edition) -> Iterator[str]:
    for record in edition.records():
        for place, when in _whens(record):
            try:
                edition.condition(when)
            except ConditionError as error:
                yield f"{place}: {error}"
        for position in record.positions:
            wait = position.wait
            for anchor in (wait.since, wait.after) if wait else ():
                if anchor and edition.kinds.get(anchor) != "number":
                    yield f"{record.id}/{position.id}: waits for '{anchor}', which is no number fact"
        if isinstance(record, Protocol):
            yield from (
                f"{record.id}: no indication is called '{i}'"
                for i in record.indications
                if i not in edition.indications
            )
    for risk in edition.risks.values():
        if risk.when:
            try:
                edition.condition(risk.when)
            except ConditionError as error:
                yield f"risk {risk.id}: {error}"
    for name, fact in edition.facts.items():
        if fact.only_if:
            try:
                edition.condition(fact.only_if)
            except ConditionError as error:
                yield f"fact {name}: {error}"


def as_row(given: Mapping[str, Any]) -> dict[str, Any]:
    """An example's `given` as a row: numbers exact, lists as tuples."""
    return {
        key: Decimal(str(v))
        if isinstance(v, int | float) and not isinstance(v, bool)
        else tuple(v)
        if isinstance(v, list)
        else v
        for key, v in given.items()
    }


def says(edition: Edition, position: Position, row: Mapping[str, Any]) -> str:
    """What a rule's position says of a row: its severity, none, or ask."""
    if position.when is None:
        return "none"
    answer = explain(edition.condition(position.when), row).answer
    return "ask" if answer is None else str(position.says or position.level) if answer else "none"


def _examples(edition: Edition) -> Iterator[str]:
    rules: list[Rule | TriageRule] = [*edition.rules.values(), *edition.triage.values()]
    for rule in rules:
        for number, example in enumerate(rule.examples, 1):
            unknown = set(example.given) - set(edition.facts)
            if unknown:
                yield f"{rule.id}, example {number}: no fact is called {', '.join(sorted(unknown))}"
                continue
            expect = example.expect if isinstance(example.expect, dict) else {rule.adopts: example.expect}
            row = as_row(example.given)
            for position_id, wanted in expect.items():
                position = next((p for p in rule.positions if p.id == position_id), None)
                if position is None:
                    yield f"{rule.id}, example {number}: no position is called '{position_id}'"
                    continue
                try:
                    said = says(edition, position, row)
                except (ConditionError, TypeError) as error:
                    yield f"{rule.id}, example {number}: {error}"
                    continue
                if said != wanted:
                    yield f"{rule.id}, example {number}: {position_id} says {said}, the example expects {wanted}"


def _facts(edition: Edition) -> Iterator[str]:
    concepts = {
        "medication": edition.medicines,
        "condition": edition.conditions,
        "allergy": edition.allergens,
        "procedure": edition.procedures,
        "planned": edition.events,
        "skin_state": edition.skin_states,
    }
    for name, fact in edition.facts.items():
        for key, known in concepts.items():
            for concept in fact.derive.get(key, ()):
                if concept not in known:
                    yield f"fact {name}: no {key} is called '{concept}'"
    for key, known in concepts.items():
        for concept_id, concept in known.items():
            for other in (*concept.is_a, *concept.contains):
                if other not in known:
                    yield f"{key} {concept_id}: refers to '{other}', which is none"


class _Strict(LOADER):  # type: ignore[misc]
    """Refuses a key that stands twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]


def duplicate_keys(data: Path = DATA) -> Iterator[str]:
    for path in sorted(data.rglob("*.yaml")):
        try:
            yaml.load(path.read_text("utf-8"), Loader=_Strict)
        except yaml.YAMLError as error:
            yield f"{path.relative_to(data)}: {getattr(error, 'problem', error)}"
