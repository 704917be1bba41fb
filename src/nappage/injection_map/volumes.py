"""Volumes: the points hold exactly what the syringes hold, to the last tenth of a microlitre."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from .document import Syringe

STEP_ML = Decimal("0.0001")  # finer than any syringe is read


def shared(total_ml: Decimal, weights: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """`total_ml` shared out in proportion to the weights, in steps of 0.1 µL; the sum is exactly the total.

    What rounding leaves over goes to the largest remainders, earlier first. Raises ValueError where no weight is
    above zero.
    """
    whole = sum(weights, Decimal(0))
    if whole <= 0:
        raise ValueError("something must have a share")
    exact = [total_ml * weight / whole for weight in weights]
    parts = [part.quantize(STEP_ML, rounding=ROUND_FLOOR) for part in exact]
    left = total_ml - sum(parts, Decimal(0))
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder:
        if left <= 0:
            break
        step = min(STEP_ML, left)
        parts[i] += step
        left -= step
    return tuple(parts)


def syringes(volumes_ml: Sequence[Decimal], syringe_ml: Decimal | None) -> tuple[tuple[Syringe, ...], tuple[int, ...]]:
    """The syringes, and which of them each point is given from. The points stand in the order of the needle; none is
    split over two syringes, so a syringe is changed before the point it can no longer fill. Without a size: one.

    Raises ValueError where one point needs more than a syringe holds.
    """
    made: list[Syringe] = []
    of_point: list[int] = []
    first, held = 1, Decimal(0)
    for number, volume in enumerate(volumes_ml, start=1):
        if syringe_ml is not None and volume > syringe_ml:
            raise ValueError(f"point {number} takes {volume} mL, more than a syringe of {syringe_ml} mL holds")
        if syringe_ml is not None and held + volume > syringe_ml:
            made.append(Syringe(number=len(made) + 1, volume_ml=held, first_point=first, last_point=number - 1))
            first, held = number, Decimal(0)
        held += volume
        of_point.append(len(made) + 1)
    if of_point:
        made.append(Syringe(number=len(made) + 1, volume_ml=held, first_point=first, last_point=len(of_point)))
    return tuple(made), tuple(of_point)
