"""No vignette is answered dangerously, and nobody is blocked without a reason that stands written."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.vignettes.page import KEPT, PAGE, not_explained, page
from tests.vignettes.run import GRAVITY, KINDS, cases, results


def test_there_are_enough_of_each_kind_and_each_cites_its_source() -> None:
    found = cases()
    counts = Counter(case.kind for case in found)
    assert sum(counts.values()) >= 250 and all(counts[kind] >= 40 for kind in KINDS)
    assert len({case.id for case in found}) == len(found)
    assert sum(case.file.startswith("sealed") for case in found) >= 60
    for case in found:
        assert case.source and all(source.get("title") and source.get("read") for source in case.source), case.id
        assert case.why, case.id


def test_expectations_are_in_words_that_are_known() -> None:
    for case in cases():
        known = {word for group in GRAVITY[case.kind] for word in group} | {"incomplete"}
        wanted = case.expect.get("verdict", case.expect.get("level"))
        assert set([wanted] if isinstance(wanted, str) else wanted) <= known, case.id


def test_a_changed_expectation_says_why_and_by_which_source() -> None:
    for case in cases():
        if case.changed is not None:
            assert {"was", "because", "source"} <= set(case.changed), case.id


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_is_dangerous_and_no_missing_answer_is_taken_for_a_safe_one(kind: str) -> None:
    wrong = [
        f"{case.id}: {result.got}, {result.detail}"
        for case, result in results()
        if case.kind == kind and result.judged in ("dangerous", "unasked")
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_not_right_is_explained() -> None:
    assert not_explained() == []


def test_an_explanation_is_of_a_case_that_is_not_right() -> None:
    right = {case.id for case, result in results(sealed=False) if result.judged == "right"}
    assert not right & set(KEPT["explained"])


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make reference`"
