"""Database triggers that refuse to change or remove rows: for migrations."""

from __future__ import annotations

from typing import Any

from django.db import migrations

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION nappage_append_only() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END
$$ LANGUAGE plpgsql
"""
_POSTGRESQL = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION nappage_append_only()
"""


_guarded: list[str] = []  # every table that a migration made append-only, once migrations are loaded


def append_only(table: str) -> migrations.RunPython:
    """A migration step after which rows of `table` can only be added. PostgreSQL also refuses TRUNCATE."""
    _guarded.append(table)

    def forwards(apps: Any, editor: Any) -> None:
        postgresql = editor.connection.vendor == "postgresql"
        if postgresql:
            editor.execute(_POSTGRESQL_FUNCTION, params=None)
        for verb in ("update", "delete", "truncate") if postgresql else ("update", "delete"):
            text = _POSTGRESQL if postgresql else _SQLITE
            editor.execute(text.format(table=table, verb=verb, VERB=verb.upper()))

    def backwards(apps: Any, editor: Any) -> None:
        postgresql = editor.connection.vendor == "postgresql"
        for verb in ("update", "delete", "truncate") if postgresql else ("update", "delete"):
            editor.execute(f"DROP TRIGGER {table}_no_{verb}" + (f" ON {table}" if postgresql else ""))

    return migrations.RunPython(forwards, backwards)


def missing(connection: Any) -> list[str]:
    """Guards that should stand in this database and do not, or are switched off; migrations must be loaded. A table
    that SQLite builds anew for a change of its columns loses them silently."""
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
            if postgresql
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        there = {name for (name,) in cursor.fetchall()}
    verbs = ("update", "delete", "truncate") if postgresql else ("update", "delete")
    return [name for table in _guarded for verb in verbs if (name := f"{table}_no_{verb}") not in there]
