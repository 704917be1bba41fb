"""SQLite for a clinic: the pysqlite3 wheel's library in place of the system's, and a fair queue of writes.

SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when two connections write or checkpoint at the same moment (the
WAL-reset bug), and Debian's is one of these. `install` must run before Django loads its backend.
"""

from __future__ import annotations

import sys

SAFE = (3, 51, 3)


def install() -> tuple[int, ...]:
    """Puts pysqlite3 where `import sqlite3` finds it; returns the version of the library in use. Raises RuntimeError
    with a sentence where that is one with the WAL-reset bug, or where Django was faster."""
    try:
        import pysqlite3 as library
    except ImportError:
        import sqlite3 as library  # the system's may be new enough
    backend = sys.modules.get("django.db.backends.sqlite3.base")
    if backend is not None and backend.Database is not library.dbapi2:
        raise RuntimeError("Django's SQLite backend was loaded before nappage's settings. Load the settings first.")
    sys.modules["sqlite3"] = library
    sys.modules["sqlite3.dbapi2"] = library.dbapi2
    version = tuple(library.sqlite_version_info)
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
