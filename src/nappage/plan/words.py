"""The labels of a plan's documents."""

from __future__ import annotations

from datetime import date

from ..knowledge import Edition


class Words:
    """The edition's labels in one language."""

    def __init__(self, edition: Edition, language: str) -> None:
        self.edition, self.language = edition, language

    def __call__(self, key: str, **words: str) -> str:
        return self.edition.say(f"plan.{key}", self.language, **words)

    def day(self, day: date, *, weekday: bool = True) -> str:
        """A day as people write it: Fri 20 March 2026."""
        days = self("weekdays").removeprefix("[en] ").split(",")
        months = self("months").removeprefix("[en] ").split(",")
        text = f"{day.day} {months[day.month - 1]} {day.year}"
        return f"{days[day.weekday()]} {text}" if weekday else text

    def short_day(self, day: date) -> str:
        months = self("months").removeprefix("[en] ").split(",")
        return f"{day.day} {months[day.month - 1][:3]}"
