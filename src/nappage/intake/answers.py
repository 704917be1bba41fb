"""What a person answered, and what is to be done: `Answers` and `Order`, as read from a file.

Anywhere, absent or null means *not asked*. A list that is present is closed. `not_asked` re-opens topics;
`history_complete` closes every patient question at once.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, field_validator, model_validator

from ..values import CONCENTRATION_UNITS, Amount, Document, day_bounds, normal_unit


def _as_date_text(value: Any) -> Any:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool) and 1850 < value < 2200:
        return str(value)
    if isinstance(value, str):
        day_bounds(value)
        return value.strip()[:10]
    return value


def _word(value: Any) -> Any:
    """YAML reads yes/no as true/false; a question with more answers than two wants the word back."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.strip().casefold().replace("_", "-").replace(" ", "-") if isinstance(value, str) else value


# A date that may be known only to the month or year: "2024-03-05", "2024-03", "2024".
PartialDate = Annotated[
    str,
    BeforeValidator(_as_date_text),
    WithJsonSchema({"type": ["string", "integer"], "description": "YYYY-MM-DD, YYYY-MM or YYYY"}),
]
# Bounds far beyond any session, so that a slip of the keyboard is refused where it was made.
Positive = Annotated[Amount, Field(gt=Decimal(0), le=Decimal(100_000))]
NotNegative = Annotated[Amount, Field(ge=Decimal(0), le=Decimal(10_000_000))]
Codes = dict[str, str | tuple[str, ...]]  # system → code(s): {snomed: "44054006", icd10: E11}

_PREGNANCY = {
    "no": "no",
    "not-pregnant": "no",
    "none": "no",
    "yes": "pregnant",
    "pregnant": "pregnant",
    "possible": "possible",
    "possibly": "possible",
    "unsure": "possible",
    "maybe": "possible",
    "planning": "planning",
    "trying": "planning",
    "trying-to-conceive": "planning",
}
_SEX = {
    "f": "female",
    "female": "female",
    "woman": "female",
    "m": "male",
    "male": "male",
    "man": "male",
    "other": "other",
    "intersex": "other",
}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}


class Given(Document):
    """What a person wrote. Anywhere, null means the same as absent: not asked."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        return {key: v for key, v in data.items() if v is not None} if isinstance(data, dict) else data


class Entry(Given):
    """One line of a list. `origin` says where it was read (set by the reader, never by the person)."""

    origin: str = ""


class Patient(Given):
    name: str | None = None
    birth_date: date | None = None
    age: Annotated[int, Field(ge=0, le=125)] | None = None
    sex: Annotated[Literal["female", "male", "other"], WithJsonSchema({"type": "string"})] | None = None
    pregnancy: (
        Annotated[Literal["no", "pregnant", "possible", "planning"], WithJsonSchema({"type": ["string", "boolean"]})]
        | None
    ) = None
    breastfeeding: bool | None = None
    weight_kg: Annotated[Amount, Field(gt=Decimal(1), lt=Decimal(500))] | None = None
    phototype: (
        Annotated[
            int,
            Field(ge=1, le=6),
            WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 6}, {"type": "string"}]}),
        ]
        | None
    ) = None
    deceased: bool | PartialDate | None = None

    @field_validator("birth_date")
    @classmethod
    def _lived(cls, value: date | None) -> date | None:
        if value is not None and value.year < 1900:
            raise ValueError(f"{value} would be more than 125 years ago; check the year")
        return value

    @field_validator("sex", mode="before")
    @classmethod
    def _sex(cls, value: Any) -> Any:
        return _SEX.get(word, value) if isinstance(word := _word(value), str) else value

    @field_validator("pregnancy", mode="before")
    @classmethod
    def _pregnancy(cls, value: Any) -> Any:
        return _PREGNANCY.get(word, value) if isinstance(word := _word(value), str) else value

    @field_validator("phototype", mode="before")
    @classmethod
    def _phototype(cls, value: Any) -> Any:
        if isinstance(value, str):
            text = re.sub(r"^(fitzpatrick|type)[\s-]*", "", value.strip().casefold())
            return _ROMAN.get(text, text)
        return value


class ConditionEntry(Entry):
    text: str = ""
    codes: Codes = {}
    status: Literal["active", "past", "family", "denied"] | None = None
    onset: PartialDate | None = None
    resolved: PartialDate | None = None
    controlled: bool | None = None

    @model_validator(mode="after")
    def _order(self) -> ConditionEntry:
        if not self.text and not self.codes:
            raise ValueError("a condition needs a text or a code")
        _in_order(self.onset, self.resolved, "onset", "resolved")
        return self


class MedicationEntry(Entry):
    name: str = ""
    codes: Codes = {}
    dose: str | None = None
    route: str | None = None
    started: PartialDate | None = None
    stopped: PartialDate | None = None
    current: bool | None = None  # absent: current unless `stopped` is given
    stopped_at_latest: bool = False  # `stopped` is the last day it can have been taken, not the day it ended
    prescribed: bool | None = None
    reason: str | None = None
    # A named clinician's reason why it does nothing to a treatment, of one that is known by name only or not at all.
    no_effect: str | None = Field(default=None, min_length=3)

    @field_validator("dose", "reason", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _order(self) -> MedicationEntry:
        if not self.name and not self.codes:
            raise ValueError("a medication needs a name or a code")
        _in_order(self.started, self.stopped, "started", "stopped")
        return self


class AllergyEntry(Entry):
    substance: str = ""
    codes: Codes = {}
    reaction: str | None = None
    status: Literal["active", "past", "denied"] | None = None

    @model_validator(mode="after")
    def _named(self) -> AllergyEntry:
        if not self.substance and not self.codes:
            raise ValueError("an allergy needs a substance or a code")
        return self


class ProcedureEntry(Entry):
    name: str = ""
    codes: Codes = {}
    area: str | None = None
    date: PartialDate | None = None


class PreviousMesotherapy(Entry):
    date: PartialDate | None = None
    product: str | None = None
    reaction: str | None = None


class SkincareEntry(Entry):
    product: str = ""
    active: str | None = None
    frequency: str | None = None
    last_used: PartialDate | None = None
    prescribed: bool | None = None

    @model_validator(mode="after")
    def _named(self) -> SkincareEntry:
        if not self.product and not self.active:
            raise ValueError("a skincare line needs a product or an active")
        return self


class Lifestyle(Given):
    smoking: bool | str | None = None
    alcohol: bool | str | None = None
    alcohol_last: PartialDate | None = None
    sun: bool | str | None = None
    sunbeds: bool | str | None = None
    occupation: str | None = None


class PlannedEvent(Given):
    event: str
    date: PartialDate | None = None
    area: str | None = None


class Context(Given):
    """How the patient is now. `skin_state`: words for what is on the skin of the area; empty: examined, clear."""

    skin_state: tuple[str, ...] | None = None
    unwell: bool | str | None = None
    recent_sun: PartialDate | bool | None = None  # last intense sun, sunburn or sunbed on the area
    planned_events: tuple[PlannedEvent, ...] | None = None
    voluntary: bool | None = None
    expectations: Literal["realistic", "unrealistic"] | None = None
    bdd_questionnaire: Literal["negative", "positive"] | None = None
    blood_pressure: Literal["controlled", "uncontrolled"] | None = None
    purpose: Literal["cosmetic", "medical"] | None = None
    jurisdiction: str | None = None


class MixtureLine(Entry):
    ingredient: str | None = None
    product: str | None = None
    concentration: NotNegative | None = None
    unit: str | None = None
    volume_ml: Positive | None = None
    vial_ml: Positive | None = None  # what one vial is dissolved in, where the unit counts vials

    @model_validator(mode="after")
    def _named(self) -> MixtureLine:
        if not self.ingredient and not self.product:
            raise ValueError("a line of the mixture needs an ingredient or a product")
        if self.unit is not None and normal_unit(self.unit) not in CONCENTRATION_UNITS:
            raise ValueError(
                f"'{self.unit}' is not a unit of concentration known here; write one of "
                + ", ".join(CONCENTRATION_UNITS)
            )
        if self.concentration is not None and self.unit is None:
            raise ValueError("a concentration needs its unit")
        return self


class Anaesthetic(Entry):
    product: str
    route: str | None = None
    volume_ml: Positive | None = None
    concentration: NotNegative | None = None
    unit: str | None = None
    vial_ml: Positive | None = None
    grams: Positive | None = None
    area_cm2: Positive | None = None
    dwell_min: Positive | None = None
    applied_by: Literal["clinic", "patient"] | None = None


class Spot(Given):
    """A place on the atlas's skin, as an injection map names it, with what lies within `radius_mm` of it."""

    triangle: Annotated[int, Field(ge=0)]
    barycentric: tuple[float, float, float]
    radius_mm: Positive | None = None
    zone: str | None = None
    volume_ml: Positive | None = None

    @field_validator("barycentric")
    @classmethod
    def _weights(cls, value: tuple[float, float, float]) -> tuple[float, float, float]:
        if not (min(value) >= -1e-6 and abs(sum(value) - 1) <= 1e-6):
            raise ValueError("barycentric weights are at least 0 and sum to 1")
        return value


class ZoneOrder(Given):
    """How one zone is to be laid out, where it differs from the rest of the order. A border under a name that is no
    zone's is a zone of its own, painted freely."""

    zone: str
    side: Literal["left", "right", "both"] = "both"
    pattern: Literal["grid", "lines", "threads", "fan", "named"] | None = None
    spacing_mm: Positive | None = None  # between points; of lines, along the line
    pitch_mm: Positive | None = None  # between lines or threads
    thread_mm: Positive | None = None  # length of a thread
    rows_deg: float | None = None  # direction of the rows against the horizontal
    points: Annotated[int, Field(gt=0, le=5000)] | None = None
    volume_ml: Positive | None = None
    volume_per_point_ml: Positive | None = None
    depth_mm: Positive | None = None
    # A border drawn by hand, once around; for the zone's other side it is mirrored.
    border: Annotated[tuple[Spot, ...], Field(max_length=200)] | None = None


class PointSetOrder(Given):
    """Single named points, by the name of their set; `nappage knowledge list point_sets` lists them."""

    set: str
    side: Literal["left", "right", "both"] = "both"
    volume_per_point_ml: Positive | None = None


class Wheals(Given):
    """A practitioner's own wheals, measured: what the coverage of a map is calibrated by."""

    class Wheal(Given):
        volume_ml: Positive
        diameter_mm: Positive

    by: str
    measured_on: date
    wheals: Annotated[tuple[Wheal, ...], Field(min_length=5)]


class MapOrder(Given):
    """What is wished of the injection map. `enter` names danger zones in which points are wanted all the same,
    each with the clinician's reason."""

    aim: Literal["field", "points"] | None = None
    layout: Literal["strict", "cover"] = "strict"
    # Share of the area wanted under the blebs; settles the spacing or the volume per point that the order leaves open.
    covered: Annotated[Amount, Field(gt=Decimal(0), lt=Decimal(1))] | None = None
    zones: tuple[ZoneOrder, ...] = ()
    point_sets: tuple[PointSetOrder, ...] = ()
    erase: tuple[Spot, ...] = ()
    add: tuple[Spot, ...] = ()
    enter: dict[str, Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]] = {}
    wheals: Wheals | None = None


class Order(Given):
    """What is to be done. Any part may be missing; what is missing blocks signing, not screening."""

    indication: str | None = None
    areas: tuple[str, ...] = ()
    technique: str | None = None
    products: tuple[str, ...] = ()
    mixture: tuple[MixtureLine, ...] = ()
    points: Annotated[int, Field(gt=0, le=5000)] | None = None
    volume_per_point_ml: Positive | None = None
    area_cm2: Positive | None = None
    spacing_mm: Positive | None = None
    depth_mm: Positive | None = None  # of the needle's tip
    inserted_mm: Positive | None = None  # length of needle in the skin
    angle_deg: Annotated[Positive, Field(le=90)] | None = None  # between needle and skin
    needle_mm: Positive | None = None  # the needle's length
    syringe_ml: Positive | None = None  # what one syringe holds
    map: MapOrder = MapOrder()
    anaesthetic: tuple[Anaesthetic, ...] | None = None
    combined_with: tuple[str, ...] = ()
    protocol: str | None = None
    regimen: str | None = None
    sessions: Annotated[int, Field(gt=0, le=100)] | None = None
    planned_start: date | None = None
    planned_time: str | None = None  # local clock time HH:MM, set from planned_start
    time_zone: str | None = None  # IANA name
    visit_minutes: Annotated[int, Field(gt=0, le=480)] | None = None
    purpose: Literal["cosmetic", "medical"] | None = None
    jurisdiction: str | None = None
    accepted_without_ceiling: dict[str, str] = {}  # ingredient → the clinician's reason
    own_ceilings_mg: dict[str, Positive] = {}  # ingredient → the product's own limit per session, mg

    @model_validator(mode="before")
    @classmethod
    def _split_start(cls, data: Any) -> Any:
        """`planned_start` as "2026-03-20T10:30 Europe/Paris", a datetime, or a date alone."""
        if not isinstance(data, dict) or data.get("planned_start") is None:
            return data
        start = data["planned_start"]
        if isinstance(start, datetime):
            if start.tzinfo is not None:
                raise ValueError(
                    f"planned_start '{start}' has an offset; write the local time and an IANA zone, "
                    'like "2026-03-20T10:30 Europe/Paris"'
                )
            return {**data, "planned_start": start.date(), "planned_time": f"{start:%H:%M}"}
        if not isinstance(start, str):
            return data
        match = re.fullmatch(
            r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::00)?)?(?:\s*\[?([A-Za-z_]+(?:/[A-Za-z_+\-0-9]+)*)\]?)?",
            start.strip(),
        )
        if re.search(r"\d(Z|[+-]\d{2}:?\d{2})$", start.strip()):
            raise ValueError(
                f"planned_start '{start}' has an offset; write the local time and an IANA zone, "
                'like "2026-03-20T10:30 Europe/Paris"'
            )
        if not match:
            raise ValueError(
                f"planned_start '{start}' cannot be read; write 2026-03-20, or \"2026-03-20T10:30 Europe/Paris\""
            )
        day, clock, zone = match.groups()
        out = {**data, "planned_start": day}
        if clock:
            if not ("00" <= clock[:2] <= "23" and "00" <= clock[3:] <= "59"):
                raise ValueError(f"planned_start '{start}': a day has no {clock}; write 00:00 to 23:59")
            out["planned_time"] = clock
        if zone:
            out["time_zone"] = zone
        return out

    @model_validator(mode="after")
    def _real_time(self) -> Order:
        """A clock time that the change to summer time skips is not a time."""
        if self.planned_start and self.planned_time and self.time_zone:
            local = datetime.fromisoformat(f"{self.planned_start}T{self.planned_time}").replace(
                tzinfo=ZoneInfo(self.time_zone)
            )
            if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
                raise ValueError(
                    f"{self.planned_start} has no {self.planned_time} in {self.time_zone}: the clocks go forward; "
                    "write a time an hour later"
                )
        return self

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except Exception:
                raise ValueError(f"'{value}' is not an IANA time zone; write one like Europe/Paris") from None
        return value


class Answers(Given):
    patient: Patient = Patient()
    conditions: tuple[ConditionEntry, ...] | None = None
    medications: tuple[MedicationEntry, ...] | None = None
    allergies: tuple[AllergyEntry, ...] | None = None
    procedures: tuple[ProcedureEntry, ...] | None = None
    previous_mesotherapy: tuple[PreviousMesotherapy, ...] | None = None
    skincare: tuple[SkincareEntry, ...] | None = None
    lifestyle: Lifestyle = Lifestyle()
    needle_fear: bool | None = None
    context: Context = Context()
    goals: str | tuple[str, ...] | None = None
    concerns: str | tuple[str, ...] | None = None  # what bothers, where no order names it; absent: the goals say
    # The items of a scale by name: {glogau: {grade: 2}, phototype: {burns: rarely, tans: easily}}.
    assessment: dict[str, dict[str, Any]] = {}
    # Single questions, by the fact a screening named when it asked: {contraception: reliable}.
    answered: dict[str, bool | Amount | str] = {}
    not_asked: tuple[str, ...] = ()
    # The day of these answers. What can change from session to session is open again on a later one; absent: today's.
    answered_on: date | None = None
    history_complete: bool = False
    order: Order | None = None
    # Evidence of presence only (a record system's list): never closes anything. Filled by fhir.
    record: Answers | None = None
    record_until: date | None = None  # the record's newest entry

    @model_validator(mode="before")
    @classmethod
    def _unknown_is_not_asked(cls, data: Any) -> Any:
        """A question answered *unknown* is open, even where the rest of the history is complete."""
        if not isinstance(data, dict):
            return data
        out, opened = dict(data), list(data.get("not_asked") or ())
        for key, value in data.items():
            if _says_unknown(value):
                del out[key]
                opened.append(key)
            elif key in ("patient", "lifestyle", "context") and isinstance(value, dict):
                unknown = [name for name, given in value.items() if _says_unknown(given)]
                out[key] = {name: given for name, given in value.items() if name not in unknown}
                opened += unknown
        return {**out, "not_asked": opened} if opened else out


def _says_unknown(value: Any) -> bool:
    return isinstance(value, str) and _word(value) in (
        "unknown",
        "not-known",
        "not-asked",
        "don't-know",
        "dont-know",
        "?",
    )


def _in_order(first: str | None, then: str | None, first_name: str, then_name: str) -> None:
    if first and then and day_bounds(then)[1] < day_bounds(first)[0]:
        raise ValueError(f"{then_name} ({then}) lies before {first_name} ({first})")
