"""A day as people write it."""

from __future__ import annotations

from ..knowledge import Edition


def written(day: str, edition: Edition, language: str) -> str:
    """2026-03-20 → 20 March 2026, 2026-03 → March 2026, 2026 → 2026."""
    year, month, number = (*day.split("-"), "", "")[:3]
    months, first = (edition.say(f"interview.{key}", language).removeprefix("[en] ") for key in ("months", "first"))
    parts = (first if number == "01" else number.lstrip("0"), months.split(",")[int(month) - 1] if month else "", year)
    return " ".join(part for part in parts if part)
