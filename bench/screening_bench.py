"""Rules per patient and CPU-second: our edition with a fifth of the facts missing, index against no index."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from typing import Any

from nappage.knowledge import Edition, load
from nappage.rules import Condition, Reading, explain
from nappage.screening import candidates
from rows import adopted_trees, random_table, rows

ON = date(2026, 11, 25)
PATIENTS = 2_000


def run() -> list[str]:
    """Both parts as lines of tables. Raises AssertionError where two ways of answering part."""
    return edition_part(load(ON))


# --- Our edition, a fifth of the facts missing ---


def edition_part(edition: Edition) -> list[str]:
    trees = adopted_trees(edition)
    patients = list(rows(random_table(edition, PATIENTS, seed=2)))
    decisions = len(patients) * len(trees)

    start = time.process_time()
    indexed = [with_index(edition, trees, row) for row in patients]
    seconds = time.process_time() - start
    start = time.process_time()
    plain = [{rule: explain(tree, row) for rule, tree in trees.items()} for row in patients]
    plain_seconds = time.process_time() - start

    for row, read, all_read in zip(patients, indexed, plain, strict=True):
        assert_same(row, read, all_read)
    assert_unknown_lists_stay(edition, trees, patients)
    skipped = 1 - sum(map(len, indexed)) / decisions
    no = sum(reading.answer is False for read in plain for reading in read.values()) / decisions
    return [
        "| our edition, a fifth of the facts missing | decisions per CPU-second | |",
        "|---|---|---|",
        f"| with the index | {decisions / seconds:,.0f} | {skipped:.0%} of the rules skipped; {no:.0%} are *no* |",
        f"| every rule read | {decisions / plain_seconds:,.0f} | |",
        f"| ratio | {plain_seconds / seconds:.1f} | {len(trees)} rules × {len(patients):,} patients, all answers equal |",
    ]


def with_index(edition: Edition, trees: Mapping[str, Condition], row: Mapping[str, Any]) -> dict[str, Reading]:
    """The reading of every rule that the index does not skip; what it skips is *no*."""
    return {rule: explain(trees[rule], row) for rule in candidates(edition, row)}


def assert_same(row: Mapping[str, Any], read: Mapping[str, Reading], all_read: Mapping[str, Reading]) -> None:
    """The same reading where there is one, and *no* wherever the index skipped."""
    for rule, reading in all_read.items():
        found = read.get(rule)
        assert reading.answer is False if found is None else found == reading, (rule, reading, found, row)


def assert_unknown_lists_stay(edition: Edition, trees: Mapping[str, Condition], patients: list[dict[str, Any]]) -> None:
    """A patient without a single yes, whose lists nobody asked about: every rule that waits for a list is reached.
    And an index that takes a missing list for an empty one is caught by the comparison above."""
    lists = [fact for fact, kind in edition.kinds.items() if kind == "list"]
    flags = [fact for fact, kind in edition.kinds.items() if kind == "boolean"]
    planted = dict.fromkeys(patients[0]) | dict.fromkeys(flags, False) | dict.fromkeys(lists)
    all_read = {rule: explain(tree, planted) for rule, tree in trees.items()}
    assert_same(planted, with_index(edition, trees, planted), all_read)
    waiting = {rule for rule, reading in all_read.items() if reading.answer is None}
    forgetful = candidates(edition, planted | dict.fromkeys(lists, ()))
    assert waiting <= candidates(edition, planted) and not waiting <= forgetful
