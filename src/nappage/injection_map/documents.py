"""A map as files: the page to turn, the views and charts, and the points on the photograph."""

from __future__ import annotations

from dataclasses import dataclass

from ..knowledge import Edition
from ..values import InputError
from . import atlas, drawing, fit, page3d
from .atlas import Atlas
from .document import InjectionMap
from .drawing import Drawing
from .mesh import Surface
from .photograph import Photograph


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
    return whole, whole.body(map.surface.body) if worn is None else fit.surface(whole, worn)


def pictures(map: InjectionMap, edition: Edition) -> Pictures:
    """Every drawing of a map."""
    whole, skin = skin_of(map)
    charts = {zone.id: drawing.chart(map, zone.id, edition) for zone in map.zones if zone.points}
    return Pictures(drawing.views(map, skin, whole, edition), charts)


def page(map: InjectionMap, edition: Edition, title: str) -> bytes:
    """The map to turn, as one HTML file."""
    whole, skin = skin_of(map)
    return page3d.page(map, skin, atlas=whole, edition=edition, language=map.language, title=title).encode()


def files(map: InjectionMap, edition: Edition, title: str, *, photograph: Photograph | None = None) -> dict[str, bytes]:
    """Name → content of every file of a map."""
    drawn = pictures(map, edition)
    out = {
        "map.json": (map.model_dump_json(indent=2) + "\n").encode(),
        "map.html": page(map, edition, title),
        **{f"map-{name}.svg": view.svg.encode() for name, view in drawn.views.items()},
        **{f"chart-{name}.svg": chart.svg.encode() for name, chart in drawn.charts.items()},
    }
    if photograph is not None and map.surface.fit is not None and map.surface.fit.camera is not None:
        out["map-photograph.png"] = drawing.over_photograph(photograph.image, map, skin_of(map)[1])
    return out
