"""A hundred patients that nobody here wrote: every tagged fact is read with its dates, in them and in no other."""

from __future__ import annotations

import pytest
from tests.samples import EXCEPTIONS, FACT_OF_TAG, TABLE, samples, table


@pytest.mark.parametrize("tag", sorted(FACT_OF_TAG))
def test_the_fact_is_present_in_every_tagged_patient_and_in_no_other(tag: str) -> None:
    fact = FACT_OF_TAG[tag]
    differs = {sample.name for sample in samples() if (sample.merged[fact] is True) != (tag in sample.tags)}
    assert differs == {name for name, other in EXCEPTIONS if other == tag}
    for sample in samples():
        if sample.merged[fact]:
            for evidence in sample.merged.evidence[fact]:
                assert evidence.origin.startswith("record entry[") and evidence.quote


def test_every_tag_has_a_fact() -> None:
    assert {tag for sample in samples() for tag in sample.tags} == set(FACT_OF_TAG)


def test_a_bundles_silence_is_never_a_no() -> None:
    for sample in samples():
        for fact in FACT_OF_TAG.values():
            assert sample.alone[fact] in (True, None), (sample.name, fact)
        if not sample.deceased:
            assert sample.alone_screening.incomplete or sample.alone_screening.verdict == "contraindicated"
            assert sample.alone_screening.open_questions
            assert not sample.alone_screening.may_proceed


def test_everything_in_the_bundles_is_recognised() -> None:
    for sample in samples():
        assert sample.alone.unread == (), sample.name


def test_a_deceased_patient_gets_a_sentence() -> None:
    for sample in samples():
        assert sample.alone_screening.deceased == sample.deceased
        if sample.deceased:
            assert "has died" in sample.alone_screening.statement
            assert not sample.alone_screening.may_proceed


def test_whether_a_rule_fires_follows_the_dates() -> None:
    for sample in samples():
        fired = {finding.rule for finding in sample.merged_screening.findings}
        pregnant_now = any(e.until is None for e in sample.merged.evidence.get("pregnancy_ever", ()))
        assert ("pregnancy" in fired) == pregnant_now, sample.name
        nsaid_now = any(e.until is None for e in sample.merged.evidence.get("nsaid_ever", ()))
        if not nsaid_now:
            assert not fired & {"nsaid-prescribed", "nsaid-self-bought"}, sample.name
        if not any(e.until is None for e in sample.merged.evidence.get("anticoagulant_ever", ())):
            assert not fired & {"vitamin-k-antagonist", "direct-oral-anticoagulant", "heparin"}, sample.name


def test_a_patient_without_tags_and_grown_up_is_clear() -> None:
    clear = {"clear", "proceed-with-precautions"}
    for sample in samples():
        age = sample.merged["age_years"]
        if not sample.tags and not sample.deceased and age is not None and 18 <= age <= 75:
            verdict = sample.merged_screening.verdict
            reasons = [finding.rule for finding in sample.merged_screening.findings]
            assert verdict in clear, (sample.name, reasons)


def test_the_published_table_is_true() -> None:
    assert TABLE.read_text() == table(), "run `make reference`"
