"""`load(on, policy)` → `Edition`: every conflict, date and clinic decision settled, once, with a fingerprint.

After `load` nobody chooses between positions; the ones not in force travel along only to be shown.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import yaml
from pydantic import ValidationError

from ..rules import Condition, ConditionError, FactKind, Reader, guard_of, parse, reader
from ..values import Document
from .schema import (
    SEVERITIES,
    Advice,
    Alternative,
    Blebs,
    Compatibility,
    Concept,
    Danger,
    Evidence,
    Fact,
    InterviewQuestion,
    KnowledgeError,
    PointSet,
    Position,
    Price,
    Product,
    Protocol,
    Region,
    Risk,
    Rule,
    Scale,
    Source,
    Substance,
    Technique,
    Text,
    Thickness,
    TriageRule,
    ValueRecord,
    Wait,
    _Record,
)

DATA = Path(__file__).parent / "data"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where PyYAML was built with it
VERSION = "2026.11"

Record = Rule | ValueRecord | Protocol | Advice | TriageRule
T = TypeVar("T", bound=Document)


class Decision(Document):
    """A clinic's choice on one record: another listed position, or its own stricter one, pinned to the
    fingerprint of the record that was read (`saw`)."""

    record: str
    adopts: str
    own: Position | None = None
    saw: str
    reason: str
    decided_by: str
    decided_on: date
    review_by: date


Policy = tuple[Decision, ...]


@dataclass(frozen=True)
class RuleIndex:
    """Rules, each with what reads it, by the sign that must be present or unknown for it to be anything but *no*."""

    always: Mapping[str, Reader]  # no such sign: read for everyone
    flags: Mapping[str, Mapping[str, Reader]]  # yes/no fact → rules
    words: Mapping[str, Mapping[str, Mapping[str, Reader]]]  # list fact → word in it → rules


@dataclass(frozen=True)
class Edition:
    """The knowledge in force on a day, for a clinic. Mappings are by id; treat all of it as frozen."""

    on: date
    version: str
    fingerprint: str
    sources: Mapping[str, Source]
    facts: Mapping[str, Fact]
    rules: Mapping[str, Rule]
    values: Mapping[str, ValueRecord]
    protocols: Mapping[str, Protocol]
    advice: Mapping[str, Advice]
    triage: Mapping[str, TriageRule]
    medicines: Mapping[str, Concept]
    conditions: Mapping[str, Concept]
    allergens: Mapping[str, Concept]
    procedures: Mapping[str, Concept]
    events: Mapping[str, Concept]
    skin_states: Mapping[str, Concept]
    substances: Mapping[str, Substance]
    products: Mapping[str, Product]
    techniques: Mapping[str, Technique]
    regions: Mapping[str, Region]
    danger: Mapping[str, Danger]
    point_sets: Mapping[str, PointSet]
    indications: Mapping[str, Concept]
    compatibility: tuple[Compatibility, ...]
    texts: Mapping[str, Text]
    thickness: Thickness
    blebs: Blebs
    evidence: Mapping[str, Evidence]
    risks: Mapping[str, Risk]
    alternatives: Mapping[str, Alternative]
    prices: Mapping[str, Price]
    scales: Mapping[str, Scale]
    interview: Mapping[str, InterviewQuestion]  # in the order asked
    lapsed: tuple[Decision, ...] = ()
    decisions: Mapping[str, Decision] = field(default_factory=dict)

    @cached_property
    def kinds(self) -> Mapping[str, FactKind]:
        """Fact id → type, as the condition language needs it."""
        return {name: fact.type for name, fact in self.facts.items()}

    def condition(self, text: str) -> Condition:
        """The tree of a condition text over this edition's facts (parsed once)."""
        tree = self._trees.get(text)
        if tree is None:
            tree = self._trees[text] = parse(text, self.kinds)
        return tree

    @cached_property
    def _trees(self) -> dict[str, Condition]:
        return {}

    def reader(self, text: str) -> Reader:
        """What reads a condition text over a row (prepared once)."""
        found = self._readers.get(text)
        if found is None:
            found = self._readers[text] = reader(self.condition(text))
        return found

    @cached_property
    def _readers(self) -> dict[str, Reader]:
        return {}

    @cached_property
    def classes(self) -> frozenset[str]:
        """Ids of the concepts that others belong to."""
        kinds = (self.medicines, self.conditions, self.allergens)
        return frozenset(parent for kind in kinds for concept in kind.values() for parent in concept.is_a)

    @cached_property
    def rule_readers(self) -> Mapping[str, Reader]:
        """Rule id → what reads its adopted position; rules whose adopted position says nothing have none."""
        return {rule.id: self.reader(when) for rule in self.rules.values() if (when := rule.adopted.when)}

    @cached_property
    def rule_index(self) -> RuleIndex:
        """Which rules a row can concern, by the guards of their adopted positions."""
        always: dict[str, Reader] = {}
        flags: dict[str, dict[str, Reader]] = {}
        words: dict[str, dict[str, dict[str, Reader]]] = {}
        for rule, read in self.rule_readers.items():
            guard = guard_of(self.condition(self.rules[rule].adopted.when or ""))
            if guard is None:
                always[rule] = read
                continue
            for fact, word in guard:
                place = flags if word is None else words.setdefault(fact, {})
                place.setdefault(fact if word is None else word, {})[rule] = read
        return RuleIndex(always, flags, words)

    def text(self, text: Text, language: str = "en", **words: str) -> str:
        """A text in a language; where it is missing, the English one marked `[en]`."""
        said = text.get(language)
        if said is None:
            said = f"[en] {text['en']}"
        for name, word in words.items():
            said = said.replace("{" + name + "}", word)
        return said

    def say(self, key: str, language: str = "en", **words: str) -> str:
        """A phrase of data/texts by key. Raises KeyError on a key that is none."""
        return self.text(self.texts[key], language, **words)

    def record(self, record_id: str) -> Record | None:
        """Any clinical record by id."""
        for kind in (self.rules, self.values, self.protocols, self.advice, self.triage):
            if record_id in kind:
                return kind[record_id]
        return None

    def everything(self) -> Iterator[tuple[str, str, Document]]:
        """All that the edition says with a source of its own: kind, id, entry. Kinds are the names of its parts."""
        for kind in (
            "rules", "values", "protocols", "advice", "triage", "evidence", "risks", "alternatives", "prices", "scales",
            "techniques", "products", "substances", "regions", "danger", "point_sets", "indications",
        ):  # fmt: skip
            for entry_id, entry in getattr(self, kind).items():
                yield kind, entry_id, entry
        for entry in self.compatibility:
            yield "compatibility", "--".join(entry.pair), entry
        for entry_id, thicknesses in self.thickness.sets.items():
            yield "thickness", entry_id, thicknesses

    def records(self) -> Iterator[Record]:
        """All clinical records, by kind and id."""
        for kind in (self.rules, self.values, self.protocols, self.advice, self.triage):
            yield from kind.values()


def fingerprint_of(document: Document) -> str:
    """Sixteen hexadecimal digits that change when any word of the document does."""
    return hashlib.sha256(document.model_dump_json().encode()).hexdigest()[:16]


def load(on: date, policy: Policy = ()) -> Edition:
    """The edition in force on `on` under a clinic's `policy`. Raises KnowledgeError when a record or a
    decision may not stand. Editions are cached: the same arguments give the same object."""
    return _load(on, tuple(decision.model_dump_json() for decision in policy), DATA)


@lru_cache(maxsize=8)
def _load(on: date, policy: tuple[str, ...], data: Path) -> Edition:
    """`policy` as JSON, since a decision that holds texts has no hash."""
    parts, digest = compiled(data)
    records: dict[str, dict[str, Any]] = {}
    for kind in _POSITIONED:
        settled = {record_id: _settle(record, on) for record_id, record in parts[kind].items()}
        records[kind] = {record_id: record for record_id, record in settled.items() if record is not None}
    decided: dict[str, Decision] = {}
    lapsed: list[Decision] = []
    for decision in map(Decision.model_validate_json, policy):
        where = next((k for k, found in records.items() if decision.record in found), None)
        if where is None:
            raise KnowledgeError(f"policy: no record is called '{decision.record}'")
        record = records[where][decision.record]
        if decision.saw != fingerprint_of(record):
            lapsed.append(decision)  # the text that was read has changed: the clinic is asked again
            continue
        records[where][decision.record] = _decide(record, decision)
        decided[decision.record] = decision
    whole = hashlib.sha256(repr((digest, on.isoformat(), list(policy))).encode())
    return Edition(
        on=on,
        version=VERSION,
        fingerprint=whole.hexdigest()[:16],
        **{**parts, **records},
        lapsed=tuple(lapsed),
        decisions=decided,
    )


# The parts of an edition, with the model of their entries. Positioned ones are settled for a day and a policy.
_POSITIONED: dict[str, type[_Record]] = {
    "rules": Rule, "values": ValueRecord, "protocols": Protocol, "advice": Advice, "triage": TriageRule,
}  # fmt: skip
_CONCEPTS = ("medicines", "conditions", "allergens", "procedures", "events", "skin", "indications")
_MERGED: dict[str, type[Document]] = {"sources": Source, "facts": Fact, "evidence": Evidence, "risks": Risk}
_SINGLE: dict[str, type[Document]] = {
    "substances": Substance, "products": Product, "techniques": Technique, "regions": Region, "danger": Danger,
    "point_sets": PointSet, "compatibility": Compatibility, "alternatives": Alternative, "prices": Price,
    "scales": Scale, "interview": InterviewQuestion, "thickness": Thickness, "blebs": Blebs,
}  # fmt: skip


def compiled(data: Path = DATA) -> tuple[dict[str, Any], str]:
    """The parts of an edition, read and validated, and a digest of all that was read. They are kept in `__pycache__`
    beside the YAML, as Python keeps its own, and made anew when a file's name, size or time differs, or the shapes'.
    Raises KnowledgeError when a record may not stand."""
    stamp = _stamp(data)
    cache = data / "__pycache__" / f"edition.{sys.implementation.cache_tag}.pickle"
    try:
        kept, parts, digest = pickle.loads(cache.read_bytes())
        if kept == stamp:
            return parts, digest
    except Exception:  # none, a broken one, or one of other shapes: whatever it is, it is made anew
        pass
    parts, digest = _compile(data)
    try:
        cache.parent.mkdir(exist_ok=True)
        part = cache.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps((stamp, parts, digest), pickle.HIGHEST_PROTOCOL))
        os.replace(part, cache)
    except OSError:
        pass  # a folder that is only read
    return parts, digest


def _stamp(data: Path) -> str:
    digest = hashlib.sha256(f"{VERSION} {pydantic.VERSION}\n".encode())
    shapes = [str(Path(__file__).with_name(name)) for name in ("edition.py", "schema.py")]
    for folder, folders, files in os.walk(data):
        folders.sort()
        for path in (*(os.path.join(folder, name) for name in sorted(files) if name.endswith(".yaml")), *shapes):
            status = os.stat(path)
            digest.update(f"{os.path.relpath(path, data)} {status.st_size} {status.st_mtime_ns}\n".encode())
        shapes = []
    return digest.hexdigest()


def _compile(data: Path) -> tuple[dict[str, Any], str]:
    raw: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for kind, positioned in _POSITIONED.items():
        raw[kind] = {path.stem: read_yaml(path) for path in sorted((data / kind).glob("*.yaml"))}
        parts[kind] = _models(positioned, raw[kind], kind)
        for record_id, record in parts[kind].items():
            if record.id != record_id:
                raise KnowledgeError(f"{kind}/{record_id}.yaml: its id must equal the file name")
    for kind in _CONCEPTS:
        raw[f"concepts/{kind}"] = read_yaml(data / "concepts" / f"{kind}.yaml")
        parts["skin_states" if kind == "skin" else kind] = _models(Concept, raw[f"concepts/{kind}"], kind)
    for kind, model in _MERGED.items():
        raw[kind] = _merged(sorted((data / kind).glob("*.yaml")))
        parts[kind] = _models(model, _with_ids(raw[kind], model), kind)
    for kind, model in _SINGLE.items():
        raw[kind] = read_yaml(data / f"{kind}.yaml")
        whole = model in (Thickness, Blebs)
        parts[kind] = _models(model, {kind: raw[kind]} if whole else _with_ids(raw[kind], model), kind)
    parts["compatibility"] = tuple(parts["compatibility"].values())
    parts["thickness"], parts["blebs"] = parts["thickness"]["thickness"], parts["blebs"]["blebs"]
    texts = _merged(sorted((data / "texts").glob("*.yaml")))
    raw["texts"] = parts["texts"] = {key: {"en": t} if isinstance(t, str) else t for key, t in texts.items()}
    return parts, hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=LOADER) or {}


def _merged(paths: Iterable[Path]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for path in paths:
        for key, value in read_yaml(path).items():
            if key in out:
                raise KnowledgeError(f"{path.name}: '{key}' stands in an earlier file too")
            out[key] = value
    return out


def _with_ids(raw: Mapping[str, Any], model: type[Document]) -> Mapping[str, Any]:
    """The entries of a map, each with its key as its id where its model has one."""
    if "id" not in model.model_fields:
        return raw
    return {key: {"id": key, **value} for key, value in raw.items()}


def _models(model: type[T], raw: Mapping[str, Any], place: str) -> dict[str, T]:
    out: dict[str, T] = {}
    for key, value in raw.items():
        try:
            out[key] = model.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise KnowledgeError(f"{place}/{key}: {where or 'record'}: {first['msg']}") from None
    return out


def _settle(record: _Record, on: date) -> _Record | None:
    """The record with only the positions valid on the day; None when none is. Where the adopted one is out of
    date, the gravest valid one stands in."""
    valid = tuple(position for position in record.positions if position.valid.on(on))
    if len(valid) == len(record.positions):
        return record
    if not valid:
        return None
    adopts = record.adopts if any(p.id == record.adopts for p in valid) else min(valid, key=_gravity).id
    return record.model_copy(update={"positions": valid, "adopts": adopts})


def _gravity(position: Position) -> int:
    return SEVERITIES.index(position.says) if position.says in SEVERITIES else len(SEVERITIES)


def _decide(record: _Record, decision: Decision) -> _Record:
    positions = (*record.positions, decision.own) if decision.own else record.positions
    chosen = next((p for p in positions if p.id == decision.adopts), None)
    if chosen is None:
        raise KnowledgeError(f"policy: '{decision.record}' has no position '{decision.adopts}'")
    weaker = _gravity(chosen) > _gravity(record.adopted)
    if isinstance(record, Rule) and weaker and record.adopted.says == "absolute-contraindication":
        raise KnowledgeError(f"policy: '{decision.record}' is an absolute contraindication; it cannot be weakened")
    if decision.own and (weaker or _milder(chosen, record)):
        raise KnowledgeError(f"policy: a clinic's own position on '{decision.record}' may only be stricter")
    if isinstance(record, Rule) and (decision.own or record.adopted.says == "absolute-contraindication"):
        # What the adopted position finds is found still, whatever condition stands beside it.
        when = " or ".join(f"({text})" for text in (record.adopted.when, chosen.when) if text)
        covering = chosen.model_copy(update={"when": when})
        positions = tuple(covering if p is chosen else p for p in positions)
    return record.model_copy(update={"positions": positions, "adopts": decision.adopts})


def _milder(own: Position, record: _Record) -> bool:
    """Whether a clinic's own value lets more pass, or its own wait ends sooner, than the adopted one."""
    adopted = record.adopted
    if isinstance(record, ValueRecord) and adopted.value is not None:
        if own.value is None or own.unit != adopted.unit:
            return True
        return own.value > adopted.value if record.measure.startswith("max-") else own.value < adopted.value
    if isinstance(record, Rule):
        same = own.says == adopted.says
        return own.when is None or (same and adopted.wait is not None and _shorter(own.wait, adopted.wait))
    return False


def _shorter(own: Wait | None, adopted: Wait) -> bool:
    """Whether a wait may end before the adopted one. One without a length ends when somebody says so."""
    if own is None or not (own.days or own.months):
        return own is None
    anchor, length = ((own.since, own.after), (own.months or 0) * 30 + (own.days or 0))
    return anchor != (adopted.since, adopted.after) or length < (adopted.months or 0) * 30 + (adopted.days or 0)


__all__ = ["ConditionError", "Decision", "Edition", "Policy", "Record", "compiled", "fingerprint_of", "load"]
