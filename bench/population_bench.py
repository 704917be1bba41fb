"""A million flat rows, every adopted rule of our edition as columns in one DuckDB query, equal to `explain`."""

from __future__ import annotations

import time
from datetime import date

import duckdb
import narwhals as nw
import pyarrow.compute as pc

from nappage.knowledge import load
from nappage.rules.columns import column
from rows import adopted_trees, random_table, rows

ON = date(2026, 11, 25)
ROWS = 1_000_000
COMPARED = 10_000


def run() -> list[str]:
    """Seconds and sizes as lines of a table. Raises AssertionError where the two readings part."""
    edition = load(ON)
    trees = adopted_trees(edition)
    table = random_table(edition, ROWS, seed=1)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("arrow", table)
        connection.execute("create table flat as select row_number() over () - 1 as row, * from arrow")
        frame = nw.from_native(connection.table("flat"))
        wall, cpu = time.perf_counter(), time.process_time()
        read = frame.select("row", **{rule: column(tree, edition.kinds) for rule, tree in trees.items()})
        answers = read.to_native().to_arrow_table()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

    answers = answers.sort_by("row")
    assert answers.num_rows == ROWS
    some = answers.slice(0, COMPARED)
    slow = time.process_time()
    readers = edition.rule_readers  # `explain`, each rule prepared once
    ours = [{rule: read(row).answer for rule, read in readers.items()} for row in rows(table.slice(0, COMPARED))]
    slow = (time.process_time() - slow) / COMPARED * ROWS
    for number, (one, other) in enumerate(zip(ours, some.drop(["row"]).to_pylist(), strict=True)):
        assert one == other, (number, {rule for rule in trees if one[rule] is not other[rule]})

    total = ROWS * len(trees)
    yes = sum(pc.sum(answers[rule]).as_py() for rule in trees) / total
    unknown = sum(answers[rule].null_count for rule in trees) / total
    return [
        "| what | figure |",
        "|---|---|",
        f"| rows × facts | {ROWS:,} × {table.num_columns} |",
        f"| rules; of their answers yes, unknown | {len(trees)}; {yes:.0%}, {unknown:.0%} |",
        f"| size of the facts as Arrow columns | {table.nbytes / 1e6:.0f} MB |",
        f"| `columns` on DuckDB, one query, one thread, every answer kept | {cpu:.1f} CPU s ({wall:.1f} s) |",
        f"| decisions per CPU-second | {total / cpu / 1e6:.0f} million |",
        f"| `explain` row by row, from {COMPARED:,} of them | about {slow:.0f} CPU s |",
        f"| rows on which both were compared, all {len(trees)} answers equal | {COMPARED:,} |",
    ]
