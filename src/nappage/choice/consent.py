"""The risks that consent must name for one treatment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..knowledge import Cited, Edition, cited
from ..values import Document


class ToldRisk(Document):
    """`frequency` is None where no source counts it, and consent says so. `unsure`: whether it concerns this treatment
    cannot be told, so it is told."""

    id: str
    title: str
    tell: str
    frequency: str | None
    grave: bool
    unsure: bool
    sources: tuple[Cited, ...]


def risks_to_tell(row: Mapping[str, Any], edition: Edition, language: str = "en") -> tuple[ToldRisk, ...]:
    """The risks whose condition holds over a row of facts, or cannot be judged; grave ones first."""
    told = []
    for risk in edition.risks.values():
        answer = edition.reader(risk.when)(row).answer if risk.when else True
        if answer is False:
            continue
        told.append(
            ToldRisk(
                id=risk.id,
                title=edition.text(risk.title, language),
                tell=edition.text(risk.tell, language),
                frequency=None if risk.frequency is None else edition.text(risk.frequency, language),
                grave=risk.grave,
                unsure=answer is None,
                sources=cited(edition, risk.source),
            )
        )
    return tuple(sorted(told, key=lambda risk: not risk.grave))
