"""docs/reference/permissions.md, from the code's own declarations: `python -m tests.web.permissions` writes it."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "permissions.md"


def patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the app with its pattern."""
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one


def declared(pattern: URLPattern) -> Any:
    """What `page` or `open_page` said of the view, or None."""
    return getattr(pattern.callback, "page", None)


def load_everything() -> None:
    """Every module of the app, so that every page and command is declared, in whatever order tests run."""
    import nappage_web

    for module in pkgutil.walk_packages(nappage_web.__path__, "nappage_web."):
        if ".migrations" not in module.name and not module.name.endswith((".wsgi", ".sqlite.base")):
            importlib.import_module(module.name)


def text() -> str:
    from nappage_web.clinic.access import PAGES
    from nappage_web.clinic.commands import COMMANDS
    from nappage_web.clinic.models import Role

    load_everything()
    roles = list(Role)
    head = "| | " + " | ".join(str(role.label) for role in roles) + " |\n|---|" + "---|" * len(roles)
    out = [
        "# Who may do what\n",
        "Generated from the code (`make reference`); `tests/web/test_permissions.py` tries every cell. A record of "
        "another clinic does not exist for anybody: its address answers 404.\n",
        "## Pages\n",
        head,
    ]
    for name, page in sorted(PAGES.items()):
        if page.roles:
            out.append(f"| `{name}` | " + " | ".join("yes" if role in page.roles else "" for role in roles) + " |")
    out += ["\n## Pages without sign-in\n", "| page | why it may |", "|---|---|"]
    out += [f"| `{name}` | {page.open_because} |" for name, page in sorted(PAGES.items()) if not page.roles]
    out += ["\n## Commands\n", "Every write is one of these, and writes its audit event in the same transaction.\n"]
    columns = [*(str(role.label) for role in roles), "patient, by link", "system"]
    out += ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name, command in sorted(COMMANDS.items()):
        cells = ["yes" if role.value in command.by else "" for role in roles]
        cells += ["yes" if who in command.by else "" for who in ("patient", "system")]
        out.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.web.settings")
    import django

    django.setup()
    PAGE.write_text(text())
