"""A clinic's own prices → what a course costs. No price is guessed, and none is converted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from ..course.regimen import Part, Regimen
from ..intake import Order, find_by_name
from ..intake.answers import Given, NotNegative
from ..knowledge import Alternative, Edition
from ..values import InputError, plain
from .document import Cost


class PriceOf(Given):
    """Of one alternative: of a session, or of the whole course."""

    session: NotNegative | None = None
    course: NotNegative | None = None

    @model_validator(mode="after")
    def _one(self) -> PriceOf:
        if (self.session is None) == (self.course is None):
            raise ValueError("give the price of a 'session' or of the whole 'course', one of the two")
        return self


class PriceList(Given):
    """All in one currency. `sessions`: by protocol, where it is not the price of every session; `products`: by name,
    what a session's product adds; `visit`: of the first consultation and of each review."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    session: NotNegative | None = None
    sessions: dict[str, NotNegative] = {}
    products: dict[str, NotNegative] = {}
    visit: NotNegative | None = None
    alternatives: dict[str, PriceOf] = {}

    def known_in(self, edition: Edition) -> PriceList:
        """The list, its products by id. Raises InputError on a name that this edition does not know."""
        for place, names, known in (
            ("sessions", self.sessions, edition.protocols),
            ("alternatives", self.alternatives, edition.alternatives),
        ):
            for name in names:
                if name not in known:
                    raise InputError(f"{place}.{name}", "nothing is called so", f"Name one of {', '.join(known)}")
        products = {}
        for name, price in self.products.items():
            found = find_by_name(edition.products, name)
            if found is None:
                raise InputError(f"products.{name}", "no product is called so", "See nappage knowledge list products")
            products[found] = price
        return self.model_copy(update={"products": products})


class Reckoner:
    """One price list over one edition's words. Without a list there is a note and no cost."""

    def __init__(self, prices: PriceList | None, order: Order, edition: Edition, language: str) -> None:
        self.prices = None if prices is None else prices.known_in(edition)
        self.edition, self.language = edition, language
        named = [line.product or line.ingredient or "" for line in order.mixture] + list(order.products)
        found = (find_by_name(edition.products, name) for name in named)
        self.ordered = tuple(dict.fromkeys(product for product in found if product))

    def say(self, key: str, **words: str) -> str:
        return self.edition.say(f"choice.{key}", self.language, **words)

    def bare(self, key: str, **words: str) -> str:
        """A phrase to stand inside another one."""
        return self.say(key, **words).removeprefix("[en] ")

    def protocol(
        self, protocol: str, regimen: Regimen, start: date, products: Sequence[str]
    ) -> tuple[Cost | None, Cost | None, str]:
        """Of the first course with its products, of the first year with its maintenance, and what is not counted."""
        prices = self.prices
        if prices is None:
            return None, None, self.say("no-prices")
        session = prices.sessions.get(protocol, prices.session)
        if session is None:
            return None, None, self.say("no-session-price")
        added = [(product, prices.products[product]) for product in products if product in prices.products]
        missing = [product for product in products if product not in prices.products]
        each = session + sum((price for _, price in added), Decimal(0))
        parts = [self.bare("sum-session", price=self.money(session))]
        parts += [self.bare("sum-product", product=self.title(p), price=self.money(price)) for p, price in added]
        visits = 1 + sum(part.review is not None for part in regimen.counted)
        extra = Decimal(0) if prices.visit is None else visits * prices.visit
        low, high = regimen.bounds
        words = self.bare("sum", sessions=self.count(low, high), each=self.bare("and").join(parts))
        if prices.visit is not None:
            words += " " + self.bare("sum-visits", visits=str(visits), price=self.money(prices.visit))
        course = self.cost(low * each + extra, high * each + extra, words)
        fewest, most = (_in_a_year(regimen, start, often) for often in (False, True))
        notes = [self.say("not-counted", products=", ".join(map(self.title, missing)))] if missing else []
        if not products:
            notes.append(self.say("product-not-counted"))
        if any(part.name == "maintenance" for part in regimen.parts):
            said = self.bare("sum-year", sessions=self.count(fewest, most))
        else:
            said, (fewest, most) = self.bare("sum-no-maintenance"), (low, high)
        return course, self.cost(fewest * each + extra, most * each + extra, said), " ".join(notes)

    def alternative(self, alternative: Alternative) -> tuple[Cost | None, str]:
        """Of a usual course of an alternative."""
        prices = self.prices
        if prices is None:
            return None, self.say("no-prices")
        found = prices.alternatives.get(alternative.id)
        if found is None:
            return None, self.say("no-alternative-price")
        if found.course is not None:
            return self.cost(found.course, found.course, self.bare("sum-course")), ""
        assert found.session is not None
        if alternative.sessions is None:
            price = self.money(found.session)
            return None, self.say("session-only", price=price)
        low, high = alternative.sessions
        each = self.bare("sum-session", price=self.money(found.session))
        words = self.bare("sum", sessions=self.count(low, high), each=each)
        return self.cost(low * found.session, high * found.session, words), ""

    def cost(self, low: Decimal, high: Decimal, words: str) -> Cost:
        assert self.prices is not None
        return Cost(currency=self.prices.currency, low=low, high=high, words=words)

    def money(self, amount: Decimal) -> str:
        assert self.prices is not None
        return f"{plain(amount)} {self.prices.currency}"

    def count(self, low: int, high: int) -> str:
        key = "sessions" if high != 1 else "session"
        return self.bare(key, count=str(low) if low == high else f"{low}–{high}")

    def title(self, product: str) -> str:
        return self.edition.text(self.edition.products[product].title, self.language)


def _in_a_year(regimen: Regimen, start: date, often: bool) -> int:
    """How many sessions of the regimen fall within a year from the first, as many or as few as it allows."""
    last = start + timedelta(days=365)
    return sum(day <= last for day in _days(regimen, start, last, often))


def _days(regimen: Regimen, start: date, last: date, often: bool) -> Iterator[date]:
    day: date | None = None
    for part in regimen.parts:
        if part.offsets:
            begin = start if day is None else day
            for offset in part.offsets:
                day = offset.after(begin)
                yield day
            continue
        count = (part.high if often else part.low) if part.low is not None else None
        while count is None or count > 0:
            day = start if day is None else _next(part, day, often)
            if count is None and day > last:
                return
            yield day
            count = None if count is None else count - 1


def _next(part: Part, day: date, often: bool) -> date:
    length = part.every if often or part.most is None else part.most
    assert length is not None  # a phase has either offsets or an interval
    return length.after(day)
