"""Random conditions over random rows with missing values: every reading gives the same answer.

Each example draws a few trees and a frame of rows, and reads all of them in one query per engine. `make test`
draws the same every time; `make test-long` draws many more, and new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from nappage.rules import (
    MORE,
    All,
    AnyOf,
    Compare,
    Condition,
    Contains,
    FactKind,
    Flag,
    Not,
    OneOf,
    Unknown,
    explain,
    facts_of,
    guard_of,
    parse,
    to_text,
)
from nappage.rules.columns import column

KINDS: dict[str, FactKind] = {
    "flag_a": "boolean",
    "flag_b": "boolean",
    "number_a": "number",
    "number_b": "number",
    "text_a": "text",
    "list_a": "list",
    "list_b": "list",
}

Row = Mapping[str, Any]
Trees = Sequence[Condition]
Answers = list[tuple[bool | None, ...]]  # a row of answers, one for each tree, for each row of facts
Reading = Callable[[Trees, Sequence[Row]], Answers]


# --- What is drawn ---

# Mostly few values, so that constants and facts meet (a limit read one off was missed with more of them);
# among them the ones that break a quoting or a rounding.
NUMBERS = [
    *map(Decimal, ["0", "1", "-1", "42", "41.9", "0.1", "0.2", "0.3", "-0.05", "1E-9"]),
    *map(Decimal, ["0.300000000000004", "0.123456789012345", "999999999999999"]),
]
WORDS = [
    "a",
    "A",
    "b",
    "",
    " ",
    "a  b",
    "it's",
    'a "b"',
    "\\",
    "%",
    "é",
    "e\u0301",
    "µg × 2",
    "💉",
    "#",
    "\n",
]
numbers = (
    st.sampled_from([Decimal("0.1"), Decimal(42)])
    | st.sampled_from(NUMBERS)
    | st.decimals(-1000, 1000, allow_nan=False, places=3)
)
words = (
    st.sampled_from(["a", "b"])
    | st.sampled_from(WORDS)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)
)


def of_kind(kind: FactKind) -> st.SearchStrategy[str]:
    return st.sampled_from([fact for fact in KINDS if KINDS[fact] == kind])


def leaves(*, unknowns: bool) -> st.SearchStrategy[Condition]:
    order = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    equal = st.sampled_from(["==", "!="])
    kinds: list[st.SearchStrategy[Condition]] = [
        st.builds(Flag, of_kind("boolean")),
        st.builds(Compare, of_kind("number"), order, numbers),
        st.builds(Compare, of_kind("text"), equal, words),
        st.builds(OneOf, of_kind("number"), st.lists(numbers, min_size=1, max_size=3).map(tuple)),
        st.builds(OneOf, of_kind("text"), st.lists(words, min_size=1, max_size=3).map(tuple)),
        st.builds(Contains, of_kind("list"), words),
    ]
    if unknowns:
        kinds.append(st.builds(Unknown, st.sampled_from(list(KINDS))))
    return st.one_of(kinds)


def trees(*, unknowns: bool = True) -> st.SearchStrategy[Condition]:
    def grow(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.builds(Not, inner) | st.builds(All, several) | st.builds(AnyOf, several)

    return st.recursive(leaves(unknowns=unknowns), grow, max_leaves=8)


VALUES: dict[FactKind, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "number": numbers,
    "text": words,
    "list": st.lists(words | st.just(MORE), max_size=3),
}
whole = VALUES | {"list": st.lists(words.filter(lambda word: word != MORE), max_size=3)}  # a reply leaves nothing out
known_rows = st.fixed_dictionaries({fact: whole[kind] for fact, kind in KINDS.items()})
rows = st.fixed_dictionaries({fact: st.none() | VALUES[kind] for fact, kind in KINDS.items()})
frames = st.lists(rows, min_size=1, max_size=12)
tree_batches = st.lists(trees(), min_size=1, max_size=4)


def draws(examples: int) -> settings:
    """The same draws every time."""
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None, **PATIENT)


def new_draws(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, print_blob=True, **PATIENT)


PATIENT: dict[str, Any] = {"suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


# --- The readings, and their comparison ---


def in_explain(batch: Trees, facts: Sequence[Row]) -> Answers:
    return [tuple(explain(tree, row).answer for tree in batch) for row in facts]


def in_duckdb(batch: Trees, facts: Sequence[Row]) -> Answers:
    return in_frame(batch, duckdb.from_arrow(frame(facts).to_arrow()))


def in_polars(batch: Trees, facts: Sequence[Row]) -> Answers:
    return in_frame(batch, frame(facts).lazy())


def in_frame(batch: Trees, native: Any) -> Answers:
    answers = {f"tree_{place}": column(tree, KINDS) for place, tree in enumerate(batch)}
    # A row number is read along, for a database owes no order.
    read: Any = nw.from_native(native).select("row", **answers).collect()
    return [tuple(row[1:]) for row in sorted(read.rows())]


def frame(facts: Sequence[Row]) -> pl.DataFrame:
    types: dict[FactKind, Any] = {
        "boolean": pl.Boolean, "number": pl.Float64, "text": pl.String, "list": pl.List(pl.String),
    }  # fmt: skip
    columns: dict[str, pl.Series] = {"row": pl.Series(range(len(facts)), dtype=pl.Int64)}
    for fact, kind in KINDS.items():
        cells = [row[fact] for row in facts]
        if kind == "number":
            cells = [None if cell is None else float(cell) for cell in cells]
        columns[fact] = pl.Series(cells, dtype=types[kind])
    return pl.DataFrame(columns)


def disagreements(batch: Trees, facts: Sequence[Row], reading: Reading) -> list[str]:
    """Where `reading` and `explain` part."""
    return [
        f"{to_text(tree)}, given { {fact: row[fact] for fact in sorted(facts_of(tree))} }: "
        f"explain says {mine}, {reading.__name__} says {theirs}"
        for row, ours, others in zip(facts, in_explain(batch, facts), reading(batch, facts), strict=True)
        for tree, mine, theirs in zip(batch, ours, others, strict=True)
        if mine is not theirs
    ]


def check_agreement(batch: Trees, facts: Sequence[Row]) -> None:
    found = disagreements(batch, facts, in_duckdb) + disagreements(batch, facts, in_polars)
    assert not found, "\n".join(found)


@draws(1000)
@given(tree_batches, frames)
def test_explain_duckdb_and_polars_agree(batch: Trees, facts: list[Row]) -> None:
    check_agreement(batch, facts)


@pytest.mark.long
@new_draws(8000)
@given(tree_batches, frames)
def test_explain_duckdb_and_polars_agree_at_length(batch: Trees, facts: list[Row]) -> None:
    check_agreement(batch, facts)


# --- The comparison itself: a reading that is wrong must be caught ---


def rewritten(tree: Condition, wrong: Callable[[Condition], Condition]) -> Condition:
    match tree:
        case Not(term):
            return wrong(Not(rewritten(term, wrong)))
        case All(terms):
            return wrong(All(tuple(rewritten(term, wrong) for term in terms)))
        case AnyOf(terms):
            return wrong(AnyOf(tuple(rewritten(term, wrong) for term in terms)))
    return wrong(tree)


def missing_list_is_empty(leaf: Condition) -> Condition:
    return All((Not(Unknown(leaf.fact)), leaf)) if isinstance(leaf, Contains) else leaf


def missing_flag_is_no(leaf: Condition) -> Condition:
    return All((Not(Unknown(leaf.fact)), leaf)) if isinstance(leaf, Flag) else leaf


def missing_number_passes(leaf: Condition) -> Condition:
    if isinstance(leaf, Compare) and isinstance(leaf.value, Decimal):
        return AnyOf((Unknown(leaf.fact), leaf))
    return leaf


def missing_text_differs(leaf: Condition) -> Condition:
    if isinstance(leaf, Compare) and leaf.op == "!=":
        return AnyOf((Unknown(leaf.fact), leaf))
    return leaf


def limit_is_left_out(leaf: Condition) -> Condition:
    return Compare(leaf.fact, "<", leaf.value) if isinstance(leaf, Compare) and leaf.op == "<=" else leaf


def unknown_settles_an_and(branch: Condition) -> Condition:
    """`no and ?` read as `?`: as if every term had to be known."""
    if not isinstance(branch, All):
        return branch
    unsettled = [All((term, Not(term))) for term in branch.terms]  # never yes; unknown with its term
    return All((AnyOf((branch, *unsettled)),))


WRONG = [
    missing_list_is_empty,
    missing_flag_is_no,
    missing_number_passes,
    missing_text_differs,
    limit_is_left_out,
    unknown_settles_an_and,
]


@pytest.mark.parametrize("engine", [in_duckdb, in_polars], ids=lambda engine: engine.__name__)
@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_planted_wrong_reading_is_caught(wrong: Callable[[Condition], Condition], engine: Reading) -> None:
    def planted(batch: Trees, facts: Sequence[Row]) -> Answers:
        return engine([rewritten(tree, wrong) for tree in batch], facts)

    # Found among as many draws as the test above makes; raises NoSuchExample otherwise.
    find(
        st.tuples(tree_batches, frames),
        lambda drawn: bool(disagreements(drawn[0], drawn[1], planted)),
        settings=settings(draws(1000), phases=[Phase.generate]),
    )


@pytest.mark.parametrize("engine", [in_duckdb, in_polars], ids=lambda engine: engine.__name__)
def test_a_list_read_in_part_and_taken_for_whole_is_caught(engine: Reading) -> None:
    def planted(batch: Trees, facts: Sequence[Row]) -> Answers:
        whole = [
            {f: [w for w in v if w != MORE] if isinstance(v, list) else v for f, v in row.items()} for row in facts
        ]
        return engine(batch, whole)

    find(
        st.tuples(tree_batches, frames),
        lambda drawn: bool(disagreements(drawn[0], drawn[1], planted)),
        settings=settings(draws(1000), phases=[Phase.generate]),
    )


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_what_is_planted_is_wrong_only_where_something_is_missing(
    wrong: Callable[[Condition], Condition],
) -> None:
    """So the catch above needs rows with missing values (all but the one that moves a limit)."""
    if wrong is limit_is_left_out:
        tree: Condition = Compare("number_a", "<=", Decimal(42))
        assert explain(tree, {"number_a": Decimal(42)}).answer is True
        assert explain(wrong(tree), {"number_a": Decimal(42)}).answer is False
        return

    @draws(100)
    @given(trees(), known_rows)
    def same_when_all_is_known(tree: Condition, row: Row) -> None:
        assert explain(rewritten(tree, wrong), row).answer is explain(tree, row).answer

    same_when_all_is_known()


# --- The language written and read again ---


def check_text(tree: Condition) -> None:
    assert parse(to_text(tree), KINDS) == tree


@draws(500)
@given(trees())
def test_a_tree_written_and_read_is_the_same_tree(tree: Condition) -> None:
    check_text(tree)


@pytest.mark.long
@new_draws(10000)
@given(trees())
def test_a_tree_written_and_read_is_the_same_tree_at_length(tree: Condition) -> None:
    check_text(tree)


# --- Guards ---


def shown(sign: tuple[str, str | None], row: Row) -> bool:
    """Whether a sign is present or unknown in the row."""
    fact, word = sign
    if row[fact] is None:
        return True
    return bool(row[fact]) if word is None else word in row[fact] or MORE in row[fact]


def check_guard(tree: Condition, row: Row) -> None:
    guard = guard_of(tree)
    if guard is not None:
        bare = dict(row)
        for fact, word in guard:  # take every sign away, so that the row is one an index would skip
            bare[fact] = False if word is None else [w for w in bare[fact] or [] if w not in (word, MORE)]
        for candidate in (row, bare):
            if not any(shown(sign, candidate) for sign in guard):
                assert explain(tree, candidate).answer is False


@draws(500)
@given(trees(), rows)
def test_a_row_without_a_sign_of_the_guard_is_a_no(tree: Condition, row: Row) -> None:
    check_guard(tree, row)


@pytest.mark.long
@new_draws(10000)
@given(trees(), rows)
def test_a_row_without_a_sign_of_the_guard_is_a_no_at_length(tree: Condition, row: Row) -> None:
    check_guard(tree, row)


# --- The facts a reading names ---


def check_reasons(tree: Condition, row: Row) -> None:
    """A yes or no rests on the facts it names: forget all others, and it stands."""
    reading = explain(tree, row)
    assert reading.facts and reading.facts <= facts_of(tree)
    if reading.answer is not None:
        kept = {fact: value for fact, value in row.items() if fact in reading.facts}
        assert explain(tree, kept).answer is reading.answer


@draws(500)
@given(trees(), rows)
def test_the_facts_named_carry_a_yes_or_no(tree: Condition, row: Row) -> None:
    check_reasons(tree, row)


def missing(value: Any) -> bool:
    """Not known, or known in part."""
    return value is None or (isinstance(value, list) and MORE in value)


def check_questions(tree: Condition, row: Row, replies: Row) -> None:
    """Ask what an unknown names until it is settled: only missing facts are asked, and none twice."""
    known = dict(row)
    while (reading := explain(tree, known)).answer is None:
        assert reading.facts and all(missing(known[fact]) for fact in reading.facts)
        known |= {fact: replies[fact] for fact in reading.facts}


@draws(500)
@given(trees(), rows, known_rows)
def test_the_facts_an_unknown_names_are_the_questions_that_settle_it(tree: Condition, row: Row, replies: Row) -> None:
    check_questions(tree, row, replies)


@draws(500)
@given(trees(unknowns=False), rows, known_rows)
def test_without_unknown_one_round_of_questions_is_enough(tree: Condition, row: Row, replies: Row) -> None:
    asked = explain(tree, row)
    if asked.answer is None:
        assert explain(tree, {**row, **{fact: replies[fact] for fact in asked.facts}}).answer is not None


def test_with_unknown_a_second_round_may_be_needed() -> None:
    """What `unknown(flag_a)` answered before the reply to flag_a, it no longer answers after it."""
    tree = parse("(unknown(flag_a) or flag_b) and (flag_a or not flag_a)", KINDS)
    assert explain(tree, {}).facts == {"flag_a"}
    assert explain(tree, {"flag_a": True}).answer is None
    assert explain(tree, {"flag_a": True}).facts == {"flag_b"}


@pytest.mark.long
@new_draws(10000)
@given(trees(), rows, known_rows)
def test_the_facts_named_at_length(tree: Condition, row: Row, replies: Row) -> None:
    check_reasons(tree, row)
    check_questions(tree, row, replies)
