"""A FHIR R4 bundle → Answers. A record is evidence of what is present, never of absence: it closes no list.

Read over plain dictionaries with exact decimals, since the usual library loses 1.20 → 1.2. Each line keeps its
place in the bundle (`record entry[12] Condition`), so that a finding can name it.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from ..intake.answers import (
    AllergyEntry,
    Answers,
    ConditionEntry,
    MedicationEntry,
    Patient,
    ProcedureEntry,
)
from ..intake.files import MOST_BYTES, read_bytes
from ..values import InputError, day_bounds

_SYSTEMS = {
    "http://snomed.info/sct": "snomed",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://hl7.org/fhir/sid/icd-10": "icd10",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10",
    "http://www.whocc.no/atc": "atc",
    "http://hl7.org/fhir/sid/cvx": "cvx",
    "http://loinc.org": "loinc",
}
_WEIGHT = "29463-7"  # LOINC: body weight
_NOT_SO = frozenset({"refuted", "entered-in-error"})
_MOST_UNPACKED = 8 * MOST_BYTES


def looks_like_bundle(content: Any) -> bool:
    return isinstance(content, dict) and content.get("resourceType") == "Bundle"


def read_bundle(path: str) -> tuple[str, dict[str, Any]]:
    """The name and content of a bundle file (JSON, may be gzipped). Raises InputError."""
    name, data = read_bytes(path)
    return name, parse_bundle(name, data)


def parse_bundle(name: str, data: bytes) -> dict[str, Any]:
    """A bundle from the bytes of its JSON, gzipped or not. Raises InputError."""
    if data[:2] == b"\x1f\x8b":
        try:
            unpacker = zlib.decompressobj(wbits=31)
            data = unpacker.decompress(data, _MOST_UNPACKED)
            if unpacker.unconsumed_tail:
                raise InputError(name, "unpacked, this is over 80 MB", "Send one patient's bundle")
        except (zlib.error, gzip.BadGzipFile) as error:
            raise InputError(name, f"the gzip file is damaged ({error})", "Fetch it again") from None
    try:
        content = json.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise InputError(name, f"byte {error.start + 1} is not UTF-8", "Save the bundle as UTF-8") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name}, line {error.lineno}", f"this is not JSON: {error.msg}", "Export the bundle again"
        ) from None
    except RecursionError:
        raise InputError(name, "the JSON is nested deeper than any bundle", "Export the bundle again") from None
    if not looks_like_bundle(content):
        kind = content.get("resourceType", "no resourceType") if isinstance(content, dict) else type(content).__name__
        raise InputError(name, f"this is not a FHIR bundle ({kind})", "Give a Bundle with the patient's resources")
    bundle: dict[str, Any] = content
    return bundle


def to_answers(bundle: dict[str, Any], name: str = "bundle") -> Answers:
    """The answers that a bundle's Patient, Condition, MedicationRequest, MedicationStatement,
    AllergyIntolerance, Procedure, Immunization, FamilyMemberHistory and Observation (weight) amount to."""
    return _Bundle(bundle, name).read()


def with_record(answers: Answers, record: Answers) -> Answers:
    """A person's answers with a record beside them. The record closes nothing and may contradict."""
    return answers.model_copy(update={"record": record, "record_until": record.record_until})


class _Bundle:
    def __init__(self, bundle: dict[str, Any], name: str) -> None:
        self.name = name
        entries = bundle.get("entry")
        if not isinstance(entries, list) or not entries:
            raise InputError(name, "the bundle has no entries", "Give a Bundle with the patient's resources")
        self.resources: list[tuple[int, dict[str, Any]]] = []
        self.by_reference: dict[str, dict[str, Any]] = {}
        for index, entry in enumerate(entries):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict) or "resourceType" not in resource:
                raise InputError(f"{name}, entry[{index}]", "there is no resource in it", "Export the bundle again")
            self.resources.append((index, resource))
            if entry.get("fullUrl"):
                self.by_reference[entry["fullUrl"]] = resource
            if resource.get("id"):
                self.by_reference[f"{resource['resourceType']}/{resource['id']}"] = resource
        self.at = "entry[0]"  # where reading is, for messages
        self.until: date | None = None

    def of(self, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for index, resource in self.resources:
            if resource["resourceType"] in kinds:
                self.at = f"entry[{index}] {resource['resourceType']}"
                yield f"record entry[{index}] {resource['resourceType']}", resource

    def read(self) -> Answers:
        try:
            return self._read()
        except (AttributeError, TypeError, KeyError, ArithmeticError, ValueError) as error:
            raise InputError(
                f"{self.name}, {self.at}",
                f"it is not shaped as a FHIR R4 resource ({error})",
                "Export the bundle again",
            ) from None

    def _read(self) -> Answers:
        for index, resource in self.resources:
            self.at = f"entry[{index}] {resource['resourceType']}"
            newest = _newest(resource)
            self.until = max(filter(None, (self.until, newest)), default=None)
        patients = list(self.of("Patient"))
        if len(patients) != 1:
            raise InputError(
                self.name, f"the bundle has {len(patients)} patients", "Give a bundle of exactly one patient"
            )
        return Answers(
            patient=self._patient(*patients[0]),
            conditions=tuple(self._conditions()),
            medications=tuple(self._medications()),
            allergies=tuple(self._allergies()),
            procedures=tuple(self._procedures()),
            record_until=self.until,
        )

    def _build(self, model: Any, origin: str, **fields: Any) -> Any:
        try:
            return model(origin=origin, **{k: v for k, v in fields.items() if v is not None})
        except ValueError as error:
            first = str(error).splitlines()
            raise InputError(
                f"{self.name}, {origin.removeprefix('record ')}",
                first[2].strip() if len(first) > 2 else first[0],
                "Correct the resource",
            ) from None

    def _patient(self, origin: str, resource: dict[str, Any]) -> Patient:
        human: dict[str, Any] = next(iter(resource.get("name") or ()), {})
        given = " ".join([*(human.get("given") or ()), human.get("family") or ""]).strip()
        died = resource.get("deceasedDateTime") or resource.get("deceasedBoolean")
        born = resource.get("birthDate")
        try:
            return Patient(
                name=given or None,
                birth_date=date.fromisoformat(born) if born and len(born) == 10 else None,
                age=None,
                sex=resource.get("gender") if resource.get("gender") in ("female", "male", "other") else None,
                weight_kg=self._weight(),
                deceased=died[:10] if isinstance(died, str) else died or None,
            )
        except ValueError as error:
            raise InputError(
                f"{self.name}, {origin.removeprefix('record ')}",
                str(error).splitlines()[-1],
                "Correct the resource",
            ) from None

    def _weight(self) -> Decimal | None:
        found: list[tuple[str, Decimal]] = []
        for _, resource in self.of("Observation"):
            quantity = resource.get("valueQuantity") or {}
            if _codes(resource.get("code")).get("loinc") == (_WEIGHT,) and quantity.get("unit") == "kg":
                found.append((str(resource.get("effectiveDateTime", "")), Decimal(str(quantity["value"]))))
        return max(found)[1].quantize(Decimal("0.1")) if found else None

    def _conditions(self) -> Iterator[ConditionEntry]:
        for origin, resource in self.of("Condition"):
            if _code(resource.get("verificationStatus")) in _NOT_SO:
                continue
            ended = _when(resource, "abatement")
            status = _code(resource.get("clinicalStatus"))
            past = status in ("resolved", "inactive", "remission") or ended is not None
            yield self._build(
                ConditionEntry,
                origin,
                text=_text(resource.get("code")),
                codes=_codes(resource.get("code")),
                status="past" if past else "active",
                onset=_when(resource, "onset"),
                resolved=ended,
            )
        for origin, resource in self.of("FamilyMemberHistory"):
            for condition in resource.get("condition") or ():
                yield self._build(
                    ConditionEntry,
                    origin,
                    text=_text(condition.get("code")),
                    codes=_codes(condition.get("code")),
                    status="family",
                )

    def _medications(self) -> Iterator[MedicationEntry]:
        for origin, resource in self.of("MedicationRequest", "MedicationStatement"):
            status = resource.get("status")
            if status in ("entered-in-error", "cancelled", "draft", "not-taken"):
                continue
            concept = resource.get("medicationCodeableConcept")
            if concept is None:
                reference = (resource.get("medicationReference") or {}).get("reference", "")
                target = self.by_reference.get(reference) or next(
                    (c for c in resource.get("contained") or () if f"#{c.get('id')}" == reference), {}
                )
                concept = target.get("code")
            if not _text(concept) and not _codes(concept):
                raise InputError(
                    f"{self.name}, {origin.removeprefix('record ')}",
                    "its medicine has neither text nor code",
                    "Correct the resource",
                )
            running = status in ("active", "on-hold", "intended", "unknown", None)
            ended = (
                _when(resource, "effective", end=True) if resource["resourceType"] == "MedicationStatement" else None
            )
            dosage: dict[str, Any] = next(iter(resource.get("dosageInstruction") or resource.get("dosage") or ()), {})
            yield self._build(
                MedicationEntry,
                origin,
                name=_text(concept),
                codes=_codes(concept),
                dose=dosage.get("text"),
                route=_text(dosage.get("route")) or None,
                started=_day(resource.get("authoredOn")) or _when(resource, "effective"),
                # A course that ended on a day not recorded had ended by the record's newest entry.
                stopped=None if running else ended or (self.until.isoformat() if self.until else None),
                stopped_at_latest=not running and ended is None,
                current=running,
                prescribed=True if resource["resourceType"] == "MedicationRequest" else None,
            )

    def _allergies(self) -> Iterator[AllergyEntry]:
        for origin, resource in self.of("AllergyIntolerance"):
            if _code(resource.get("verificationStatus")) in _NOT_SO:
                continue
            reactions = [
                _text(m) for r in resource.get("reaction") or () for m in r.get("manifestation") or () if _text(m)
            ]
            yield self._build(
                AllergyEntry,
                origin,
                substance=_text(resource.get("code")),
                codes=_codes(resource.get("code")),
                reaction=", ".join(reactions) or None,
            )

    def _procedures(self) -> Iterator[ProcedureEntry]:
        for origin, resource in self.of("Procedure"):
            if resource.get("status") in ("not-done", "entered-in-error", "preparation"):
                continue
            site = next(iter(resource.get("bodySite") or ()), None)
            yield self._build(
                ProcedureEntry,
                origin,
                name=_text(resource.get("code")),
                codes=_codes(resource.get("code")),
                date=_when(resource, "performed", end=True),
                area=_text(site) or None,
            )
        for origin, resource in self.of("Immunization"):
            if resource.get("status") == "completed":
                yield self._build(ProcedureEntry, origin, name="vaccination", date=_when(resource, "occurrence"))


def _text(concept: Any) -> str:
    if not isinstance(concept, dict):
        return ""
    coding: dict[str, Any] = next(iter(concept.get("coding") or ()), {})
    return str(concept.get("text") or coding.get("display") or "")


def _code(concept: Any) -> str:
    coding: dict[str, Any] = next(iter((concept or {}).get("coding") or ()), {})
    return str(coding.get("code", ""))


def _codes(concept: Any) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for coding in (concept or {}).get("coding") or ():
        system = _SYSTEMS.get(coding.get("system", ""))
        if system and coding.get("code"):
            out[system] = (*out.get(system, ()), str(coding["code"]))
    return out


def _day(value: Any) -> str | None:
    return str(value)[:10] if value else None


def _when(resource: dict[str, Any], stem: str, *, end: bool = False) -> str | None:
    """`stem`DateTime, or the start (or end) of `stem`Period."""
    single = resource.get(f"{stem}DateTime")
    period = resource.get(f"{stem}Period") or {}
    return _day(single or (period.get("end") or period.get("start") if end else period.get("start")))


def _newest(resource: dict[str, Any]) -> date | None:
    """The latest day a resource speaks of as having happened."""
    days = [
        _when(resource, stem, end=True) for stem in ("onset", "abatement", "performed", "effective", "occurrence")
    ] + [_day(resource.get(key)) for key in ("authoredOn", "issued", "recordedDate", "date")]
    period = resource.get("period") or {}
    days += [_day(period.get("end")), _day(period.get("start"))]
    known = [day_bounds(day)[0] for day in days if day]
    return max(known, default=None)
