"""Our side of bench/web: `nappage-web serve` on a database of its own, and people who work in it over HTTP."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from web_fill import Invented
from web_postgres import free_port

HERE = Path(__file__).parent
_CSRF = "b" * 32


class Ours:
    """nappage in a folder of its own, on SQLite there or on the database of `url`. Served while it is entered."""

    def __init__(self, url: str = "") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nappage-bench-ours-")
        self.environment = {**os.environ, "NAPPAGE_HOME": self._folder.name, "NAPPAGE_PLAIN_HTTP": "1"}
        for name in ("DATABASE_URL", "NAPPAGE_DEMO", "NAPPAGE_DEBUG"):
            self.environment.pop(name, None)
        if url:
            self.environment["DATABASE_URL"] = url
        self.told: dict[str, Any] = {}
        self._people: dict[int, Person] = {}

    def fill(self, start: int, end: int, staff: int) -> dict[str, Any]:
        """Invented patients `start` to `end`, and `staff` people who work; what web_fill prints of them."""
        command = [sys.executable, HERE / "web_fill.py", str(start), str(end), str(staff)]
        done = subprocess.run(command, env=self.environment, check=True, stdout=subprocess.PIPE)
        self.told, self._people = json.loads(done.stdout), {}
        return self.told

    def serve(self, workers: int) -> Ours:
        self.port = free_port()
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "nappage-web", "serve", "--port", str(self.port), "--workers", str(workers)],
            env=self.environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(600):
            try:
                HTTPConnection("127.0.0.1", self.port, timeout=5).request("GET", "/health")
                return self
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError("nappage-web did not start") from None
                time.sleep(0.1)
        raise RuntimeError("nappage-web did not start within a minute")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def processes(self) -> list[int]:
        return [self.process.pid]

    def forget(self) -> None:
        self._folder.cleanup()

    def person(self, number: int = 0) -> Person:
        """One of the staff, on a new connection; they remember the revision of their draft."""
        person = self._people.setdefault(number, Person(**self.told["staff"][number]))
        person.connect(self.port)
        return person

    def stranger(self) -> Person:
        person = Person("", "", "", 0)
        person.connect(self.port)
        return person


@dataclass
class Answer:
    status: int
    body: bytes
    location: str = ""


class Person:
    """A member of staff at a browser: signed in, with one connection, a patient who answered, and an open draft."""

    def __init__(self, session: str, patient: str, draft: str, revision: int) -> None:
        self._headers = {"Cookie": f"sessionid={session}; csrftoken={_CSRF}", "Accept": "text/html"}
        self.patient, self.draft, self.revision = patient, draft, revision
        self._typed = 0

    def connect(self, port: int) -> None:
        self._connection = HTTPConnection("localhost", port, timeout=60)

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**self._headers, **({} if method == "GET" else {"X-CSRFToken": _CSRF}), **headers}
        self._connection.request(method, path, body, sent)
        answer = self._connection.getresponse()
        return Answer(answer.status, answer.read(), answer.headers.get("Location", ""))

    def _good(self, answer: Answer, *good: int) -> Answer:
        if answer.status not in good:
            said = re.sub(r"<[^>]*>|\s+", " ", answer.body.decode())
            raise RuntimeError(f"{answer.status}: {said[:300]}")
        return answer

    # --- what is measured ------------------------------------------------------------------------------------

    def search(self, word: str) -> int:
        """The list under the search box, as it follows what is typed; how many are in it."""
        asked = f"/patients/?q={quote(word)}"
        return self._good(self.ask("GET", asked, HX_Request="true", HX_Target="found"), 200).body.count(
            b'href="/patients/'
        )

    def read(self, patient: str) -> bytes:
        """The patient's whole page."""
        return self._good(self.ask("GET", f"/patients/{patient}/"), 200).body

    def create(self, person: Invented) -> str:
        """The form of a new patient, sent; where it leads."""
        form = {"name": f"{person.first} {person.family}", "birth_date": str(person.birth_date), "sex": person.sex,
                "phone": person.phone, "email": "", "language": "en", "all-the-same": "1"}  # fmt: skip
        body = "&".join(f"{key}={quote(value)}" for key, value in form.items())
        kind = "application/x-www-form-urlencoded"
        return self._good(self.ask("POST", "/patients/new", body, Content_Type=kind), 302).location

    def save(self) -> None:
        """One thing typed into the draft, acknowledged."""
        self._typed += 1
        paths = ("order.needle_mm", "consultation.notes", "order.visit_minutes", "consultation.goals")
        value = f"{self._typed % 5 + 10}" if self._typed % 2 == 0 else f"typed {self._typed} " * 8
        edit = {"id": str(uuid.uuid4()), "base": self.revision, "path": paths[self._typed % 4], "value": value}
        answer = self._good(self._post(f"/drafts/{self.draft}/edits", edit), 200)
        self.revision = json.loads(answer.body)["revision"]

    def screening(self) -> None:
        """The screening beside the draft, as it follows an edit."""
        self._good(self.ask("GET", f"/drafts/{self.draft}/screening", HX_Request="true"), 200)

    def edit_map(self, edits: list[dict[str, Any]], base: int | None = None) -> dict[str, Any]:
        """One change of the injection map; its new state."""
        sent = {"edits": edits, "skin": self.skin, "base": base, "mode": "map"}
        told = json.loads(self._good(self._post(f"/drafts/{self.draft}/map/edit", sent), 200).body)
        self.revision = told["revision"]
        return told  # type: ignore[no-any-return]

    skin: str | None = None  # the body that the editor has loaded already

    def _post(self, path: str, data: dict[str, Any]) -> Answer:
        return self.ask("POST", path, json.dumps(data), Content_Type="application/json", X_Requested_With="fetch")

    def weight(self, path: str) -> dict[str, int]:
        """Bytes that travel for a page and what it loads by itself: styles, scripts and their imports, pictures."""
        found: dict[str, int] = {}
        waiting = [path]
        while waiting:
            at = waiting.pop()
            if at in found:
                continue
            self._connection.request("GET", at, headers={**self._headers, "Accept-Encoding": "gzip"})
            answer = self._connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{at}: {answer.status}")
            found[at] = len(body)
            text = (gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body).decode()
            kind = answer.headers.get("Content-Type", "")
            if "html" in kind:
                named = re.findall(r"<(?:script|img)\b[^>]*?\bsrc=\"([^\"]+)\"", text)
                named += re.findall(
                    r"<link\b[^>]*?rel=\"(?:stylesheet|icon|modulepreload)\"[^>]*?href=\"([^\"]+)\"", text
                )
            elif "javascript" in kind:
                named = re.findall(r"(?:^|[\n;])\s*(?:import|export)\b[^;'\"()]*?['\"]([^'\"]+)['\"]", text)
            elif "css" in kind:
                named = re.findall(r"@import\s+[^;]*?[\"']([^\"']+)[\"']", text)
            else:
                named = []
            waiting += [urljoin(at, one) for one in named if not urlsplit(one).scheme]
        return found
