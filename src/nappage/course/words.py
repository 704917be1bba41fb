"""Phrases of data/texts/course.yaml, with dates and lengths as people say them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ..knowledge import Edition
from .request import Length


class Words:
    """Phrases by key. `words(…)` is a sentence of its own, `words.bare(…)` part of one."""

    def __init__(self, edition: Edition, language: str) -> None:
        self.edition, self.language = edition, language

    def __call__(self, key: str, **words: str) -> str:
        return self.edition.say(f"course.{key}", self.language, **words)

    def bare(self, key: str, **words: str) -> str:
        """A phrase to stand inside another one."""
        return self(key, **words).removeprefix("[en] ")

    def date(self, day: date) -> str:
        def names(key: str) -> list[str]:
            return self.edition.say(f"aftercare.{key}", self.language).removeprefix("[en] ").split(",")

        weekday, month = names("weekdays")[day.weekday()], names("months-of-year")[day.month - 1]
        return self.bare("date", weekday=weekday, day=str(day.day), month=month, year=str(day.year))

    def weekday(self, number: int) -> str:
        return self.edition.say("aftercare.weekdays", self.language).removeprefix("[en] ").split(",")[number]

    def length(self, length: Length) -> str:
        return self.bare(length.unit if length.count == 1 else f"{length.unit}s", count=str(length.count))

    def days(self, count: int) -> str:
        return self.length(Length(count=count, unit="day"))

    def interval(self, low: Length, high: Length | None) -> str:
        if high is None or high == low:
            return self.length(low)
        if high.unit == low.unit:
            span = self.bare("range", low=str(low.count), high=str(high.count))
            return self.bare(f"{low.unit}s", count=span)
        return self.bare("range-unlike", low=self.length(low), high=self.length(high))

    def sessions(self, low: int, high: int) -> str:
        count = str(low) if low == high else self.bare("range", low=str(low), high=str(high))
        return self.bare("words-session" if high == 1 else "words-sessions", count=count)

    def listed(self, items: Iterable[str]) -> str:
        *first, last = items
        return self.bare("and", first=", ".join(first), last=last) if first else last
