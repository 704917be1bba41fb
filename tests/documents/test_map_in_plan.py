"""The plan is held against what its map really injects, and nothing refused there can be signed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nappage.intake import Answers
from nappage.knowledge import Edition, load
from nappage.plan import TreatmentPlan, draft
from nappage.values import InputError

ON = date(2026, 11, 25)
EDITION: Edition = load(ON)
ORDER: dict[str, Any] = {
    "technique": "papule", "areas": ["cheeks"], "spacing_mm": 10, "depth_mm": 1, "map": {"aim": "field"},
    "mixture": [{"ingredient": "hyaluronic acid", "concentration": 10, "unit": "mg/mL", "volume_ml": 1}],
}  # fmt: skip


def plan(**order: Any) -> TreatmentPlan:
    wished = {key: value for key, value in {**ORDER, **order}.items() if value is not None}
    return draft(Answers.model_validate({"patient": {"sex": "female", "age": 40}, "order": wished}), EDITION, ON)


def to_sign(drafted: TreatmentPlan) -> list[str]:
    return [line.text for line in drafted.to_sign if line.room == "map"]


def test_a_map_without_questions_leaves_nothing_to_sign() -> None:
    drafted = plan()
    assert drafted.map is not None
    assert to_sign(drafted) == []
    assert drafted.formulation is not None and drafted.formulation.volume.agrees
    assert drafted.placement.points == len(drafted.map.points)


def test_a_depth_refused_on_the_map_cannot_be_signed_nor_go_ahead() -> None:
    drafted = plan(depth_mm=6)
    assert to_sign(drafted)
    assert not drafted.may_proceed


def test_no_map_is_drawn_for_whom_must_not_be_treated() -> None:
    patient = {"sex": "female", "age": 30, "pregnancy": "yes"}
    drafted = draft(Answers.model_validate({"patient": patient, "order": ORDER}), EDITION, ON)
    assert drafted.screening.verdict == "contraindicated"
    assert drafted.map is None and drafted.map_note


def test_nor_where_there_is_no_map() -> None:
    drafted = plan(spacing_mm=None, technique="linear", depth_mm=8, points=None)
    assert drafted.map is None and drafted.map_note
    assert len(to_sign(drafted)) >= 2  # the map's reason, and the depth on the face


def test_more_needle_than_there_is_is_bad_input() -> None:
    with pytest.raises(InputError):
        plan(depth_mm=None, inserted_mm=6, needle_mm=4, angle_deg=30)


def test_an_unknown_point_set_is_bad_input() -> None:
    with pytest.raises(InputError, match="point_sets"):
        plan(map={"aim": "field", "point_sets": [{"set": "foo"}]})


def test_another_area_or_number_of_points_than_the_map_s_is_asked_about() -> None:
    assert any("500" in text for text in to_sign(plan(area_cm2=500)))
    spots = [
        {"triangle": p.place.triangle, "barycentric": p.place.barycentric}
        for p in (plan(points=30, spacing_mm=None).map or pytest.fail()).points[:4]
    ]
    erased = plan(points=30, spacing_mm=None, map={"aim": "field", "erase": spots})
    assert erased.map is not None and len(erased.map.points) == 26
    assert any("26" in text for text in to_sign(erased))
    assert erased.placement.points == 26


def test_volumes_by_zone_are_enough_to_sign() -> None:
    lines = [{"zone": "cheek", "volume_ml": 0.6}, {"zone": "malar", "volume_ml": 0.4}]
    drafted = plan(map={"aim": "field", "zones": lines})
    assert not [line for line in drafted.to_sign if line.room in ("order", "map") and "volume" in line.text]
    assert drafted.formulation is not None and drafted.formulation.volume.agrees
