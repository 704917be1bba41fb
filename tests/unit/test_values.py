"""Calendar arithmetic and units: boundaries first."""

from datetime import date
from decimal import Decimal

import pytest

from nappage.values import add_months, age_in_years, day_bounds, mg_per_ml, plain, whole_months_between


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_add_months_clips_at_the_month_end(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 1, 31), date(2026, 2, 27), 0),
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2025, 9, 20), date(2026, 3, 19), 5),
        (date(2025, 9, 20), date(2026, 3, 20), 6),
    ],
)
def test_a_month_has_passed_on_its_day_not_before(start: date, end: date, expected: int) -> None:
    assert whole_months_between(start, end) == expected


def test_eighteen_on_the_birthday() -> None:
    assert age_in_years(date(2008, 3, 20), date(2026, 3, 19)) == 17
    assert age_in_years(date(2008, 3, 20), date(2026, 3, 20)) == 18
    assert age_in_years(date(2008, 2, 29), date(2026, 2, 28)) == 18


def test_a_partial_date_spans_its_period() -> None:
    assert day_bounds("2024-02") == (date(2024, 2, 1), date(2024, 2, 29))
    assert day_bounds("2024") == (date(2024, 1, 1), date(2024, 12, 31))
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        day_bounds("last spring")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [("2", "%", "20"), ("0.5", "% ", "5.0"), ("4", "mg/mL", "4"), ("5", "mcg/ml", "0.005"), ("1", "g/100 mL", "10")],
)
def test_concentrations_become_mg_per_ml_exactly(value: str, unit: str, expected: str) -> None:
    assert mg_per_ml(Decimal(value), unit) == Decimal(expected)


def test_an_unknown_unit_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'drops' is not a mass concentration; write one of mg/ml"):
        mg_per_ml(Decimal(1), "drops")


def test_plain_has_no_exponent_and_keeps_the_amount() -> None:
    assert [plain(Decimal(text)) for text in ("1.20", "1E+2", "0.050", "100")] == ["1.2", "100", "0.05", "100"]
