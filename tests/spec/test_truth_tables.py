"""What a condition means: truth tables, and every cell of them run in each reading.

A row gives facts on the left of `||` and what each condition then answers on the right. `yes`, `no`, `?` for
unknown; a number or a word as it is; a list in brackets, `[]` for one known to be empty.

To support another engine, add it to READINGS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pytest

from nappage.rules import Condition, FactKind, explain, parse
from nappage.rules.columns import column

# The facts the tables speak of.
KINDS: dict[str, FactKind] = {
    "pregnant": "boolean",
    "breastfeeding": "boolean",
    "days": "number",
    "millilitres": "number",
    "technique": "text",
    "ingredients": "list",
}

TABLES = {
    "a yes/no fact says what it says": """
        pregnant || pregnant | pregnant == True | pregnant != True | pregnant == False
        ---------++----------+------------------+------------------+------------------
        yes      || yes      | yes              | no               | no
        no       || no       | no               | yes              | yes
        ?        || ?        | ?                | ?                | ?
    """,
    "not turns yes and no around, and leaves unknown unknown": """
        pregnant || not pregnant | not not pregnant
        ---------++--------------+-----------------
        yes      || no           | yes
        no       || yes          | no
        ?        || ?            | ?
    """,
    "one no settles an and, one yes settles an or, whatever is unknown": """
        pregnant | breastfeeding || pregnant and breastfeeding | pregnant or breastfeeding
        ---------+---------------++----------------------------+--------------------------
        yes      | yes           || yes                        | yes
        yes      | no            || no                         | yes
        yes      | ?             || ?                          | yes
        no       | yes           || no                         | yes
        no       | no            || no                         | no
        no       | ?             || no                         | ?
        ?        | yes           || ?                          | yes
        ?        | no            || no                         | ?
        ?        | ?             || ?                          | ?
    """,
    "not binds closer than and": """
        pregnant | breastfeeding || not pregnant and breastfeeding | not (pregnant and breastfeeding)
        ---------+---------------++--------------------------------+---------------------------------
        yes      | no            || no                             | yes
        yes      | ?             || no                             | ?
        no       | ?             || ?                              | yes
        ?        | yes           || ?                              | ?
        ?        | no            || no                             | yes
    """,
    "and binds closer than or": """
        pregnant | breastfeeding | days || pregnant or breastfeeding and days < 42
        ---------+---------------+------++----------------------------------------
        yes      | no            | 50   || yes
        yes      | ?             | ?    || yes
        no       | yes           | 41   || yes
        no       | yes           | ?    || ?
        no       | ?             | 50   || no
        ?        | no            | 41   || ?
    """,
    "the same unknown on both sides stays unknown, even where any answer would do": """
        pregnant || pregnant or not pregnant | pregnant and not pregnant
        ---------++--------------------------+--------------------------
        yes      || yes                      | no
        no       || yes                      | no
        ?        || ?                        | ?
    """,
    "unknown() is always yes or no": """
        pregnant || unknown(pregnant) | not unknown(pregnant) | pregnant or unknown(pregnant)
        ---------++-------------------+-----------------------+------------------------------
        yes      || no                | yes                   | yes
        no       || no                | yes                   | no
        ?        || yes               | no                    | yes
    """,
    "unknown() asks any fact; zero and the empty list are known": """
        days | technique | ingredients || unknown(days) | unknown(technique) | unknown(ingredients)
        -----+-----------+-------------++---------------+--------------------+---------------------
        0    | nappage   | []          || no            | no                 | no
        ?    | ?         | ?           || yes           | yes                | yes
        ?    | nappage   | [lidocaine] || yes           | no                 | no
    """,
    "numbers in order; nothing is before or after an unknown": """
        days || days < 42 | days <= 42 | days > 42 | days >= 42 | days == 42 | days != 42
        -----++-----------+------------+-----------+------------+------------+-----------
        41   || yes       | yes        | no        | no         | no         | yes
        42   || no        | yes        | no        | yes        | yes        | no
        43   || no        | no         | yes       | yes        | no         | yes
        -1   || yes       | yes        | no        | no         | no         | yes
        ?    || ?         | ?          | ?         | ?          | ?          | ?
    """,
    "the constant may stand first": """
        days || 42 > days | 42 >= days | 42 < days | 42 <= days | 42 == days | 42 != days
        -----++-----------+------------+-----------+------------+------------+-----------
        41   || yes       | yes        | no        | no         | no         | yes
        42   || no        | yes        | no        | yes        | yes        | no
        43   || no        | no         | yes       | yes        | no         | yes
        ?    || ?         | ?          | ?         | ?          | ?          | ?
    """,
    "a limit is met exactly, in decimals too": """
        millilitres     || millilitres <= 0.1 | millilitres < 0.1 | millilitres == 0.3 | millilitres > -0.05
        ----------------++--------------------+-------------------+--------------------+--------------------
        0.1             || yes                | no                | no                 | yes
        0.10            || yes                | no                | no                 | yes
        0.0999999999999 || yes                | yes               | no                 | yes
        0.1000000000001 || no                 | no                | no                 | yes
        0.3             || no                 | no                | yes                | yes
        -0.05           || yes                | yes               | no                 | no
        0               || yes                | yes               | no                 | yes
        ?               || ?                  | ?                 | ?                  | ?
    """,
    "a text is equal or it is not; capitals count": """
        technique || technique == "nappage" | technique != "nappage" | "nappage" == technique
        ----------++------------------------+------------------------+-----------------------
        nappage   || yes                    | no                     | yes
        Nappage   || no                     | yes                    | no
        papule    || no                     | yes                    | no
        ?         || ?                      | ?                      | ?
    """,
    "one of several": """
        technique | days || technique in ["nappage", "papule"] | technique not in ["papule"] | days in [0, 7]
        ----------+------++------------------------------------+-----------------------------+---------------
        nappage   | 0    || yes                                | yes                         | yes
        papule    | 7    || yes                                | no                          | yes
        bolus     | 1    || no                                 | yes                         | no
        ?         | ?    || ?                                  | ?                           | ?
    """,
    "a word in a list: an unknown list is unknown, never empty": """
        ingredients           || "lidocaine" in ingredients | "lidocaine" not in ingredients
        ----------------------++----------------------------+-------------------------------
        [lidocaine]           || yes                        | no
        [procaine, lidocaine] || yes                        | no
        [procaine]            || no                         | yes
        [lidocaine hcl]       || no                         | yes
        []                    || no                         | yes
        ?                     || ?                          | ?
    """,
    "a list read in part: what it names is in it, what it does not name is unknown": """
        ingredients           || "lidocaine" in ingredients | "lidocaine" not in ingredients
        ----------------------++----------------------------+-------------------------------
        [?]                   || ?                          | ?
        [procaine, ?]         || ?                          | ?
        [lidocaine, ?]        || yes                        | no
        [?, lidocaine]        || yes                        | no
    """,
    "an unknown list, and an answer that does not need it": """
        pregnant | ingredients || pregnant or "a" in ingredients | pregnant and "a" in ingredients
        ---------+-------------++--------------------------------+--------------------------------
        yes      | ?           || yes                            | ?
        no       | ?           || ?                              | no
        no       | []          || no                             | no
        ?        | [a]         || yes                            | ?
        ?        | []          || ?                              | no
        ?        | ?           || ?                              | ?
    """,
    "a fact and how long ago": """
        pregnant | days || pregnant and days < 180 | not pregnant or days >= 180 | pregnant and unknown(days)
        ---------+------++-------------------------+-----------------------------+---------------------------
        yes      | 100  || yes                     | no                          | no
        yes      | 180  || no                      | yes                         | no
        yes      | ?    || ?                       | ?                           | yes
        no       | ?    || no                      | yes                         | no
        ?        | 100  || ?                       | ?                           | no
        ?        | 180  || no                      | yes                         | no
        ?        | ?    || ?                       | ?                           | ?
    """,
}

Row = Mapping[str, Any]
Reading = Callable[[Condition, Row], bool | None]

ANSWERS: dict[str, bool | None] = {"yes": True, "no": False, "?": None}


def in_explain(tree: Condition, row: Row) -> bool | None:
    return explain(tree, row).answer


def in_duckdb(tree: Condition, row: Row) -> bool | None:
    return in_frame(tree, duckdb.from_arrow(frame(row).to_arrow()))


def in_polars(tree: Condition, row: Row) -> bool | None:
    return in_frame(tree, frame(row).lazy())


READINGS: list[Reading] = [in_explain, in_duckdb, in_polars]


def in_frame(tree: Condition, native: Any) -> bool | None:
    answers: Any = nw.from_native(native).select(answer=column(tree, KINDS)).collect()
    answer: bool | None = answers.item()
    return answer


def frame(row: Row) -> pl.DataFrame:
    """One row, with a typed column for every fact."""
    types: dict[FactKind, Any] = {
        "boolean": pl.Boolean, "number": pl.Float64, "text": pl.String, "list": pl.List(pl.String),
    }  # fmt: skip
    schema = {fact: types[kind] for fact, kind in KINDS.items()}
    cells = {fact: float(cell) if isinstance(cell, Decimal) else cell for fact, cell in row.items()}
    return pl.DataFrame([{fact: cells.get(fact) for fact in KINDS}], schema=schema)


def value(kind: FactKind, cell: str) -> Any:
    if cell == "?":
        return None
    if kind == "boolean":
        return ANSWERS[cell]
    if kind == "number":
        return Decimal(cell)
    if kind == "list":
        return [word.strip() for word in cell.strip("[]").split(",") if word.strip()]
    return cell


def cells(table: str) -> Iterator[tuple[str, Row, bool | None]]:
    """Every (condition, facts, answer) a table states."""
    head, _, *rows = [line.strip() for line in table.strip().splitlines()]
    facts, conditions = halves(head)
    for row in rows:
        given, answers = halves(row)
        known = {fact: value(KINDS[fact], cell) for fact, cell in zip(facts, given, strict=True)}
        for condition, answer in zip(conditions, answers, strict=True):
            yield condition, known, ANSWERS[answer]


def halves(line: str) -> tuple[list[str], list[str]]:
    left, right = line.split("||")
    return [cell.strip() for cell in left.split("|")], [cell.strip() for cell in right.split("|")]


@pytest.mark.parametrize("read", READINGS, ids=lambda read: read.__name__)
@pytest.mark.parametrize("title", TABLES)
def test_a_table_holds(title: str, read: Reading) -> None:
    wrong = [
        f"{condition}, given {known}: {got}, not {answer}"
        for condition, known, answer in cells(TABLES[title])
        if (got := read(parse(condition, KINDS), known)) is not answer
    ]
    assert not wrong, f"{title}\n" + "\n".join(wrong)


def test_the_tables_are_read_whole() -> None:
    """A row lost between the text and the tests would be a rule nobody checks."""
    stated = sum(len(list(cells(table))) for table in TABLES.values())
    written = sum(
        line.split("||")[1].count("|") + 1 for table in TABLES.values() for line in table.strip().splitlines()[2:]
    )
    assert stated == written > 200


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_nan_is_unknown_not_the_greatest_number(engine: str) -> None:
    row = frame({}).with_columns(days=pl.lit(float("nan")))
    native = row.lazy() if engine == "polars" else duckdb.from_arrow(row.to_arrow())
    assert in_frame(parse("days >= 180", KINDS), native) is None
    assert in_frame(parse("unknown(days)", KINDS), native) is True


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("dtype", [pl.Int64, pl.Int16, pl.Decimal(9, 2)], ids=str)
def test_numbers_may_arrive_as_whole_or_decimal_columns(engine: str, dtype: Any) -> None:
    for days, answer in ((41, True), (42, False), (None, None)):
        row = frame({}).with_columns(days=pl.lit(days).cast(dtype))
        native = row.lazy() if engine == "polars" else duckdb.from_arrow(row.to_arrow())
        assert in_frame(parse("days < 42", KINDS), native) is answer
