"""Quantities with units, calendar arithmetic and the base of every document.

The only place where one unit becomes another. Amounts are `Decimal`, never binary floats: a dose that is
printed is the dose that was computed.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer


class Document(BaseModel):
    """Base of all documents: frozen, no unknown keys, JSON with exact decimals."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InputError(Exception):
    """What a person gave cannot be used. Says where, what is wrong, and what to do."""

    def __init__(self, place: str, wrong: str, remedy: str) -> None:
        super().__init__(f"{place}: {wrong}. {remedy}")
        self.place, self.wrong, self.remedy = place, wrong, remedy

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, to be shown at the place itself."""
        return f"{self.wrong[:1].upper()}{self.wrong[1:]}. {self.remedy}."


def to_decimal(value: Any) -> Any:
    """An int, float or numeric string as an exact Decimal; anything else is left for pydantic to refuse."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | str):
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            return value
        return number if number.is_finite() else value
    return value


def plain(value: Decimal) -> str:
    """A Decimal without exponent and without trailing zeros after the point: 1.20 → 1.2, 1E+2 → 100."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# An exact amount; written to JSON as a number in plain notation.
Amount = Annotated[
    Decimal,
    BeforeValidator(to_decimal),
    PlainSerializer(lambda d: float(d) if d % 1 else int(d), return_type=float | int, when_used="json"),
]


def add_months(day: date, months: int) -> date:
    """The same day number `months` later; the month's last day where that number does not exist."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def whole_months_between(start: date, end: date) -> int:
    """Calendar months that have fully passed from `start` to `end` (negative when `end` is earlier)."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1


def age_in_years(birth: date, on: date) -> int:
    """Completed years; someone born on 29 February turns on the 28th in a common year."""
    return whole_months_between(birth, on) // 12


_PARTIAL = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")


def day_bounds(text: str) -> tuple[date, date]:
    """First and last day a date may mean: '2024' → 1 January to 31 December. Raises ValueError."""
    match = _PARTIAL.match(text.strip()[:10])
    if not match:
        raise ValueError(f"'{text}' is not a date; write YYYY-MM-DD, YYYY-MM or YYYY")
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    first = date(year, month, day or 1)
    if day is not None:
        return first, first
    return first, add_months(first, 1) - timedelta(days=1)


# Mass per millilitre. '%' of a solution is weight in volume: 1 % = 10 mg/mL.
_MG_PER_ML = {
    "mg/ml": Decimal(1),
    "g/l": Decimal(1),
    "%": Decimal(10),
    "mcg/ml": Decimal("0.001"),
    "µg/ml": Decimal("0.001"),
    "μg/ml": Decimal("0.001"),
    "ug/ml": Decimal("0.001"),
    "g/ml": Decimal(1000),
    "g/100ml": Decimal(10),
}
CONCENTRATION_UNITS = (*_MG_PER_ML, "iu/ml", "mg/vial", "iu/vial")


def normal_unit(unit: str) -> str:
    """A unit as the tables spell it: no spaces, lower case, 'units' and 'u' as IU, 'cc' as mL. Bare IU count a
    whole vial."""
    text = re.sub(r"\s+", "", unit).casefold().replace("per", "/")
    text = {"percent": "%", "%w/v": "%", "/cent": "%"}.get(text, text)
    text = re.sub(r"/(cc|millilit(re|er)s?)$", "/ml", text)
    text = re.sub(r"^(units?|u|ui|i\.u\.)(?=/|$)", "iu", text)
    return "iu/vial" if text == "iu" else text


def mg_per_ml(concentration: Decimal, unit: str) -> Decimal:
    """A mass concentration in mg/mL. Raises ValueError on a unit that is not one."""
    try:
        return concentration * _MG_PER_ML[normal_unit(unit)]
    except KeyError:
        raise ValueError(f"'{unit}' is not a mass concentration; write one of {', '.join(_MG_PER_ML)}") from None
