"""Django's SQLite backend, with write transactions that queue on a lock file.

SQLite's own waiting polls with growing pauses and wakes in no order, so that under several writers the slowest waits
long. `flock` blocks in the kernel and is handed over at once; the kernel frees it when a process dies. Only outermost
transactions take it (savepoints are inside one): with BEGIN IMMEDIATE each of them is a write.
"""

from __future__ import annotations

import fcntl
import os
from typing import IO, Any

from django.db.backends.sqlite3 import base


class _Queue:
    """The queue of one database's writers, as one connection stands in it. Each connection opens the lock file for
    itself, so threads of one process queue like processes do. After a fork the child starts anew: it neither holds
    what its parent holds nor frees it."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None
        self._process = 0
        self._held = False

    def enter(self, path: str) -> None:
        """Waits until nobody else writes."""
        if self._process != os.getpid():
            self._file, self._held, self._process = None, False, os.getpid()
        if self._held:
            return
        if self._file is None:
            self._file = open(path, "a", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._held = True

    def leave(self) -> None:
        if self._held and self._file is not None and self._process == os.getpid():
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._held = False

    def close(self) -> None:
        self.leave()
        if self._file is not None:
            self._file.close()
        self._file = None


class DatabaseWrapper(base.DatabaseWrapper):
    # The stubs of Django leave out the four methods called through `super()`.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._queue = _Queue()

    def _start_transaction_under_autocommit(self) -> None:
        if not self.is_in_memory_db():
            self._queue.enter(f"{self.settings_dict['NAME']}.queue")
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._queue.leave()
            raise

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]
        finally:
            self._leave_when_over()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._leave_when_over()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._queue.close()

    def _leave_when_over(self) -> None:
        """A commit that failed leaves its transaction open, and the place in the queue with it, until the rollback."""
        if self.connection is None or not self.connection.in_transaction:
            self._queue.leave()
