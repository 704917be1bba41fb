"""Bad input: a sentence that names file, place, what is wrong and what to do. Truth table of what is accepted."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from nappage.intake import Answers, load_answers, load_yaml, validated
from nappage.values import InputError


def written(tmp_path: Path, content: str | bytes, name: str = "patient.yaml") -> str:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize(
    ("content", "place", "wrong"),
    [
        ("", "patient.yaml", "empty"),
        ("- a\n- b\n", "patient.yaml", "a list"),
        ("patient: {age: 30", "patient.yaml, line 2", "did not find"),
        ("patient:\n  age: 30\n  age: 31\n", "line 3", "stands twice"),
        ("a: &a [1]\nb: *a\n", "line 2", "aliases"),
        (b"patient: {name: \xe9ric}\n", "line 1", "not UTF-8"),
        ("\ufeff" + "patient: {age: 30}\n" + "x" * 3 + ": 1\n", "xxx", "not a key"),
        ("patient: {age: thirty}\n", "patient.age", "thirty"),
        ("patient: {birth_date: 2026-13-01}\n", "patient", ""),
        ("patient: {weight_kg: -60}\n", "patient.weight_kg", "more than 1 (given: -60)"),
        ("patient: {weight_kg: .inf}\n", "patient.weight_kg", ""),
        ("patient: {phototype: VII}\n", "patient.phototype", ""),
        ("patinet: {age: 30}\n", "patinet", "Did you mean 'patient'"),
        ("medications: [{nmae: aspirin}]\n", "medications[0]", "name"),
        ("medications: [{name: aspirin, started: 2026-02-01, stopped: 2026-01-01}]\n", "medications[0]", "lies before"),
        ("medications: [{name: aspirin, stopped: 31/12/2025}]\n", "medications[0].stopped", "write YYYY-MM-DD"),
        ("medications: [{name: aspirin, stopped: 2025-02-30}]\n", "medications[0].stopped", "day is out of range"),
        ("medications: aspirin\n", "medications", ""),
        ("conditions: [{status: active}]\n", "conditions[0]", "needs a text or a code"),
        ("conditions: [{text: flu, status: maybe}]\n", "conditions[0].status", "maybe"),
        ("order: {mixture: [{ingredient: lidocaine, concentration: 2, unit: parsec}]}\n", "order.mixture[0]", "parsec"),
        ("order: {mixture: [{ingredient: lidocaine, volume_ml: -1}]}\n", "order.mixture[0].volume_ml", ""),
        ("order: {mixture: [{ingredient: lidocaine, concentration: 2}]}\n", "order.mixture[0]", "needs its unit"),
        ("order: {points: 0}\n", "order.points", ""),
        ("context: {recent_sun: yesterday}\n", "context.recent_sun:", "yesterday"),
        ("? [a]\n: 1\n", "line 1", "a key must be a word"),
        ('{"patient": {"name": "x\\u0000y"}}', "patient, name", "U+0000"),
        ('{"patient": {"name": "\\ud83d"}}', "patient, name", "U+D83D"),
        ('{"patient": {"age": 3}, "patient": {"age": 4}}', "patient.yaml", "stands twice"),
        ('{"patient": {"weight_kg": NaN}}', "patient.weight_kg", ""),
        ("patient: {birth_date: 1800-01-01}\n", "patient.birth_date", "check the year"),
        ("order: {mixture: [{ingredient: a, volume_ml: 1e400}]}\n", "order.mixture[0].volume_ml", ""),
        ("order: {planned_start: '2026-03-29T02:30 Europe/Paris'}\n", "order", "the clocks go forward"),
        ("order: {planned_start: tomorrow}\n", "order", "tomorrow"),
        ("order: {planned_start: '2026-03-20T10:30 Mars/Olympus'}\n", "order", "IANA"),
        ("order: {planned_start: '2026-03-20T25:30 Europe/Paris'}\n", "order", ""),
    ],
)  # fmt: skip
def test_a_fault_is_named(tmp_path: Path, content: str | bytes, place: str, wrong: str) -> None:
    with pytest.raises(InputError) as caught:
        load_answers(written(tmp_path, content))
    said = str(caught.value)
    assert place in said and wrong in said, said
    assert "Traceback" not in said and "pydantic" not in said
    assert caught.value.remedy


def test_over_ten_megabytes_is_refused_before_parsing(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(10_000_001)
    with pytest.raises(InputError, match="at most 10 MB"):
        load_yaml(str(path))


def test_a_file_of_endless_entries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="far more entries"):
        load_yaml(written(tmp_path, "a: [" + "1," * 250_000 + "1]"))


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load_yaml(written(tmp_path, "[" * 20_000))


@pytest.mark.parametrize(("name", "says"), [("none.yaml", "no such file"), (".", "a folder")])
def test_a_path_that_is_no_file(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load_yaml(str(tmp_path / name))


def test_numbers_stay_exact(tmp_path: Path) -> None:
    answers = load_answers(written(tmp_path, "patient: {weight_kg: 61.10}\norder: {volume_per_point_ml: 0.03}\n"))
    assert answers.patient.weight_kg == Decimal("61.10")
    assert answers.order is not None and answers.order.volume_per_point_ml == Decimal("0.03")


@pytest.mark.parametrize(
    ("given", "field", "read"),
    [
        ({"sex": "F"}, "sex", "female"),
        ({"pregnancy": False}, "pregnancy", "no"),
        ({"pregnancy": True}, "pregnancy", "pregnant"),
        ({"pregnancy": "trying to conceive"}, "pregnancy", "planning"),
        ({"pregnancy": "unsure"}, "pregnancy", "possible"),
        ({"pregnancy": None}, "pregnancy", None),
        ({"phototype": "IV"}, "phototype", 4),
        ({"phototype": "Fitzpatrick 2"}, "phototype", 2),
    ],
)
def test_words_that_people_write(given: dict, field: str, read: object) -> None:
    assert getattr(validated(Answers, {"patient": given}, "x").patient, field) == read


@pytest.mark.parametrize(
    ("start", "day", "clock", "zone"),
    [
        ("2026-03-20", "2026-03-20", None, None),
        ("2026-03-20T10:30 Europe/Paris", "2026-03-20", "10:30", "Europe/Paris"),
        ("2026-03-20 10:30 [Europe/Paris]", "2026-03-20", "10:30", "Europe/Paris"),
        ("2026-03-20T10:30", "2026-03-20", "10:30", None),
    ],
)
def test_a_start_is_a_day_and_perhaps_a_time(start: str, day: str, clock: str | None, zone: str | None) -> None:
    order = validated(Answers, {"order": {"planned_start": start}}, "x").order
    assert order is not None
    assert (str(order.planned_start), order.planned_time, order.time_zone) == (day, clock, zone)


def test_absent_and_null_are_not_asked_and_empty_is_asked() -> None:
    absent = validated(Answers, {}, "x")
    assert absent.medications is None and absent.context.skin_state is None
    assert validated(Answers, {"medications": None}, "x").medications is None
    assert validated(Answers, {"medications": []}, "x").medications == ()


def test_null_is_the_same_as_absent_everywhere() -> None:
    given = {
        "patient": None, "conditions": None, "context": None, "lifestyle": None, "not_asked": None,
        "history_complete": None, "goals": None, "skincare": [{"product": "cream", "active": None}],
        "order": {"areas": None, "products": None, "mixture": None, "technique": None},
    }  # fmt: skip
    read = validated(Answers, given, "x")
    assert read == validated(Answers, {"skincare": [{"product": "cream"}], "order": {}}, "x")


@pytest.mark.parametrize("word", ["unknown", "not asked", "don't know", "?"])
def test_an_answer_of_unknown_leaves_the_question_open(word: str) -> None:
    given = {"history_complete": True, "patient": {"sex": "female", "pregnancy": word}, "needle_fear": word}
    read = validated(Answers, given, "x")
    assert read.patient.pregnancy is None and read.needle_fear is None
    assert set(read.not_asked) == {"pregnancy", "needle_fear"}


def test_json_as_machines_write_it() -> None:
    from nappage.intake.files import parse_yaml

    assert parse_yaml("x", b'{"goals": "\\ud83d\\ude00", "a": 0.10}') == {"goals": "\U0001f600", "a": Decimal("0.10")}
