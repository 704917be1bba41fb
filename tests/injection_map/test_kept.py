"""A map laid out again after edits is, bit for bit, that of a fresh process; and what is kept is bounded."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nappage.injection_map import atlas as atlases
from nappage.injection_map import documents, kept, lay_out
from nappage.injection_map import fit as fits
from nappage.injection_map.document import Fit
from nappage.intake import Order
from nappage.knowledge import load
from nappage.values import InputError

EDITION = load(date(2026, 11, 25))
ATLAS = atlases.load()
ZONES = ("crows-feet", "lower-lid", "malar", "glabella", "chin")


def spot(x: float, y: float) -> dict[str, Any]:
    """Where the female face's foremost skin is seen at x, y mm beside the tip of the nose."""
    skin = ATLAS.body("female")
    nose = ATLAS.landmarks_mm(skin)[4]
    triangles, weights, _ = skin.nearest(nose + np.array([x, y, -10]))
    return {"triangle": int(triangles[0]), "barycentric": [float(w) for w in weights[0] / weights[0].sum()]}


def ring(x: float, y: float, radius_mm: float) -> list[dict[str, Any]]:
    return [spot(x + radius_mm * np.cos(a), y + radius_mm * np.sin(a)) for a in np.arange(6) * np.pi / 3]


def patient(size: float) -> Fit:
    base = ATLAS.base("female") * size
    return fits.record(ATLAS, base, kind="scan", body="female", body_scale=size, scale="a test")


PATIENTS = {None: None, 1.03: patient(1.03), 0.97: patient(0.97)}
face = st.tuples(st.integers(-40, 40), st.integers(-40, 40))
zone = st.sampled_from(ZONES)
edits = st.one_of(
    st.tuples(st.just("spacing_mm"), zone, st.sampled_from([6, 7.5, 9])),
    st.tuples(st.just("depth_mm"), zone, st.sampled_from([0.8, 1.5, 6])),
    st.tuples(st.just("volume_per_point_ml"), zone, st.sampled_from(["0.01", "0.010", "0.03"])),
    st.tuples(st.just("volume_ml"), zone, st.sampled_from([0.2, 0.4])),
    st.tuples(st.just("points"), zone, st.sampled_from([3, 14])),
    st.tuples(st.just("pattern"), zone, st.sampled_from(["grid", "lines", "threads"])),
    st.tuples(st.just("border"), zone, st.tuples(face, st.sampled_from([9, 14]))),
    st.tuples(st.just("out"), zone, st.none()),
    st.tuples(st.just("erase"), face, st.sampled_from([None, 12])),
    st.tuples(st.just("add"), face, st.none()),
    st.tuples(st.just("layout"), st.sampled_from(["strict", "cover"]), st.none()),
    st.tuples(st.just("aim"), st.sampled_from(["field", "points"]), st.none()),
    st.tuples(st.just("enter"), st.sampled_from(["facial-artery", "infraorbital-foramen"]), st.none()),
    st.tuples(st.just("patient"), st.sampled_from([None, 1.03, 0.97]), st.none()),
)


def after(done: list[tuple[Any, ...]]) -> tuple[Order, Fit | None]:
    """The order and the patient after some edits."""
    lines: dict[str, dict[str, Any]] = {name: {"zone": name} for name in ZONES[:3]}
    wished: dict[str, Any] = {"aim": "field", "erase": [], "add": [], "enter": {}}
    size = None
    for kind, what, value in done:
        match kind:
            case "border":
                (x, y), radius = value
                lines.setdefault(what, {"zone": what})["border"] = ring(x, y, radius)
            case "out":
                lines.pop(what, None)
            case "erase" | "add":
                wished[kind].append(spot(*what) | ({"radius_mm": value} if value else {}))
            case "layout" | "aim":
                wished[kind] = what
            case "enter":
                wished["enter"][what] = "wanted there, Dr A. Example"
            case "patient":
                size = what
            case _:
                lines.setdefault(what, {"zone": what})[kind] = value
    given_order = {
        "technique": "papule", "spacing_mm": 8, "inserted_mm": 2, "angle_deg": 30, "syringe_ml": 1,
        "mixture": [{"product": "x", "volume_ml": 2}], "map": {**wished, "zones": list(lines.values())},
    }  # fmt: skip
    return Order.model_validate(given_order), PATIENTS[size]


def said(order: Order, fit: Fit | None) -> str:
    """The whole map, or why there is none, as text."""
    try:
        return lay_out(order, EDITION, sex="female", fit=fit).model_dump_json()
    except InputError as error:
        return str(error)


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(edits, min_size=3, max_size=5))
def test_an_edited_map_is_the_map_of_a_fresh_process(done: list[tuple[Any, ...]]) -> None:
    steps = [done[: count + 1] for count in range(len(done))]
    warm = [said(*after(step)) for step in (*steps, *reversed(steps))]
    assert warm[: len(steps)] == warm[: len(steps) - 1 : -1]
    kept.forget()
    assert said(*after(steps[-1])) == warm[len(steps)]


def test_a_map_drawn_again_is_drawn_as_in_a_fresh_process() -> None:
    """Whatever was drawn between: the same face with a border by hand."""
    one, other = (
        lay_out(after(done)[0], EDITION, sex="female") for done in ([], [("border", "malar", ((20, 10), 14))])
    )
    first, second = documents.pictures(one, EDITION), documents.pictures(other, EDITION)
    assert documents.pictures(one, EDITION) == first and first != second
    kept.forget()
    assert documents.pictures(other, EDITION) == second


@pytest.mark.long
@settings(max_examples=24, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(edits, min_size=3, max_size=8))
def test_many_edited_maps(done: list[tuple[Any, ...]]) -> None:
    warm = [said(*after(done[: count + 1])) for count in range(len(done))]
    for count, there in enumerate(warm):
        kept.forget()
        assert said(*after(done[: count + 1])) == there


def test_an_edit_lays_only_what_it_touches(monkeypatch: pytest.MonkeyPatch) -> None:
    from nappage.injection_map import planning

    kept.forget()
    laid: list[float] = []
    before = planning.lay_grid
    monkeypatch.setattr(planning, "lay_grid", lambda flat, mm, **more: laid.append(mm) or before(flat, mm, **more))
    order, _ = after([("spacing_mm", "chin", 7.5)])
    said(order, None)
    count = len(laid)
    assert count == 7  # three zones on both sides, and the chin
    said(after([("spacing_mm", "chin", 7.5), ("depth_mm", "malar", 1.5), ("volume_ml", "malar", 0.2)])[0], None)
    assert len(laid) == count
    said(after([("spacing_mm", "chin", 9)])[0], None)
    assert laid[count:] == [9]


def test_what_is_alike_but_not_the_same_is_told_apart() -> None:
    calls: list[Any] = []

    @kept.kept(8)
    def asked(part: Any) -> int:
        calls.append(part)
        return len(calls)

    for part in (1, 1.0, True, np.array([1.0]), np.array([1]), np.array([[1.0]]), (1,), (1.0,)):
        assert asked(part) == asked(part) == len(calls)
    assert len(calls) == 8
    assert asked(np.array([1.0])) == 4  # arrays count by content
    surface, twin = ({"same": 1} for _ in range(2))
    assert asked(surface) != asked(twin)  # what has no hash by being the same object
    assert asked(surface) == asked(surface)


def test_what_is_kept_is_bounded_by_size_and_the_oldest_goes_first() -> None:
    calls: list[int] = []

    @kept.kept(10, lambda answer: answer)
    def asked(part: int) -> int:
        calls.append(part)
        return part

    for part in (3, 4, 3, 2, 5):  # 4 is the oldest when 5 comes
        asked(part)
    assert calls == [3, 4, 2, 5]
    asked(3), asked(2), asked(5)
    assert calls == [3, 4, 2, 5]
    asked(4)
    asked(100)  # more than all: it alone stays
    asked(100)
    assert calls == [3, 4, 2, 5, 4, 100]
    asked(5)
    assert calls[-1] == 5


def test_threads_get_one_and_the_same_answer() -> None:
    meet = threading.Barrier(4)

    @kept.kept(4)
    def asked(part: int) -> object:
        meet.wait(timeout=10)
        return object()

    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(asked(1))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, got))) == 1
