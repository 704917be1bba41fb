"""Volumes: the points hold exactly what the syringes hold, to the last tenth of a microlitre."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from .document import Syringe

STEP_ML = Decimal("0.0001")  # finer than any syringe is read


def shared(total_ml: Decimal, weights: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """`total_ml` shared out in proportion to the weights, in steps of 0.1 µL; the sum is exactly the total.

    What rounding leaves over is spread evenly, so that the sum of the first points is within a step of their share
    wherever one stops. Raises ValueError where no weight is above zero.
    """
    whole = sum(weights, Decimal(0))
    if whole <= 0:
        raise ValueError("something must have a share")
    parts: list[Decimal] = []
    given, weighed = Decimal(0), Decimal(0)
    for weight in weights:
        weighed += weight
        until = total_ml if weighed == whole else (total_ml * weighed / whole).quantize(STEP_ML, ROUND_HALF_EVEN)
        parts.append(until - given)
        given = until
    return tuple(parts)


def syringes(volumes_ml: Sequence[Decimal], syringe_ml: Decimal | None) -> tuple[tuple[Syringe, ...], tuple[int, ...]]:
    """The syringes, each full but the last, and from which of them each point is begun. The points stand in the order
    of the needle; a point during which a syringe runs out is finished from the next, and is the last of the one and the
    first of the other. Without a size: one syringe."""
    total = sum(volumes_ml, Decimal(0))
    size = total if syringe_ml is None else syringe_ml
    made: list[Syringe] = []
    of_point: list[int] = []
    first, held, before = 1, Decimal(0), Decimal(0)
    for number, volume in enumerate(volumes_ml, start=1):
        of_point.append(len(made) + 1)
        held += volume
        while held - before >= size or (number == len(volumes_ml) and held > before):
            content = min(size, held - before)
            before += content
            made.append(Syringe(number=len(made) + 1, volume_ml=content, first_point=first, last_point=number))
            first = number if held > before else number + 1
    return tuple(made), tuple(of_point)
