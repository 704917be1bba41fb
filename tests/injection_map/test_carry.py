"""A map carried to the patient's next visit: the same points of skin, and what changed is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from nappage.injection_map import fit as fits
from nappage.injection_map.carry import carry
from nappage.injection_map.danger import Danger, near
from nappage.injection_map.document import (
    DangerDrawn,
    DepthCheck,
    Fit,
    InjectionMap,
    MappedZone,
    MapPoint,
    Notice,
    Place,
    SurfaceUsed,
)
from nappage.injection_map.mesh import Surface
from nappage.knowledge import load
from nappage.values import InputError

from .scans import ATLAS

ON = date(2026, 6, 1)
EDITION = load(ON)
BODY = ATLAS.body("female")
CHEEK = (36, 50, 101, 187, 205)  # landmarks of the right cheek
FOREHEAD = (9, 108, 151, 337)


def drawn() -> InjectionMap:
    """Single points on the landmarks of a cheek and the forehead; one of the cheek's is a thread up to the next one."""
    triangles, weights = ATLAS.landmarks
    where = BODY.at(triangles, weights)
    normals = BODY.normals_at(triangles, weights)

    def place(landmark: int) -> Place:
        return Place(triangle=int(triangles[landmark]), barycentric=tuple(weights[landmark].tolist()))

    points, zones = [], []
    for zone, side, marks in (("cheek", "right", CHEEK), ("forehead", "midline", FOREHEAD)):
        identity = zone if side == "midline" else f"{zone}-{side}"
        for landmark in marks:
            thread = landmark == CHEEK[0]
            points.append(
                MapPoint(
                    number=len(points) + 1, zone=identity, place=place(landmark),
                    position_mm=tuple(where[landmark].tolist()), normal=tuple(normals[landmark].tolist()),
                    volume_ml=Decimal("0.02"), syringe=1, to=place(CHEEK[1]) if thread else None,
                    to_position_mm=tuple(where[CHEEK[1]].tolist()) if thread else None,
                )
            )  # fmt: skip
        zones.append(
            MappedZone(
                id=identity, zone=zone, side=side, title=identity, site=zone, pattern="named", area_cm2=10,
                points=len(marks), volume_ml=Decimal("0.02") * len(marks),
                depth=DepthCheck(site=zone, sex="female", verdict="as-aimed"),
                border=(tuple(tuple(where[landmark].tolist()) for landmark in marks),),
            )
        )  # fmt: skip
    path = sum(float(np.linalg.norm(np.subtract(a.position_mm, b.position_mm))) for a, b in pairwise(points))
    danger = DangerDrawn(
        id="of-another-edition", title="Old", says="", margin_mm=5, sourced=False,
        outline=(tuple(tuple(where[landmark].tolist()) for landmark in (50, 101)),),
    )  # fmt: skip
    return InjectionMap(
        software="test", edition="test", language="en", atlas=ATLAS.version,
        surface=SurfaceUsed(kind="atlas", body="female", to_scale=False, scale="none"), technique="nappage",
        layout="strict", zones=tuple(zones), points=tuple(points), dangers=(danger,), volume_ml=Decimal("0.18"),
        path_mm=path, notices=(Notice(kind="note", about="map", text="An earlier notice."),),
    )  # fmt: skip


def visit(stretch: Sequence[float] = (1, 1, 1), scale: float = 1.0) -> Fit:
    """The female body at another size; the head's front stretched along x, y, z about the chin."""
    base = scale * ATLAS.base("female")
    head = ATLAS.head_base
    chin = scale * BODY.at(*(part[152:153] for part in ATLAS.landmarks))[0]
    base[head] = chin + (base[head] - chin) * stretch
    return fits.record(
        ATLAS, base, kind="scan", body="female", body_scale=scale, scale="test", taken_on=date(2026, 6, 1)
    )


def as_it_is(zone: MappedZone, points: Sequence[MapPoint], surface: Surface) -> MappedZone:
    return zone


def on(fit: Fit, map: InjectionMap | None = None) -> InjectionMap:
    return carry(map or drawn(), ATLAS, BODY, fit, EDITION, as_it_is)


def test_points_stay_the_same_and_their_positions_are_the_new_skin():
    fit = visit(scale=1.08)
    before, after = drawn(), on(fit)
    skin = fits.surface(ATLAS, fit)
    for old, new in zip(before.points, after.points, strict=True):
        assert (new.number, new.place, new.volume_ml, new.syringe, new.to) == (
            old.number, old.place, old.volume_ml, old.syringe, old.to,
        )  # fmt: skip
        weights = np.array([new.place.barycentric])
        triangle = np.array([new.place.triangle])
        assert new.position_mm == pytest.approx(skin.at(triangle, weights)[0])
        assert new.normal == pytest.approx(skin.normals_at(triangle, weights)[0])
        assert np.linalg.norm(new.normal) == pytest.approx(1)
        assert new.position_mm == pytest.approx(np.multiply(old.position_mm, 1.08), abs=0.02)
    assert after.points[0].to_position_mm == pytest.approx(after.points[1].position_mm)
    assert after.path_mm == pytest.approx(1.08 * before.path_mm, rel=1e-3)
    assert after.surface.kind == "scan" and after.surface.fit == fit and after.surface.to_scale


def test_outlines_move_with_the_skin():
    after = on(visit(scale=1.08))
    for old, new in zip(drawn().zones, after.zones, strict=True):
        assert np.array(new.border[0]) == pytest.approx(1.08 * np.array(old.border[0]), abs=0.1)
    assert np.array(after.dangers[0].outline[0]) == pytest.approx(
        1.08 * np.array(drawn().dangers[0].outline[0]), abs=0.1
    )


def test_each_zone_is_measured_anew_on_its_own_points():
    seen = []

    def measure(zone: MappedZone, points: Sequence[MapPoint], surface: Surface) -> MappedZone:
        seen.append((zone.id, [point.number for point in points]))
        assert surface.vertices_mm[:, 1].max() == pytest.approx(1.08 * BODY.vertices_mm[:, 1].max(), abs=0.02)
        return zone.model_copy(update={"area_cm2": 12.5})

    after = carry(drawn(), ATLAS, BODY, visit(scale=1.08), EDITION, measure)
    assert seen == [("cheek-right", [1, 2, 3, 4, 5]), ("forehead", [6, 7, 8, 9])]
    assert [zone.area_cm2 for zone in after.zones] == [12.5, 12.5]


def changes(map: InjectionMap) -> list[Notice]:
    return [notice for notice in map.notices if notice.kind == "warn" and "nearer to their neighbour" in notice.text]


def test_a_distance_that_changed_by_more_than_15_percent_is_told():
    assert not changes(on(visit(scale=1.14)))
    larger = changes(on(visit(scale=1.2)))
    assert {notice.about for notice in larger} == {"cheek-right", "forehead"}
    assert larger[0].text.startswith("cheek-right: 5 of 5 points") and "(at most +20 %)" in larger[0].text
    assert "(at most -20 %)" in changes(on(visit(scale=0.8)))[0].text
    # Only upwards: the forehead's points, which lie above one another, part; those side by side do not.
    taller = on(visit(stretch=(1, 1.3, 1)))
    assert any(notice.about == "forehead" for notice in changes(taller))
    assert taller.notices[0].text == "An earlier notice."


def test_a_point_that_came_into_the_margin_of_a_danger_zone_is_told():
    inside = [notice for notice in on(visit()).notices if notice.kind in ("ask", "refuse")]
    # Landmark 101 lies beside the infraorbital foramen of the right side.
    about = {notice.about: notice for notice in inside}
    named = [notice for notice in inside if ": 3 (" in notice.text or ", 3 (" in notice.text]
    assert named, about
    entered = drawn().dangers[0].model_copy(update={"id": named[0].about, "entered": "By cannula."})
    again = on(visit(), drawn().model_copy(update={"dangers": (entered,)}))
    assert named[0].about not in {notice.about for notice in again.notices}
    assert again.dangers[0].outline != entered.outline and again.dangers[0].entered == "By cannula."


def test_another_atlas_is_refused():
    other = drawn().model_copy(update={"atlas": "2025.01-1"})
    with pytest.raises(
        InputError, match=rf"map: it was laid out on atlas 2025.01-1, and this is {ATLAS.version}\. Lay it"
    ):
        on(visit(), other)
    with pytest.raises(InputError, match=r"fit: it was made with atlas 2025\.01-1"):
        on(visit().model_copy(update={"atlas": "2025.01-1"}))
    lost = drawn().points[0].model_copy(update={"place": Place(triangle=10**7, barycentric=(1, 0, 0))})
    with pytest.raises(InputError, match="a triangle that the atlas does not have"):
        on(visit(), drawn().model_copy(update={"points": (lost,)}))


def test_the_carried_map_is_a_document():
    after = on(visit(scale=1.2))
    assert InjectionMap.model_validate_json(after.model_dump_json()).points[3].place == after.points[3].place


def test_the_new_skin_brings_its_own_notices_and_takes_the_old_ones_away():
    old = [Notice(kind="warn", about=about, text=f"Of the old {about}.") for about in ("photograph", "scan", "atlas")]
    fit = visit().model_copy(update={"notes": ("Of the new scan.",)})
    texts = [
        notice.text for notice in on(fit, drawn().model_copy(update={"notices": (*drawn().notices, *old)})).notices
    ]
    assert texts[:2] == ["An earlier notice.", "Of the new scan."]
    assert not any("Of the old" in text for text in texts)


def test_a_map_without_points_is_carried():
    empty = drawn().model_copy(update={"points": (), "path_mm": 0.0})
    after = on(visit(scale=1.08), empty)
    assert after.points == () and after.path_mm == 0


def test_a_point_in_a_margin_by_no_more_than_the_fit_may_be_off_is_only_a_warning(monkeypatch: pytest.MonkeyPatch):
    # One danger zone with points from well outside to deep inside.
    danger = near(ATLAS, BODY, EDITION)[0]
    inside_mm = np.array([-3.0, -0.1, 0.4, 1.4, 1.6, 3.0, -3.0, -3.0, -3.0])
    monkeypatch.setattr(Danger, "at", lambda self, *where: self.margin_mm - inside_mm)
    said = {notice.kind: notice.text for notice in on(visit()).notices if notice.about == danger.id}
    assert "3 (0.4 mm), 4 (1.4 mm)" in said["warn"] and "5 (" not in said["warn"]
    assert "5 (1.6 mm), 6 (3.0 mm)" in said["ask" if danger.may_enter else "refuse"]
