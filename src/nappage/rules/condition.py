"""The closed condition language: text → typed tree.

Comparisons (`days < 42`, `sex == "female"`), membership (`"lidocaine" in ingredients`,
`technique in ["nappage", "papule"]`), a bare yes/no fact, `and`, `or`, `not`, `unknown(fact)`. Nothing else:
no arithmetic, no dates, no calls. The text is Python's expression syntax, read by Python's own parser and
then held against this list, so a rule can never run code.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

# In a list fact: there is more in it that was not read. Words in such a list are yes, all others unknown.
MORE = "?"

FactKind = Literal["boolean", "number", "text", "list"]
Value = bool | Decimal | str


class ConditionError(ValueError):
    """A condition that is not in the language, or asks a fact for what it cannot say."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes/no fact by itself."""

    fact: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A number or text against a constant; `op` is one of < <= > >= == !=."""

    fact: str
    op: str
    value: Value


@dataclass(frozen=True, slots=True)
class OneOf:
    """A text or number fact among constants."""

    fact: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """A constant in a list fact. An unknown list is unknown, never empty; so is what a list known in part (`MORE`)
    does not name."""

    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Whether nothing is known of a fact; itself always yes or no."""

    fact: str


@dataclass(frozen=True, slots=True)
class Not:
    term: Condition


@dataclass(frozen=True, slots=True)
class All:
    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    terms: tuple[Condition, ...]


Condition = Flag | Compare | OneOf | Contains | Unknown | Not | All | AnyOf

_OPS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def parse(text: str, kinds: Mapping[str, FactKind]) -> Condition:
    """The tree of a condition over the facts declared in `kinds`. Raises ConditionError, quoting the text."""
    reader = _Reader(text, kinds)
    try:
        # In parentheses, so that a condition may run over several lines and a comment ends with its own line.
        body = ast.parse(f"({text}\n)", mode="eval").body
        if body.col_offset == 0 and body.lineno == 1:  # "a) or (b" closes them early, "" leaves them empty
            raise reader.refuse("this is not one condition")
        return reader.read(body)
    except SyntaxError as error:
        raise reader.refuse(error.msg.removesuffix(". Perhaps you forgot a comma?")) from None
    except (RecursionError, MemoryError):
        raise reader.refuse("it is nested too deeply") from None


class _Reader:
    def __init__(self, text: str, kinds: Mapping[str, FactKind]) -> None:
        self.text, self.kinds = text, kinds

    def refuse(self, why: str) -> ConditionError:
        return ConditionError(f"in '{' '.join(self.text.split())}': {why}")

    def read(self, node: ast.expr) -> Condition:
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return All(tuple(self.read(value) for value in values))
            case ast.BoolOp(op=ast.Or(), values=values):
                return AnyOf(tuple(self.read(value) for value in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self.read(operand))
            case ast.Name():
                return Flag(self.fact(node, "boolean"))
            case ast.Call(func=ast.Name(id="unknown"), args=[ast.Name() as name], keywords=[]):
                return Unknown(self.fact(name))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.comparison(left, op, right)
            case ast.Compare():
                raise self.refuse("a comparison has two sides; join two comparisons with 'and'")
        raise self.refuse(f"'{ast.unparse(node)}' is not in the language")

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Condition:
        if isinstance(op, ast.In | ast.NotIn):
            member = self.membership(left, right)
            return Not(member) if isinstance(op, ast.NotIn) else member
        if type(op) not in _OPS:
            raise self.refuse("compare with < <= > >= == != or 'in'")
        sign = _OPS[type(op)]
        if isinstance(right, ast.Name):
            left, right, sign = right, left, _MIRROR[sign]
        if not isinstance(left, ast.Name):
            raise self.refuse("a comparison needs a fact on one side")
        fact, value = self.fact(left), self.constant(right)
        kind = self.kinds[fact]
        if kind == "boolean" and isinstance(value, bool) and sign in ("==", "!="):
            return Flag(fact) if value == (sign == "==") else Not(Flag(fact))
        self.check(fact, value, ordered=sign not in ("==", "!="))
        return Compare(fact, sign, value)

    def membership(self, left: ast.expr, right: ast.expr) -> Condition:
        if isinstance(right, ast.Name):
            fact, value = self.fact(right, "list"), self.constant(left)
            if not isinstance(value, str):
                raise self.refuse(f"'{fact}' holds words, so what is looked for stands in quotes")
            if value == MORE:
                raise self.refuse(f"'{MORE}' stands for what was not read; ask for a word")
            return Contains(fact, value)
        if isinstance(left, ast.Name) and isinstance(right, ast.List | ast.Tuple) and right.elts:
            fact = self.fact(left)
            values = tuple(self.constant(element) for element in right.elts)
            for value in values:
                self.check(fact, value, ordered=False)
            return OneOf(fact, values)
        raise self.refuse('membership is "word" in list_fact, or fact in ["a", "b"]')

    def check(self, fact: str, value: Value, *, ordered: bool) -> None:
        kind = self.kinds[fact]
        if kind == "number" and isinstance(value, Decimal):
            return
        if kind == "text" and isinstance(value, str) and not ordered:
            return
        raise self.refuse(f"'{fact}' is a {kind} fact and cannot be held against {_literal(value)} this way")

    def fact(self, name: ast.Name, kind: FactKind | None = None) -> str:
        if name.id not in self.kinds:
            raise self.refuse(f"no fact is called '{name.id}'")
        if kind and self.kinds[name.id] != kind:
            raise self.refuse(f"'{name.id}' is a {self.kinds[name.id]} fact, not a {kind}")
        return name.id

    def constant(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool() as flag):
                return flag
            case ast.Constant(value=str() as word):
                return word
            case ast.Constant(value=int() | float() as number):
                return self.number(number)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if not isinstance(
                number, bool
            ):
                return -self.number(number)
        raise self.refuse(f"'{ast.unparse(node)}' is not a constant (a word stands in quotes)")

    def number(self, number: int | float) -> Decimal:
        """Numbers of up to 15 digits keep their order as float64, so every reading compares them alike."""
        if abs(number) < 10**15:
            value = Decimal(str(number))
            if len(value.normalize().as_tuple().digits) <= 15:
                return value
        raise self.refuse(f"'{number}' has more than 15 digits, too many to compare exactly")


def to_text(tree: Condition) -> str:
    """The tree in the language again; `parse(to_text(tree))` is the same tree."""
    match tree:
        case Flag(fact):
            return fact
        case Compare(fact, op, value):
            return f"{fact} {op} {_literal(value)}"
        case OneOf(fact, values):
            return f"{fact} in [{', '.join(_literal(value) for value in values)}]"
        case Contains(fact, value):
            return f"{_literal(value)} in {fact}"
        case Unknown(fact):
            return f"unknown({fact})"
        case Not(term):
            return f"not ({to_text(term)})"
        case All(terms):
            return " and ".join(f"({to_text(term)})" for term in terms)
        case AnyOf(terms):
            return " or ".join(f"({to_text(term)})" for term in terms)


def _literal(value: Value) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def facts_of(tree: Condition) -> frozenset[str]:
    """Every fact the tree reads."""
    match tree:
        case Not(term):
            return facts_of(term)
        case All(terms) | AnyOf(terms):
            return frozenset().union(*(facts_of(term) for term in terms))
        case _:
            return frozenset({tree.fact})


@lru_cache(maxsize=4096)
def guard_of(tree: Condition) -> frozenset[tuple[str, str | None]] | None:
    """Signs of which one at least must be present or unknown for the tree to be anything but *no*.

    A sign is (fact, None) for a yes/no fact and (fact, word) for a list. None when no such set exists; then
    the tree has to be evaluated for everyone. An index built on guards can therefore only skip a provable no.
    """
    match tree:
        case Flag(fact):
            return frozenset({(fact, None)})
        case Contains(fact, value):
            return frozenset({(fact, value)})
        case All(terms):
            guards = [guard for term in terms if (guard := guard_of(term)) is not None]
            return min(guards, key=len) if guards else None
        case AnyOf(terms):
            union: frozenset[tuple[str, str | None]] = frozenset()
            for term in terms:
                guard = guard_of(term)
                if guard is None:
                    return None
                union |= guard
            return union
        case _:
            return None
