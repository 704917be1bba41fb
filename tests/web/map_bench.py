"""A page with the map editor alone, and a server behind it that really lays the order out: for looking at the editor
without a clinic around it.

    python -m tests.web.map_bench examples/facial-rejuvenation.yaml
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from nappage.intake import Order
from nappage.knowledge import load
from nappage.values import InputError
from nappage_web.planning import map_payload

STATIC = Path(map_payload.__file__).parent / "static" / "planning"
EDITION = load(date(2026, 11, 25))
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8"}

TOKENS = """
:root { color-scheme: light; --surface: #f4f7f8; --surface-raised: #fff; --text: #1c262d; --text-muted: #55626a;
  --line: #d5dee3; --accent: #0b4f6c; --accent-text: #fff; --danger: #9d1c1c; --warning: #7a4a00; --ok: #0f6b4c; }
@media (prefers-color-scheme: dark) { :root { color-scheme: dark; --surface: #12191e; --surface-raised: #1a242a;
  --text: #e9eef1; --text-muted: #a9b6be; --line: #33424b; --accent: #8ecbe6; --accent-text: #0c1a21; --danger: #ff9d96;
  --warning: #f2c274; --ok: #7fd6b2; } }
h1 { margin: 0 0 .6rem; font-size: 1.2rem; }
body { margin: 0; padding: 1rem; background: var(--surface); color: var(--text); --me-bleed: 1rem;
  font: 16px/1.5 Inter, system-ui, sans-serif; }
"""

PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Map editor</title>
<link rel="stylesheet" href="/tokens.css"><link rel="stylesheet" href="/map-editor.css"></head>
<body><main><h1>Map</h1><div id="editor" data-map-editor="/edit" data-mode="{mode}"></div></main>
<script type="module" src="/page.js"></script></body></html>"""

SCRIPT = """
import { mountMapEditor } from '/map-editor.min.js';
const element = document.getElementById('editor');
const send = async (edits, skin) => {
  const answer = await fetch('/edit', { method: 'POST', body: JSON.stringify({ edits, skin }) });
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error('refused'), { sentence: body.sentence });
  return body;
};
window.editor = mountMapEditor(element, { send, mode: element.dataset.mode });
"""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'"
)


def edited(doc: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The document with one value set at a dotted path; null takes it away."""
    key, _, rest = path.partition(".")
    if rest:
        return doc | {key: edited(doc.get(key) or {}, rest, value)}
    return {name: old for name, old in doc.items() if name != key} | ({} if value is None else {key: value})


class Desk:
    """The order as the server holds it."""

    def __init__(self, order: dict[str, Any], sex: str | None = "female", language: str = "en") -> None:
        self.order, self.sex, self.language = order, sex, language
        self.marks: list[Any] = []
        self.edits: list[dict[str, Any]] = []  # every edit that came in, refused or not
        self.requests = 0
        self.slow_s = 0.0

    def answer(self, edits: list[dict[str, Any]], skin: str | None) -> dict[str, Any]:
        """Raises InputError or ValidationError where the order cannot be so; the old one stays."""
        self.requests += 1
        self.edits += edits
        time.sleep(self.slow_s)
        doc: dict[str, Any] = {"order": self.order, "marks": self.marks}
        for edit in edits:
            doc = edited(doc, edit["path"], edit["value"])
        order = Order.model_validate(doc["order"])
        map, lacks = map_payload.lay(order, EDITION, sex=self.sex, language=self.language)
        self.order, self.marks = doc["order"], doc["marks"]
        state = map_payload.state(map, order, EDITION, self.language, sex=self.sex, lacks=lacks, has_skin=skin)
        return state | {"marks": self.marks}


@contextmanager
def served(desk: Desk, mode: str = "map") -> Iterator[str]:
    """The address of the page while the server runs, on the loopback only."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            own = {
                "/": PAGE.format(language=desk.language, mode=mode),
                "/page.js": SCRIPT,
                "/tokens.css": TOKENS,
                "/favicon.ico": "",
            }
            name = self.path.split("?")[0]
            if name in own:
                self.reply(200, own[name].encode(), TYPES.get(Path(name).suffix, TYPES[".html"]))
            elif (STATIC / name[1:]).is_file() and "/" not in name[1:]:
                self.reply(200, (STATIC / name[1:]).read_bytes(), TYPES[Path(name).suffix])
            else:
                self.reply(404, b"", TYPES[".html"])

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, body = 200, desk.answer(asked["edits"], asked["skin"])
            except InputError as error:
                status, body = 422, {"sentence": f"{error.wrong}. {error.remedy}."}
            except ValidationError as error:
                status, body = 422, {"sentence": error.errors()[0]["msg"]}
            self.reply(status, map_payload.dumps(body).encode(), "application/json")

        def reply(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    with served(Desk(yaml.safe_load(Path(sys.argv[1]).read_text("utf-8"))["order"])) as address:
        print(address)
        threading.Event().wait()
