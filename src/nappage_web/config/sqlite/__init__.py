"""SQLite for a clinic: the pysqlite3 wheel's library in place of the system's, and a fair queue of writes.

SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when two connections write or checkpoint at the same moment (the
WAL-reset bug), and Debian's is one of these. `install` must run before Django loads its backend.
"""

from __future__ import annotations

import sys

SAFE = (3, 51, 3)


def install() -> tuple[int, ...]:
    """Puts pysqlite3 where `import sqlite3` finds it; returns the version of its library. Raises RuntimeError with a
    sentence where that is one with the WAL-reset bug."""
    import pysqlite3

    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
    version = tuple(pysqlite3.sqlite_version_info)
    refuse_unsafe(version)
    return version


def refuse_unsafe(version: tuple[int, ...]) -> None:
    """Raises RuntimeError for a version that can lose a database."""
    if version < SAFE:
        found, needed = (".".join(map(str, v)) for v in (version, SAFE))
        raise RuntimeError(
            f"SQLite {found} can corrupt a database in WAL mode (its WAL-reset bug). Install the pysqlite3 wheel, "
            f"which carries {needed} or newer, or set DATABASE_URL to a PostgreSQL database."
        )
