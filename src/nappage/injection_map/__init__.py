"""The injection map: an order on a body, or on one patient's skin → every point, in millimetres.

The document is light; the geometry (NumPy, SciPy, OpenCV) is loaded when a map is laid out, read or drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..intake import Order, Spot
from ..knowledge import Edition
from .document import Fit, InjectionMap

__all__ = ["Fit", "InjectionMap", "border_of", "lay_out"]


def lay_out(
    order: Order, edition: Edition, *, sex: str | None = None, fit: Fit | None = None, language: str = "en"
) -> InjectionMap:
    """The map of an order's session: on the atlas's body of that sex, or on the patient the atlas was `fit` to.

    Raises InputError where the order names no technique, no area, or nothing that can be laid out.
    """
    from .planning import lay_out as laid_out

    return laid_out(order, edition, sex=sex, fit=fit, language=language)


def border_of(stroke: Sequence[Spot]) -> tuple[Spot, ...]:
    """A stroke of the hand over the atlas's skin as a border that can be ordered: closed, without loops, at most 40 of
    its own places. Raises InputError where it encloses no zone."""
    from . import atlas, zones

    return zones.border_of(atlas.load(), stroke)
