"""`{% detail_field field shown %}`, `{% row_field field number row shown %}`: one field of the interview;
`{% read_as recognised %}`: what words were read as; `shown|at:value`: the state of a checklist's item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from nappage.interview import Field

from ..views import words_of

register = template.Library()


@register.simple_tag
def read_as(one: Any) -> str:
    return words_of(one)


@register.filter
def at(shown: Mapping[str, Any], value: str) -> Any:
    return shown.get(f"item-{value}")


@register.inclusion_tag("portal/_field.html")
def detail_field(field: Field, shown: Mapping[str, Any]) -> dict[str, Any]:
    return _context(field, field.id, shown.get(field.id), shown)


@register.inclusion_tag("portal/_field.html")
def row_field(field: Field, number: int, row: Mapping[str, Any] | None, shown: Mapping[str, Any]) -> dict[str, Any]:
    name = f"row-{number}-{field.id}"
    value = shown.get(name, (row or {}).get(field.id))
    return _context(field, name, value, shown)


def _context(field: Field, name: str, value: Any, shown: Mapping[str, Any]) -> dict[str, Any]:
    year, month, day = (*str(value or "").split("-"), "", "", "")[:3]
    parts = {part: shown.get(f"{name}-{part}", kept) for part, kept in (("year", year), ("month", month), ("day", day))}
    return {"field": field, "name": name, "value": value, **parts}
