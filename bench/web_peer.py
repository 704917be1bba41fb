"""GNU Health, the peer of bench/web: installed from the Python registry into a virtual environment of its own outside
the tree, run beside ours and never imported (it is GPL)."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import date
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from web_fill import Invented
from web_postgres import Cluster, free_port

PINNED = ("gnuhealth==5.0.6", "trytond==7.0.59", "psycopg2-binary==2.9.13", "gunicorn==27.0.1")
WORKERS, THREADS = 2, 4
_PASSWORD = "invented-by-the-bench"


def environment() -> Path:
    """The programs of the peer's environment; made on the first run."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "nappage-bench"
    folder = home / f"gnuhealth-{PINNED[0].split('==')[1]}"
    if not (folder / "ready").exists():
        print(f"installing {PINNED[0]} into {folder} (once, a few minutes)...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin/python", "-m", "pip", "install", "-qq", "--disable-pip-version-check", *PINNED],
                       check=True)  # fmt: skip
        (folder / "ready").touch()
    return folder / "bin"


class GnuHealth:
    """A GNU Health on an empty database of `cluster`, served by gunicorn as its makers mean it."""

    name = PINNED[0].replace("==", " ")

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def __enter__(self) -> GnuHealth:
        programs = environment()
        self._folder = tempfile.TemporaryDirectory(prefix="nappage-bench-gnuhealth-")
        at = Path(self._folder.name)
        self.cluster.create("gnuhealth")
        (at / "trytond.conf").write_text(
            f"[database]\nuri = postgresql://bench@127.0.0.1:{self.cluster.port}/\npath = {at}\n"
            "[session]\ntimeout = 86400\nmax_inactivity = 86400\n"
        )
        (at / "password").write_text(_PASSWORD)
        told = {**os.environ, "TRYTONPASSFILE": str(at / "password"), "TRYTOND_CONFIG": str(at / "trytond.conf")}
        for words in (["--all", "--email", "bench@example.test"], ["-u", "health", "--activate-dependencies"]):
            subprocess.run([programs / "trytond-admin", "-c", at / "trytond.conf", "-d", "gnuhealth", *words],
                           env=told, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        self.port = free_port()
        self.process = subprocess.Popen(
            [programs / "gunicorn", "-b", f"127.0.0.1:{self.port}", "-w", str(WORKERS), "--threads", str(THREADS),
                 "--keep-alive", "600", "--no-control-socket", "trytond.application:app"],
            env=told, cwd=at, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._connection = HTTPConnection("127.0.0.1", self.port)
        self._session = ""
        for wait in range(100):
            try:
                user, key = self.call("common.db.login", "admin", {"password": _PASSWORD}, "en")[:2]
                break
            except OSError:
                self._connection.close()
                if wait == 99:
                    raise
                time.sleep(0.3)
        self._session = base64.b64encode(f"admin:{user}:{key}".encode()).decode()
        self.context = self.call("model.res.user.get_preferences", True, {})
        views = [self.call("model.gnuhealth.patient.fields_view_get", None, kind, self.context)
                 for kind in ("form", "tree")]  # fmt: skip
        self._form, self._tree = ([*view["fields"]] for view in views)  # what its own client asks for
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self.process.terminate()
        self.process.wait()
        self._folder.cleanup()

    def processes(self) -> list[int]:
        return [self.process.pid, self.cluster.process.pid]

    def call(self, method: str, *given: Any) -> Any:
        """One call of its JSON-RPC. Raises RuntimeError with its answer where it has no result."""
        headers = {"Content-Type": "application/json", "Authorization": f"Session {self._session}"}
        if not self._session:
            del headers["Authorization"]
        self._connection.request(
            "POST", "/gnuhealth/", json.dumps({"id": 1, "method": method, "params": given}), headers
        )
        told = json.loads(self._connection.getresponse().read())
        if told.get("error") or "result" not in told:
            raise RuntimeError(f"{method}: {str(told)[:500]}")
        return told["result"]

    # --- the three things that are measured ------------------------------------------------------------------

    def search(self, word: str) -> int:
        """What its client sends for a word typed into the search box, but for 20 rows at most, as ours; how many."""
        typed = [["rec_name", "ilike", f"%{word}%"]]
        fields = ["rec_name", *self._tree]
        return len(self.call("model.gnuhealth.patient.search_read", typed, 0, 20, None, fields, self.context))

    def read(self, patient: int) -> str:
        """Every field of the patient's form, in one call; the patient's name."""
        found = self.call("model.gnuhealth.patient.read", [patient], ["rec_name", *self._form], self.context)
        return str(found[0]["rec_name"])

    def create(self, person: Invented) -> int:
        """Two calls: the person, and the person as a patient. The patient's id."""
        born = dict(zip(("year", "month", "day"), person.birth_date.timetuple()[:3], strict=True))
        party = {
            "name": person.first, "lastname": person.family, "is_person": True, "is_patient": True,
            "gender": person.sex[0], "dob": {"__class__": "date", **born}, "fed_country": None,
            "federation_account": None, "contact_mechanisms": [["create", [{"type": "phone", "value": person.phone}]]],
        }  # fmt: skip
        (made,) = self.call("model.party.party.create", [party], self.context)
        (patient,) = self.call("model.gnuhealth.patient.create", [{"party": made}], self.context)
        return int(patient)

    # --- filling ---------------------------------------------------------------------------------------------

    def fill(self, people: Iterable[Invented]) -> list[int]:
        """Writes patients in bulk: the first one's rows, who was made through its calls, with what differs changed."""
        if not int(self._sql("SELECT count(*) FROM gnuhealth_patient")):
            self.create(Invented("Aaron", "Aaronson", date(1970, 1, 1), "male", "+33 1 99 00 00 00"))
        rows = "".join(
            f"{p.first}\t{p.family}\t{p.birth_date}\t{p.sex[0]}\t{p.phone}\t{p.phone.replace(' ', '')}\n"
            for p in people
        )
        base = int(self._sql("SELECT max(id) FROM party_party"))
        changes = {
            "party_party": "'id', n, 'name', i.first, 'lastname', i.family, 'dob', i.born, 'gender', i.sex, "
            "'code', 'bench-' || n, 'ref', 'B' || n, 'federation_account', 'XXXB' || n",
            "party_contact_mechanism": "'id', n, 'party', n, 'value', i.phone, 'value_compact', i.compact",
            "gnuhealth_person_name": "'id', n, 'party', n, 'given', i.first, 'family', i.family",
            "gnuhealth_patient": "'id', n, 'party', n",
        }
        text = (
            "CREATE TEMP TABLE invented (first TEXT, family TEXT, born DATE, sex TEXT, phone TEXT, compact TEXT, "
            f"at SERIAL);\nCOPY invented (first, family, born, sex, phone, compact) FROM STDIN;\n{rows}\\.\n"
        )
        for table, change in changes.items():
            text += (
                f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({change}))).* "
                f"FROM {table} t, (SELECT *, at + {base} AS n FROM invented) i "
                f"WHERE t.id = (SELECT min(id) FROM {table});\n"
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}));\n"
            )
        self._sql(f"{text}ANALYZE;")
        return [int(line) for line in self._sql(f"SELECT id FROM gnuhealth_patient WHERE id > {base}").split()]

    def _sql(self, text: str) -> str:
        return self.cluster.sql(text, "gnuhealth")
