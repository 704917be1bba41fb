"""What the map editor is given: small, whole, of the core only."""

from __future__ import annotations

import base64
import json
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from nappage.injection_map import InjectionMap
from nappage.injection_map.atlas import load as load_atlas
from nappage.intake import Order
from nappage.knowledge import load
from nappage.values import InputError
from nappage_web.planning import map_payload

EDITION = load(date(2026, 11, 25))


def asked(**more: Any) -> Order:
    given = {
        "technique": "papule",
        "areas": ["cheeks"],
        "spacing_mm": 10,
        "depth_mm": 1,
        "map": {"aim": "field"},
        **more,
    }
    return Order.model_validate({key: value for key, value in given.items() if value is not None})


def shown(order: Order, **more: Any) -> tuple[InjectionMap | None, dict[str, Any]]:
    map, lacks = map_payload.lay(order, EDITION, sex="female")
    return map, map_payload.state(map, order, EDITION, sex="female", lacks=lacks, **more)


@pytest.fixture(scope="module")
def cheeks() -> tuple[InjectionMap, dict[str, Any]]:
    map, state = shown(asked(volume_per_point_ml="0.02", mixture=[{"product": "NCTF 135 HA", "volume_ml": 3}]))
    assert map is not None
    return map, state


def test_totals_are_the_maps(cheeks) -> None:
    map, state = cheeks
    totals = state["totals"]
    assert totals["points"] == len(map.points) == len(state["payload"]["points"])
    assert Decimal(str(totals["ml"])) == map.volume_ml and totals["held_ml"] == 3
    low, middle, high = totals["coverage"]
    shares = [zone.coverage.share for zone in map.zones if zone.coverage]
    assert min(share.middle for share in shares) <= middle <= max(share.middle for share in shares)
    assert low < middle < high
    assert totals["may_be_signed"] is map.may_be_signed


def test_warnings_say_what_the_map_says_with_sources_gravest_first(cheeks) -> None:
    map, state = cheeks
    texts = [one["text"] for one in state["warnings"]]
    assert {notice.text for notice in map.notices} <= set(texts)
    kinds = [one["kind"] for one in state["warnings"]]
    assert kinds == sorted(kinds, key=["refuse", "ask", "warn", "note"].index) and "ask" in kinds  # volumes contradict
    _, deep = shown(asked(areas=["crow's feet"], volume_per_point_ml="0.02"))
    depth = next(one for one in deep["warnings"] if one["about"] == "depth")
    assert depth["zones"] == ["crows-feet-right", "crows-feet-left"], "both sides say the same once"
    assert "MENG2022" in [source["ref"] for source in depth["sources"]] and depth["suggestion"]


def test_the_skin_is_sent_once_and_the_rest_is_small(cheeks) -> None:
    map, state = cheeks
    key = state["payload"]["skin_key"]
    again = map_payload.state(map, asked(), EDITION, sex="female", has_skin=key)
    assert again["payload"]["skin"] is None and again["zones"] is None
    assert len(map_payload.dumps(again)) < 150_000
    other = map_payload.state(None, asked(), EDITION, sex="male", has_skin=key)
    assert other["payload"]["skin"] and other["payload"]["skin_key"] != key
    assert "</script" not in map_payload.dumps(state)
    assert json.loads(map_payload.dumps(state))["totals"] == state["totals"]


def test_the_skins_marks_are_the_zones(cheeks) -> None:
    """Unpacked: as many vertices as the atlas has, and of each zone as many as its field holds."""
    from nappage.injection_map import zones

    _, state = cheeks
    atlas = load_atlas()
    marks = np.frombuffer(base64.b64decode(state["payload"]["skin"]["marks"]), dtype=np.uint8).reshape(3, -1)
    assert marks.shape[1] == len(atlas.mirror) and (marks[1] == 255).all()
    for one in state["zones"]:
        for step, side in enumerate(one["sides"]):
            inside = int((zones.zone_field(atlas, one["id"], side) > 0).sum())
            assert (marks[0] == one["mark"] + step).sum() == inside, one["id"]


def test_a_zones_border_can_be_ordered_back(cheeks) -> None:
    """The places sent for dragging enclose the zone again, to a few percent."""
    map, state = cheeks
    cheek = next(one for one in state["zones"] if one["id"] == "cheek")
    assert 8 <= len(cheek["border"]) <= 40
    spots = [{"triangle": t, "barycentric": [a, b, 1 - a - b]} for t, a, b in cheek["border"]]
    again, lacks = map_payload.lay(asked(map={"zones": [{"zone": "cheek", "border": spots}]}), EDITION, sex="female")
    assert again is not None and lacks is None
    for side in ("cheek-right", "cheek-left"):
        old, new = (next(zone.area_cm2 for zone in one.zones if zone.id == side) for one in (map, again))
        assert new == pytest.approx(old, rel=0.06)


def test_names_say_what_areas_bring(cheeks) -> None:
    _, state = cheeks
    assert state["names"]["cheeks"] == {"malar": ["right", "left"], "cheek": ["right", "left"]}
    cheek = next(one for one in state["zones"] if one["id"] == "cheek")
    assert sorted(cheek["with"]) == ["cheek", "malar"] and cheek["group"] == "Face"
    _, odd = shown(asked(areas=["left cheek", "the moon"]))
    assert odd["names"] == {"left cheek": {"malar": ["left"], "cheek": ["left"]}, "the moon": {}}


@pytest.mark.parametrize(
    ("left_out", "words"), [("technique", "No technique"), ("areas", "No area"), ("spacing_mm", "No spacing")]
)
def test_what_an_order_lacks_is_asked_not_refused(left_out: str, words: str) -> None:
    order = asked(**{left_out: None}, **({"technique": "mixed"} if left_out == "spacing_mm" else {}))
    map, lacks = map_payload.lay(order, EDITION, sex="female")
    if map is not None:
        pytest.fail(f"laid out without {left_out}")
    state = map_payload.state(map, order, EDITION, lacks=lacks)
    assert words in state["warnings"][0]["text"] and state["warnings"][0]["kind"] == "ask"
    assert state["payload"]["points"] == [] and state["totals"]["may_be_signed"] is False


def test_what_is_wrong_is_refused() -> None:
    with pytest.raises(InputError):
        map_payload.lay(asked(technique="acupuncture"), EDITION)
    with pytest.raises(InputError):
        map_payload.lay(asked(map={"zones": [{"zone": "the moon"}]}), EDITION)


def test_a_dragged_zone_says_which_skin_it_holds() -> None:
    spots = map_payload.zone_list(EDITION)[2]["border"]
    border = [{"triangle": t, "barycentric": [a, b, 1 - a - b]} for t, a, b in spots]
    map, state = shown(asked(areas=["forehead"], map={"zones": [{"zone": "forehead", "border": border}]}))
    assert map is not None
    zone = state["payload"]["zones"][0]
    inside = np.frombuffer(base64.b64decode(zone["inside"]), dtype="<u4")
    held = {point.place.triangle for point in map.points}
    assert len(held - set(inside.tolist())) < 0.2 * len(held), "all but those in the triangles of the border"
