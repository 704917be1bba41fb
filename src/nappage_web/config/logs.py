"""Log lines without patients' data: where something went wrong and what kind of error it was, never its values.

An error's text often quotes the value that caused it (a name, an address, the row of a constraint), and an address can
hold the secret of a patient's link.
"""

from __future__ import annotations

import logging
import re
import traceback

_SECRET = re.compile(r"[\w:=-]{20,}")  # ids, keys and the tokens of links


class Discreet(logging.Formatter):
    """One line for the message, and for an error its kinds and places in the code."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        plain = logging.makeLogRecord({**record.__dict__, "exc_info": None, "exc_text": None, "stack_info": None})
        line = _SECRET.sub("…", super().format(plain))
        error = record.exc_info[1] if record.exc_info else None
        return line if error is None else "\n".join([line, *_places(error)])


def _places(error: BaseException | None) -> list[str]:
    lines = []
    while error is not None:
        for frame in traceback.extract_tb(error.__traceback__):
            lines.append(f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}')
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines
