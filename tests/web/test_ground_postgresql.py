"""What is different where PostgreSQL holds the records."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.db import connection

from .conftest import Run, found_clinic

pytestmark = pytest.mark.postgresql


def test_a_postgresql_database_is_backed_up_and_never_restored_over(db: None, nappage_web: Run, tmp_path: Path) -> None:
    address = re.sub(r"/main\?|/gw\d+\?", "/{}?", os.environ["DATABASE_URL"])
    for name in ("backup_one", "backup_two"):
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name}")
    one, two = ({"DATABASE_URL": address.format(name)} for name in ("backup_one", "backup_two"))
    file = str(tmp_path / "backup")
    found_clinic(nappage_web, **one)
    assert nappage_web("backup", file, **one).returncode == 0
    over = nappage_web("restore", file, **one)
    assert over.returncode == 1 and "holds tables already" in over.stderr
    restored = nappage_web("restore", file, **two)
    assert restored.returncode == 0, restored.stderr
    checked = nappage_web("check", "--audit", **two)
    assert checked.returncode == 0 and "audit: 1 links" in checked.stdout, checked.stderr
    wrong = nappage_web("restore", file, NAPPAGE_HOME=str(tmp_path / "sqlite"))
    assert wrong.returncode == 1 and "it holds a PostgreSQL database" in wrong.stderr
