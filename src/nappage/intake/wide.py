"""Medicines behind the curated ones: names of products and substances from public lists, with what is known of each.

The tables of `data/` are read once, when a word asks for them. A substance is placed by its ATC codes into the classes
that rules read; one without a code, or in a group whose effect nobody has judged, is known by name only.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"
LONGEST = 4  # words of a name
_ROUTES = {
    "o": "oral", "l": "sublingual", "t": "topical", "e": "eye", "h": "inhaled", "p": "patch", "v": "vaginal",
    "r": "rectal", "j": "injected",
}  # fmt: skip
_NOT_NAMES = frozenset({"substances.tsv", "effects.tsv"})
_UNSURE = "by-hand.tsv"


class Product(NamedTuple):
    """What a name stands for. `route`: the one all products of this name have, None where it is open. `sure`: False
    of names that were not looked up; they are shown for confirmation."""

    substances: tuple[str, ...]
    route: str | None = None
    sure: bool = True


class Wide(NamedTuple):
    """`products`: name as `plain` writes it → product. `codes`: substance → its ATC codes. `effects`: ATC group →
    the classes it counts as: none where it is harmless, None where nobody knows."""

    products: dict[str, Product]
    codes: dict[str, tuple[str, ...]]
    effects: dict[str, tuple[str, ...] | None]

    def find(self, name: str) -> Product | None:
        """The product or substance of this name."""
        found = self.products.get(name)
        if found is None and name in self.codes:
            found = Product((name,))
        return found


@lru_cache(maxsize=1)
def wide() -> Wide:
    """The tables of `data/`, as one."""
    products: dict[str, Product] = {}
    for table in sorted(DATA.glob("*.tsv"), reverse=True):
        if table.name in _NOT_NAMES:
            continue
        for line in table.read_text("utf-8").splitlines():
            substances, _, names = line.partition("\t")
            parts = tuple(substances.split("+"))
            sure = table.name != _UNSURE
            by_route = {"": Product(parts, sure=sure)}
            for name in names.split("|"):
                name, _, route = name.partition("~")
                if route not in by_route:
                    by_route[route] = Product(parts, _ROUTES[route], sure)
                products[name] = by_route[route]
    codes = {}
    for line in (DATA / "substances.tsv").read_text("utf-8").splitlines():
        substance, _, atc = line.partition("\t")
        codes[substance] = tuple(atc.split(",")) if atc else ()
    effects: dict[str, tuple[str, ...] | None] = {}
    for line in (DATA / "effects.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            group, effect = line.split("\t")
            effects[group] = None if effect == "ask" else () if effect == "harmless" else tuple(effect.split())
    return Wide(products, codes, effects)
