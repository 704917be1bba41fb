"""A map as files: the page to turn, the views and charts, and the points on the photograph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..intake import Spot
from ..knowledge import Edition
from ..values import InputError
from . import atlas, drawing, page3d
from . import fit as fits
from .atlas import Atlas
from .document import Fit, InjectionMap
from .drawing import Drawing
from .mesh import Surface
from .photograph import Photograph
from .render import render


@dataclass(frozen=True)
class Pictures:
    """The views of a map by name, the front first, and the flat chart of each zone that has points, by its id."""

    views: dict[str, Drawing]
    charts: dict[str, Drawing]


def skin_of(map: InjectionMap) -> tuple[Atlas, Surface]:
    """The atlas, and the skin that a map was laid out on. Raises InputError where the map is of another atlas."""
    whole = atlas.load()
    if map.atlas != whole.version:
        raise InputError(
            "map",
            f"it was laid out on atlas {map.atlas}, and this is {whole.version}",
            "Lay it out anew; the drawings that were made with it stay valid",
        )
    worn = map.surface.fit
    return whole, whole.body(map.surface.body) if worn is None else fits.surface(whole, worn)


def pictures(map: InjectionMap, edition: Edition) -> Pictures:
    """Every drawing of a map."""
    whole, skin = skin_of(map)
    charts = {zone.id: drawing.chart(map, zone.id, edition) for zone in map.zones if zone.points}
    return Pictures(drawing.views(map, skin, whole, edition), charts)


def page(map: InjectionMap, edition: Edition, title: str, under: str = "") -> bytes:
    """The map to turn, as one HTML file. `title`: whose map it is; `under`: who answers for it, in one line."""
    whole, skin = skin_of(map)
    title = edition.say("map.lay-page-title", map.language, whose=title)
    return page3d.page(
        map, skin, atlas=whole, edition=edition, language=map.language, title=title, under=under
    ).encode()


def over(map: InjectionMap, photograph: Photograph | None) -> bytes | None:
    """The map over the photograph it was fitted to, as PNG; None where there is none."""
    if photograph is None or map.surface.fit is None or map.surface.fit.camera is None:
        return None
    return drawing.over_photograph(photograph.image, map, skin_of(map)[1])


def files(map: InjectionMap, edition: Edition, title: str, *, photograph: Photograph | None = None) -> dict[str, bytes]:
    """Name → content of every file of a map."""
    drawn = pictures(map, edition)
    picture = over(map, photograph)
    return {
        "map.json": (map.model_dump_json(indent=2) + "\n").encode(),
        "map.html": page(map, edition, title),
        **{f"map-{name}.svg": view.svg.encode() for name, view in drawn.views.items()},
        **{f"chart-{name}.svg": chart.svg.encode() for name, chart in drawn.charts.items()},
        **({} if picture is None else {"map-photograph.png": picture}),
    }


def spot(fit: Fit, x_px: float, y_px: float, radius_mm: float) -> Spot:
    """The skin that map-photograph.png shows at a pixel, with what lies within a radius of it: how hair or a beard is
    marked. Raises InputError where no skin is seen there."""
    if fit.camera is None:
        raise InputError("erase", "a scan has no pixels", "Give the spot by its triangle, in the order")
    skin = fits.surface(atlas.load(), fit)
    camera, _ = drawing.overlaid(fit.camera, skin)
    triangle, weights = render(skin, camera).cast(np.array([[x_px, y_px]]))
    if triangle[0] < 0:
        raise InputError("erase", f"no skin is seen at pixel {x_px:g}, {y_px:g}", "Name a pixel on the face")
    a, b, c = (float(weight) for weight in weights[0])
    return Spot.model_validate({"triangle": int(triangle[0]), "barycentric": (a, b, c), "radius_mm": radius_mm})
