"""Decisions (one rule, one patient) per CPU-second: beside three rules engines, and on our own edition.

Beside the engines: sixty rules, ten thousand patients, nothing unknown. Each engine gets the same patients (lists of
codes with days), in its own types, before the clock starts; ours includes turning the codes into facts, and answers
with findings: rule, severity, position and the facts that decided with their values. Every hit is compared.
"""

from __future__ import annotations

import gc
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import rules60
from nappage.intake import Facts
from nappage.knowledge import Edition, load
from nappage.rules import Condition, Reading, explain
from nappage.screening import candidates, readings, screen
from rows import adopted_trees, random_table, rows
from rules60 import (
    Patient,
    Reader,
    Rule60,
    elm,
    exact,
    json_rules,
    make_patients,
    make_rules,
    zen_expression,
    zen_table,
)

ON = date(2026, 11, 25)
COUNT = 10_000
PATIENTS = 2_000
PEERS = Path(__file__).parent / "peers"
FUSED = "zen-engine, all rules fused by hand into one expression, ids only"
T = TypeVar("T")


def run() -> list[str]:
    """Both parts as lines of tables. Raises AssertionError where two ways of answering part."""
    edition = load(ON)
    return [*engines_part(edition), "", *edition_part(edition)]


# --- Sixty rules beside the peers ---


class Hit(NamedTuple):
    """A finding as data."""

    rule: str
    severity: str
    position: str
    because: dict[str, Any]


def engines_part(base: Edition) -> list[str]:
    rules, patients = make_rules(), make_patients(COUNT, seed=3)
    decisions = len(rules) * len(patients)
    hits, seconds = ours(rules60.edition(base, rules), Reader(rules), [exact(patient) for patient in patients])
    found = {"ours, with findings and reasons": ([sorted(hit.rule for hit in one) for one in hits], seconds)}
    found["zen-engine, one table"] = zen_table_hits(rules, patients)
    found["zen-engine, compiled expressions"] = zen_expression_hits(rules, patients)
    missing = []
    for engine in ("json-rules-engine", "cql-execution"):
        try:
            found[engine] = node_hits(engine, rules, patients)
        except FileNotFoundError as error:
            missing.append(f"| {engine} | not run: no {error.filename} here | |")
    (wanted, best), *peers = found.values()
    found[FUSED] = zen_fused_hits(rules, patients)
    for name, (others, _) in found.items():
        assert others == wanted, (name, next(n for n in range(COUNT) if others[n] != wanted[n]))
    fastest = min(peer for _, peer in peers)
    count = sum(map(len, wanted))
    return [
        f"| {len(rules)} rules × {COUNT:,} patients, {count:,} hits, all equal | decisions per CPU-s | ours / it |",
        "|---|---|---|",
        *(f"| {name} | {decisions / used:,.0f} | {used / best:.1f} |" for name, (_, used) in found.items()),
        *missing,
        f"| **best engine that keeps its rules apart** (aim 50) | | **{fastest / best:.0f}** |",
    ]


def ours(edition: Edition, reader: Reader, patients: list[Patient]) -> tuple[list[list[Hit]], float]:
    """The hits of each patient, and CPU seconds."""

    def hits(patient: Patient) -> list[Hit]:
        row = reader.row(patient)
        return [
            Hit(rule, *says[rule], {fact: row[fact] for fact in reading.facts})
            for rule, reading in readings(edition, row).items()
            if reading.answer
        ]

    says = {rule.id: (rule.adopted.says, rule.adopted.id) for rule in edition.rules.values()}
    return _timed(hits, patients)


def zen_table_hits(rules: list[Rule60], patients: list[Patient]) -> tuple[list[list[str]], float]:
    import zen

    table = zen.ZenEngine().create_decision(json.dumps(zen_table(rules)))
    return _timed(lambda patient: [hit["id"] for hit in table.evaluate(patient)["result"]], patients)


def zen_expression_hits(rules: list[Rule60], patients: list[Patient]) -> tuple[list[list[str]], float]:
    import zen

    compiled = [(rule.id, zen.compile_expression(zen_expression(rule))) for rule in rules]
    return _timed(lambda patient: [rule for rule, holds in compiled if holds.evaluate(patient)], patients)


def zen_fused_hits(rules: list[Rule60], patients: list[Patient]) -> tuple[list[list[str]], float]:
    """No rules any more: one expression that spells all of them."""
    import zen

    spelled = ", ".join(f"({zen_expression(rule)}) ? '{rule.id}' : null" for rule in rules)
    compiled = zen.compile_expression(f"[{spelled}]")
    return _timed(lambda patient: [rule for rule in compiled.evaluate(patient) if rule], patients)


def node_hits(engine: str, rules: list[Rule60], patients: list[Patient]) -> tuple[list[list[str]], float]:
    """The same of an engine from npm. Raises FileNotFoundError where node or npm is absent."""
    if not (PEERS / "node_modules").is_dir():
        words = ["npm", "install", "--no-package-lock", "--silent", "--no-audit", "--no-fund"]
        subprocess.run(words, cwd=PEERS, check=True)
    given = {"patients": patients, "json_rules": json_rules(rules), "elm": elm(rules)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given.json"
        path.write_text(json.dumps(given))
        said = subprocess.run(["node", "peers.cjs", engine, path], cwd=PEERS, check=True, stdout=subprocess.PIPE)
    read = json.loads(said.stdout)
    return read["hits"], read["seconds"]


def _timed(read: Callable[[Patient], T], patients: list[Patient]) -> tuple[list[T], float]:
    """What `read` gives for each patient, and CPU seconds after a warm start."""
    for patient in patients[:200]:
        read(patient)
    gc.freeze()  # what stood before is no longer looked through for garbage, as a server would have it
    start = time.process_time()
    found = [read(patient) for patient in patients]
    return found, time.process_time() - start


# --- Our edition, a fifth of the facts missing ---


def edition_part(edition: Edition) -> list[str]:
    trees = adopted_trees(edition)
    patients = list(rows(random_table(edition, PATIENTS, seed=2)))
    decisions = len(patients) * len(trees)

    start = time.process_time()
    indexed = [readings(edition, row) for row in patients]
    seconds = time.process_time() - start
    start = time.process_time()
    plain = [{rule: read(row) for rule, read in edition.rule_readers.items()} for row in patients]
    plain_seconds = time.process_time() - start

    for row, read, all_read in zip(patients, indexed, plain, strict=True):
        assert_same(row, read, all_read)
    assert_unknown_lists_stay(edition, trees, patients[0])
    whole = [Facts(asked_on=ON, planned=ON, planned_given=True, edition="", values=row) for row in patients[:200]]
    start = time.process_time()
    for facts in whole:
        screen(facts, edition)
    whole_seconds = time.process_time() - start
    skipped = 1 - sum(map(len, indexed)) / decisions
    no = sum(reading.answer is False for read in plain for reading in read.values()) / decisions
    return [
        "| our edition, a fifth of the facts missing | decisions per CPU-s | |",
        "|---|---|---|",
        f"| with the index | {decisions / seconds:,.0f} | {skipped:.0%} of the rules skipped; {no:.0%} are *no* |",
        f"| every rule read | {decisions / plain_seconds:,.0f} | |",
        f"| with the index, the whole `Screening` | {len(whole) * len(trees) / whole_seconds:,.0f} | |",
        f"| with / without | {plain_seconds / seconds:.1f} | {len(trees)} rules × {len(patients):,} patients, equal |",
    ]


def assert_same(row: Mapping[str, Any], read: Mapping[str, Reading], all_read: Mapping[str, Reading]) -> None:
    """The same reading where there is one, and *no* wherever the index skipped."""
    for rule, reading in all_read.items():
        found = read.get(rule)
        assert reading.answer is False if found is None else found == reading, (rule, reading, found, row)


def assert_unknown_lists_stay(edition: Edition, trees: Mapping[str, Condition], facts: Iterable[str]) -> None:
    """A patient without a single yes, whose lists nobody asked about: every rule that waits for a list is reached.
    And an index that takes a missing list for an empty one is caught by the comparison above."""
    lists = [fact for fact, kind in edition.kinds.items() if kind == "list"]
    flags = [fact for fact, kind in edition.kinds.items() if kind == "boolean"]
    planted = dict.fromkeys(facts) | dict.fromkeys(flags, False) | dict.fromkeys(lists)
    all_read = {rule: explain(tree, planted) for rule, tree in trees.items()}
    assert_same(planted, readings(edition, planted), all_read)
    waiting = {rule for rule, reading in all_read.items() if reading.answer is None}
    forgetful = candidates(edition, planted | dict.fromkeys(lists, ()))
    assert waiting <= candidates(edition, planted).keys() and not waiting <= forgetful.keys()
