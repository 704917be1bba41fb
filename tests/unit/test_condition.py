"""The condition language: what it reads, what it refuses, and in which words."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal

import pytest

from nappage.rules import (
    All,
    AnyOf,
    Compare,
    Condition,
    ConditionError,
    Contains,
    FactKind,
    Flag,
    Not,
    OneOf,
    Unknown,
    facts_of,
    guard_of,
    parse,
    to_text,
)

KINDS: dict[str, FactKind] = {
    "pregnant": "boolean",
    "days": "number",
    "sex": "text",
    "ingredients": "list",
}

READ: list[tuple[str, Condition]] = [
    ("pregnant", Flag("pregnant")),
    ("pregnant == True", Flag("pregnant")),
    ("pregnant == False", Not(Flag("pregnant"))),
    ("not pregnant", Not(Flag("pregnant"))),
    ("days < 42", Compare("days", "<", Decimal(42))),
    ("42 > days", Compare("days", "<", Decimal(42))),
    ("days >= -0.5", Compare("days", ">=", Decimal("-0.5"))),
    ("days == 0.1", Compare("days", "==", Decimal("0.1"))),
    ('sex == "female"', Compare("sex", "==", "female")),
    ('"female" != sex', Compare("sex", "!=", "female")),
    ('sex in ["female", "male"]', OneOf("sex", ("female", "male"))),
    ("days in (0, 7)", OneOf("days", (Decimal(0), Decimal(7)))),
    ('sex not in ["male"]', Not(OneOf("sex", ("male",)))),
    ('"lidocaine" in ingredients', Contains("ingredients", "lidocaine")),
    ('"lidocaine" not in ingredients', Not(Contains("ingredients", "lidocaine"))),
    ("unknown(ingredients)", Unknown("ingredients")),
    (
        "pregnant or days < 42 and unknown(sex)",
        AnyOf((Flag("pregnant"), All((Compare("days", "<", Decimal(42)), Unknown("sex"))))),
    ),
    ("pregnant\n  and unknown(days)\n", All((Flag("pregnant"), Unknown("days")))),
    ("pregnant  # and more\n  and unknown(days)", All((Flag("pregnant"), Unknown("days")))),
    ('sex == "two  spaces"', Compare("sex", "==", "two  spaces")),
    ('sex == "# no comment"', Compare("sex", "==", "# no comment")),
]


@pytest.mark.parametrize(("text", "tree"), READ, ids=[text for text, _ in READ])
def test_it_reads(text: str, tree: Condition) -> None:
    assert parse(text, KINDS) == tree
    assert parse(to_text(tree), KINDS) == tree


# What is written, and the reason given after "in '…': ".
REFUSED: list[tuple[str, str]] = [
    # facts
    ("days_since < 3", "no fact is called 'days_since'"),
    ("unknown(days_since)", "no fact is called 'days_since'"),
    ("days", "'days' is a number fact, not a boolean"),
    ("not sex", "'sex' is a text fact, not a boolean"),
    ('"a" in sex', "'sex' is a text fact, not a list"),
    ('days < "42"', "'days' is a number fact and cannot be held against '42' this way"),
    ("days == True", "'days' is a number fact and cannot be held against True this way"),
    ("sex == 1", "'sex' is a text fact and cannot be held against 1 this way"),
    ('sex < "m"', "'sex' is a text fact and cannot be held against 'm' this way"),
    ('sex in ["female", 2]', "'sex' is a text fact and cannot be held against 2 this way"),
    ("pregnant == 1", "'pregnant' is a boolean fact and cannot be held against 1 this way"),
    ("pregnant > False", "'pregnant' is a boolean fact and cannot be held against False this way"),
    ("pregnant in [True]", "'pregnant' is a boolean fact and cannot be held against True this way"),
    ('ingredients == "a"', "'ingredients' is a list fact and cannot be held against 'a' this way"),
    ('ingredients in ["a"]', "'ingredients' is a list fact and cannot be held against 'a' this way"),
    ("3 in ingredients", "'ingredients' holds words, so what is looked for stands in quotes"),
    # comparisons
    ("1 < days < 42", "a comparison has two sides; join two comparisons with 'and'"),
    ("1 < 2", "a comparison needs a fact on one side"),
    ("days is None", "compare with < <= > >= == != or 'in'"),
    ("days is not 3", "compare with < <= > >= == != or 'in'"),
    ("days == None", "'None' is not a constant (a word stands in quotes)"),
    ("days == days", "'days' is not a constant (a word stands in quotes)"),
    ("lidocaine in ingredients", "'lidocaine' is not a constant (a word stands in quotes)"),
    ("sex == female", "no fact is called 'female'"),
    ("sex in []", 'membership is "word" in list_fact, or fact in ["a", "b"]'),
    ('sex in "female"', 'membership is "word" in list_fact, or fact in ["a", "b"]'),
    ('sex in {"female"}', 'membership is "word" in list_fact, or fact in ["a", "b"]'),
    ('"a" in ["a"]', 'membership is "word" in list_fact, or fact in ["a", "b"]'),
    # numbers
    ("days < 1e999", "'inf' has more than 15 digits, too many to compare exactly"),
    ("days < 1000000000000000", "'1000000000000000' has more than 15 digits, too many to compare exactly"),
    (
        "days < 0.1234567890123456",
        "'0.1234567890123456' has more than 15 digits, too many to compare exactly",
    ),
    ("days < 3j", "'3j' is not a constant (a word stands in quotes)"),
    ("days < -True", "'-True' is not a constant (a word stands in quotes)"),
    ("days < +3", "'+3' is not a constant (a word stands in quotes)"),
    ('sex == f"{sex}"', """'f'{sex}'' is not a constant (a word stands in quotes)"""),
    ('sex == b"female"', """'b'female'' is not a constant (a word stands in quotes)"""),
    # arithmetic, calls, attributes and the rest of Python
    ("days + 1 < 42", "a comparison needs a fact on one side"),
    ("days < 6 * 7", "'6 * 7' is not a constant (a word stands in quotes)"),
    ("days + 1", "'days + 1' is not in the language"),
    ("-days", "'-days' is not in the language"),
    ("abs(days) < 3", "a comparison needs a fact on one side"),
    ("__import__('os')", "'__import__('os')' is not in the language"),
    ("unknown()", "'unknown()' is not in the language"),
    ("unknown(days, sex)", "'unknown(days, sex)' is not in the language"),
    ("unknown(fact=days)", "'unknown(fact=days)' is not in the language"),
    ("unknown('days')", "'unknown('days')' is not in the language"),
    ("unknown(not pregnant)", "'unknown(not pregnant)' is not in the language"),
    ("pregnant.real", "'pregnant.real' is not in the language"),
    ("sex.lower() == 'female'", "a comparison needs a fact on one side"),
    ("ingredients[0]", "'ingredients[0]' is not in the language"),
    ("pregnant & pregnant", "'pregnant & pregnant' is not in the language"),
    ("~pregnant", "'~pregnant' is not in the language"),
    ("pregnant if pregnant else pregnant", "'pregnant if pregnant else pregnant' is not in the language"),
    ("lambda: pregnant", "'lambda: pregnant' is not in the language"),
    (
        "[pregnant for pregnant in ingredients]",
        "'[pregnant for pregnant in ingredients]' is not in the language",
    ),
    ("(pregnant := True)", "'(pregnant := True)' is not in the language"),
    ("True", "'True' is not in the language"),
    ("'pregnant'", "''pregnant'' is not in the language"),
    # not one condition
    ("", "this is not one condition"),
    ("# pregnant", "this is not one condition"),
    ("pregnant, pregnant", "this is not one condition"),
    ("pregnant) or (pregnant", "this is not one condition"),
    ("pregnant pregnant", "invalid syntax"),
    ("pregnant and", "invalid syntax"),
    ("pregnant; pregnant", "invalid syntax"),
    ("import os", "invalid syntax"),
    ("days > 3 and and pregnant", "invalid syntax"),
    ("(pregnant", "'(' was never closed"),
    ("pregnant)", "unmatched ')'"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED, ids=[text or "nothing" for text, _ in REFUSED])
def test_it_refuses_and_quotes_the_text(text: str, why: str) -> None:
    with pytest.raises(ConditionError) as refusal:
        parse(text, KINDS)
    assert str(refusal.value) == f"in '{text}': {why}"


def test_it_quotes_a_text_of_several_lines_in_one() -> None:
    with pytest.raises(ConditionError, match=re.escape("in 'pregnant and days': 'days' is a number fact")):
        parse("pregnant\n    and days\n", KINDS)


@pytest.mark.parametrize("deep", ["not " * 5_000 + "pregnant", "not " * 100_000 + "pregnant"], ids=len)
def test_it_refuses_what_is_nested_too_deeply(deep: str) -> None:
    with pytest.raises(ConditionError, match=r": it is nested too deeply$"):
        parse(deep, KINDS)


def test_a_constant_keeps_the_digits_that_were_written() -> None:
    assert parse("days < 0.1", KINDS) == Compare("days", "<", Decimal("0.1"))
    assert parse("days < 999999999999999", KINDS) == Compare("days", "<", Decimal("999999999999999"))


def test_facts_of_names_every_fact_once() -> None:
    tree = parse('not pregnant and (days < 3 or "a" in ingredients) or unknown(sex) or pregnant', KINDS)
    assert facts_of(tree) == {"pregnant", "days", "ingredients", "sex"}


GUARDS: list[tuple[str, set[tuple[str, str | None]] | None]] = [
    ("pregnant", {("pregnant", None)}),
    ('"a" in ingredients', {("ingredients", "a")}),
    ('pregnant or "a" in ingredients', {("pregnant", None), ("ingredients", "a")}),
    ("pregnant and days < 3", {("pregnant", None)}),
    ('("a" in ingredients or "b" in ingredients) and pregnant', {("pregnant", None)}),
    ("pregnant or days < 3", None),
    ("not pregnant", None),
    ("days < 3", None),
    ('sex in ["female"]', None),
    ("unknown(pregnant)", None),
]


@pytest.mark.parametrize(("text", "guard"), GUARDS, ids=[text for text, _ in GUARDS])
def test_the_guard_of(text: str, guard: set[tuple[str, str | None]] | None) -> None:
    assert guard_of(parse(text, KINDS)) == guard


def test_reading_one_patient_needs_no_dataframe_library() -> None:
    """A cold start pays for what it uses: only `rules.columns` imports narwhals."""
    code = "import sys, nappage.rules; print('narwhals' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
