"""The injection map: an order on a body, or on one patient's skin → every point, in millimetres.

The document is light; the geometry (NumPy, SciPy, OpenCV) is loaded when a map is laid out, read or drawn.
"""

from __future__ import annotations

from ..intake import Order
from ..knowledge import Edition
from .document import Fit, InjectionMap

__all__ = ["Fit", "InjectionMap", "lay_out"]


def lay_out(
    order: Order, edition: Edition, *, sex: str | None = None, fit: Fit | None = None, language: str = "en"
) -> InjectionMap:
    """The map of an order's session: on the atlas's body of that sex, or on the patient the atlas was `fit` to.

    Raises InputError where the order names no technique, no area, or nothing that can be laid out.
    """
    from .planning import lay_out as laid_out

    return laid_out(order, edition, sex=sex, fit=fit, language=language)
