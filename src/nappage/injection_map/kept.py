"""What was worked out before, kept for the next edit of a map.

An edit changes one zone, and most of a map does not depend on it. The steps of a layout are pure functions, so a step
whose arguments are the same again is not taken again: its answer stands in the process's memory, bounded, and is what
would come out anew. No answer may be changed by whoever gets it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
T = TypeVar("T")

_every: list[Callable[[], None]] = []


class _Same:
    """One object and no other, however alike: a surface, an edition."""

    __slots__ = ("it",)

    def __init__(self, it: object) -> None:
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)


class _Call:
    """The arguments of a call, known by their content."""

    __slots__ = ("hash", "key")

    def __init__(self, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.key = (_known(args), _known(tuple(named.items())))
        self.hash = hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Call) and self.key == other.key

    def __hash__(self) -> int:
        return self.hash


def _known(part: Any) -> Hashable:
    if isinstance(part, np.ndarray):
        return part.shape, part.dtype.str, part.tobytes()
    if isinstance(part, (tuple, list)):
        return tuple(map(_known, part))
    try:
        hash(part)
    except TypeError:
        return _Same(part)
    return type(part), part  # 1 is not 1.0, nor True


def kept(most: int, size: Callable[[Any], int] = lambda answer: 1) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keeps the last answers of a pure function, as many as have `most` in `size` together. Arrays and whatever has a
    hash count by content; what has none (surfaces, patches, editions) by being the same object, so pass on what an
    earlier kept step gave."""

    def keeping(function: Callable[P, T]) -> Callable[P, T]:
        answers: OrderedDict[_Call, T] = OrderedDict()
        turn = Lock()
        held = 0

        @wraps(function)
        def asked(*args: P.args, **named: P.kwargs) -> T:
            nonlocal held
            call = _Call(args, named)
            with turn:
                if call in answers:
                    answers.move_to_end(call)
                    return answers[call]
            answer = function(*args, **named)
            with turn:
                if call in answers:  # another thread was faster; what is kept further on knows its answer
                    return answers[call]
                answers[call] = answer
                held += size(answer)
                while held > most and len(answers) > 1:
                    held -= size(answers.popitem(last=False)[1])
            return answer

        def clear() -> None:
            nonlocal held
            with turn:
                answers.clear()
                held = 0

        _every.append(clear)
        return asked

    return keeping


def forget() -> None:
    """As in a fresh process: nothing is kept."""
    for clear in _every:
        clear()
