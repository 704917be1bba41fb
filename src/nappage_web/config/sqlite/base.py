"""Django's SQLite backend, with write transactions that queue on a lock file.

SQLite's own waiting polls with growing pauses and wakes in no order, so that under several writers the slowest waits
long. `flock` blocks in the kernel and is handed over at once; the kernel frees it when a process dies. Only outermost
transactions take it: with BEGIN IMMEDIATE each of them is a write.
"""

from __future__ import annotations

import fcntl
import os
from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    _queue: int | None = None  # file descriptor of the lock file
    _queue_of: int | None = None  # process that opened it: a fork must not share its parent's lock
    _first = False

    def _start_transaction_under_autocommit(self) -> None:
        self._enter_queue()
        try:
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._leave_queue()
            raise

    def _commit(self) -> Any:
        try:
            return super()._commit()
        finally:
            self._leave_queue()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()
        finally:
            self._leave_queue()

    def _close(self) -> Any:
        try:
            return super()._close()
        finally:
            self._leave_queue()
            if self._queue is not None and self._queue_of == os.getpid():
                os.close(self._queue)
            self._queue = None

    def _enter_queue(self) -> None:
        name = str(self.settings_dict["NAME"])
        if self._first or self.is_in_memory_db() or "mode=memory" in name:
            return
        if self._queue is None or self._queue_of != os.getpid():
            self._queue = os.open(f"{name}.queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._queue_of = os.getpid()
        fcntl.flock(self._queue, fcntl.LOCK_EX)
        self._first = True

    def _leave_queue(self) -> None:
        if self._first:
            self._first = False
            if self._queue is not None:
                fcntl.flock(self._queue, fcntl.LOCK_UN)
