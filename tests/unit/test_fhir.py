"""A FHIR bundle as answers: presence only, exact decimals, each line with its place; malformed ones refused."""

from __future__ import annotations

import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from nappage.fhir import parse_bundle, read_bundle, to_answers, with_record
from nappage.intake import Answers
from nappage.values import InputError

SAMPLES = Path(__file__).parents[1] / "data" / "fhir-sample"


def bundle(*resources: dict) -> dict:
    patient = {"resourceType": "Patient", "birthDate": "1980-02-03", "gender": "female"}
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in (patient, *resources)]}


def code(system: str, value: str, text: str) -> dict:
    return {"coding": [{"system": system, "code": value, "display": text}], "text": text}


SNOMED, RXNORM = "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"


def test_conditions_keep_status_dates_and_place() -> None:
    answers = to_answers(
        bundle(
            {
                "resourceType": "Condition",
                "code": code(SNOMED, "44054006", "Diabetes"),
                "onsetDateTime": "2010-05-01T10:00:00+01:00",
            },
            {
                "resourceType": "Condition",
                "code": code(SNOMED, "72892002", "Normal pregnancy"),
                "abatementDateTime": "2015-01-09",
            },
            {
                "resourceType": "Condition",
                "code": code(SNOMED, "1", "Refuted"),
                "verificationStatus": {"coding": [{"code": "refuted"}]},
            },
        )
    )
    first, second = answers.conditions or ()
    assert (first.status, first.onset, first.codes) == ("active", "2010-05-01", {"snomed": ("44054006",)})
    assert first.origin == "record entry[1] Condition"
    assert (second.status, second.resolved) == ("past", "2015-01-09")


def test_family_history_is_told_apart() -> None:
    answers = to_answers(
        bundle({"resourceType": "FamilyMemberHistory", "condition": [{"code": code(SNOMED, "363346000", "Cancer")}]})
    )
    assert [c.status for c in answers.conditions or ()] == ["family"]


def test_a_finished_medicine_is_not_current_and_a_request_is_prescribed() -> None:
    answers = to_answers(
        bundle(
            {
                "resourceType": "MedicationRequest",
                "status": "stopped",
                "authoredOn": "2019-01-02",
                "medicationCodeableConcept": code(RXNORM, "855332", "Warfarin"),
            },
            {
                "resourceType": "MedicationRequest",
                "status": "active",
                "authoredOn": "2020-03-04",
                "medicationReference": {"reference": "#m"},
                "contained": [{"resourceType": "Medication", "id": "m", "code": code(RXNORM, "1191", "Aspirin")}],
            },
        )
    )
    old, new = answers.medications or ()
    assert old.current is False and old.stopped == "2020-03-04" and old.stopped_at_latest
    assert new.name == "Aspirin" and new.current is True and new.prescribed is True


def test_the_newest_weight_with_exact_decimals() -> None:
    def weight(day: str, value: str) -> dict:
        return {
            "resourceType": "Observation",
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            "effectiveDateTime": day,
            "valueQuantity": {"value": Decimal(value), "unit": "kg"},
        }

    answers = to_answers(bundle(weight("2020-01-01", "80.04"), weight("2021-01-01", "71.20")))
    assert answers.patient.weight_kg == Decimal("71.2")


def test_a_record_closes_nothing() -> None:
    merged = with_record(Answers(), to_answers(bundle()))
    assert merged.medications is None and merged.conditions is None
    assert merged.record is not None and merged.record.patient.birth_date == date(1980, 2, 3)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not a FHIR bundle"),
        (b'{"resourceType": "Patient"}', "not a FHIR bundle (Patient)"),
        (b"\xff{}", "not UTF-8"),
        (b"\x1f\x8bnonsense", "damaged"),
        (b"[" * 100_000, "nested"),
    ],
)
def test_what_is_no_bundle_is_refused_in_a_sentence(content: bytes, says: str) -> None:
    with pytest.raises(InputError, match=r"given\.json") as caught:
        parse_bundle("given.json", content)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("resources", "place"),
    [
        ([], "0 patients"),
        ([{"resourceType": "Patient"}, {"resourceType": "Patient"}], "2 patients"),
        ([{"resourceType": "Patient"}, {"resourceType": "Condition", "code": "flu"}], "entry[1] Condition"),
        ([{"resourceType": "Patient"}, {"resourceType": "Encounter", "period": "May"}], "entry[1] Encounter"),
        (
            [{"resourceType": "Patient"}, {"resourceType": "Procedure", "performedDateTime": "May"}],
            "entry[1] Procedure",
        ),
        ([{"resourceType": "Patient"}, {"resourceType": "AllergyIntolerance"}], "entry[1] AllergyIntolerance"),
        ([{"resourceType": "Patient"}, {"resourceType": "MedicationRequest"}], "entry[1] MedicationRequest"),
        (
            [
                {"resourceType": "Patient"},
                {
                    "resourceType": "Observation",
                    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
                    "valueQuantity": {"unit": "kg", "value": "heavy"},
                },
            ],
            "entry[1] Observation",
        ),
        (
            [
                {"resourceType": "Patient"},
                {
                    "resourceType": "Condition",
                    "code": {"text": "flu"},
                    "onsetDateTime": "2020-05-05",
                    "abatementDateTime": "2019-01-01",
                },
            ],
            "entry[1] Condition",
        ),
    ],
)
def test_a_malformed_resource_is_named(resources: list[dict], place: str) -> None:
    given = {
        "resourceType": "Bundle",
        "entry": [{"resource": r} for r in resources] or [{"resource": {"resourceType": "Basic"}}],
    }
    with pytest.raises(InputError) as caught:
        to_answers(given, "given.json")
    assert place in str(caught.value)


def test_an_empty_bundle_is_refused() -> None:
    with pytest.raises(InputError, match="no entries"):
        to_answers({"resourceType": "Bundle", "entry": []})


def test_a_gzipped_bundle_is_read_like_a_plain_one(tmp_path: Path) -> None:
    packed = SAMPLES / "patient-001.json.gz"
    plain = tmp_path / "patient-001.json"
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    assert to_answers(read_bundle(str(packed))[1]) == to_answers(read_bundle(str(plain))[1])
    assert json.loads(plain.read_text())["resourceType"] == "Bundle"
