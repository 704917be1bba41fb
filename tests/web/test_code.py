"""Reads the code of the app: every write stands in a command, records are reached through the actor only, and every
URL's view says who may open it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import nappage_web

ROOT = Path(nappage_web.__file__).parent
_WRITES = {"save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete", "update",
           "create_user", "set_password", "asave", "acreate", "add_to", "raw_delete"}  # fmt: skip
# Modules that may write, and why. Everything else writes through a command.
_GROUND = {
    "clinic/audit.py": "the chain itself",
    "clinic/models.py": "the manager that createclinic and commands call",
    "clinic/signin/lock.py": "whether a browser is signed in and locked: no record, and it changes at every request",
    "patients/documents.py": "called by commands only; held by test_helpers_are_called_by_commands_only",
    "patients/drafts.py": "called by commands only; held by test_helpers_are_called_by_commands_only",
}
_DICTIONARY_UPDATES = ("os.environ", "context", "headers", "session", "digest", "hashlib", "sha256")


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    named = ((path.relative_to(ROOT).as_posix(), path) for path in sorted(ROOT.rglob("*.py")))
    return tuple((name, ast.parse(path.read_text())) for name, path in named if "migrations/" not in name)


@cache
def _decorators(function: ast.AST) -> list[str]:
    found = []
    for decorator in getattr(function, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        found.append(ast.unparse(target).split(".")[-1])
    return found


@cache
def _functions(tree: ast.Module) -> tuple[ast.FunctionDef, ...]:
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@cache
def _calls(function: ast.FunctionDef) -> tuple[tuple[str, ast.Call], ...]:
    """Every call in a function, with the name of what is called as it is written."""
    return tuple((ast.unparse(node.func), node) for node in ast.walk(function) if isinstance(node, ast.Call))


def _is_write(node: ast.Call) -> bool:
    """A call that Django would write with: `.save(…)`, `Model.objects.create(…)`, `queryset.update(…)` …"""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr in _WRITES):
        return False
    target = ast.unparse(node.func.value)
    if node.func.attr in ("update", "add_to"):  # a dictionary's update is no write
        return "objects" in target or "filter(" in target or "_manager" in target
    if node.func.attr == "save":
        return not (node.args and "buffer" in ast.unparse(node.args[0]).lower())
    return node.func.attr != "create" or "objects" in target or "_manager" in target or target.endswith("_set")


def test_every_write_stands_in_a_command() -> None:
    wrong = []
    for name, tree in modules():
        if name in _GROUND or name.startswith("config/"):
            continue
        helpers = _private_helpers_of_commands(tree)
        for function in _functions(tree):
            if "command" in _decorators(function) or function.name in helpers:
                continue
            wrong += [
                f"{name}:{node.lineno} {ast.unparse(node)[:70]}" for _, node in _calls(function) if _is_write(node)
            ]
    assert not wrong, "\n".join(wrong)


@cache
def _private_helpers_of_commands(tree: ast.Module) -> set[str]:
    """Private functions of a module that only its commands (or such helpers) call."""
    callers: dict[str, set[str]] = {}
    commands = set()
    for function in _functions(tree):
        if "command" in _decorators(function):
            commands.add(function.name)
        for _, node in _calls(function):
            if isinstance(node.func, ast.Name):
                callers.setdefault(node.func.id, set()).add(function.name)
    good: set[str] = set()
    while True:
        more = {
            name for name, by in callers.items()
            if name.startswith("_") and name not in good and by - {name} and by - {name} <= commands | good
        }  # fmt: skip
        if not more:
            return good
        good |= more


@pytest.mark.parametrize("helper", ["documents.file", "documents.attach", "drafts.apply", "audit.append"])
def test_helpers_are_called_by_commands_only(helper: str) -> None:
    module, name = helper.split(".")
    wrong = []
    for path, tree in modules():
        if path.endswith(f"/{module}.py") or path in ("clinic/commands.py",):
            continue
        helpers = _private_helpers_of_commands(tree)
        for function in _functions(tree):
            calls = [node for called, node in _calls(function) if called.endswith(helper)]
            allowed = "command" in _decorators(function) or function.name in helpers
            if helper == "audit.append":  # sign-in's signals tell of what the sign-in library writes
                allowed = allowed or path.startswith("clinic/signin")
            if calls and not allowed:
                wrong.append(f"{path}:{calls[0].lineno} {function.name} calls {module}.{name}")
    assert not wrong, "\n".join(wrong)


def test_every_command_notes_what_it_did() -> None:
    wrong = []
    for path, tree in modules():
        for function in _functions(tree):
            if "command" in _decorators(function):
                called = {name.split(".")[-1] for name, _ in _calls(function)}
                if "note" not in called:
                    wrong.append(f"{path}:{function.lineno} {function.name}")
    assert not wrong, "these commands would be rolled back, since they note nothing:\n" + "\n".join(wrong)


def test_records_are_reached_through_the_actor() -> None:
    """In views and commands, a scoped model is asked with `.of(actor)` or `get(actor, …)`, and by no other way."""
    from django.apps import apps

    from nappage_web.clinic.models import Record, Scoped

    scoped = {m.__name__ for m in apps.get_models() if issubclass(m, Record) or isinstance(m.objects, Scoped)}
    assert {"Patient", "Draft", "Document", "Edit"} <= scoped
    wrong = []
    for path, tree in modules():
        if path.startswith(("config/", "demo/")):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute):
                continue
            target = ast.unparse(node.value)
            model = target.split(".")[0]
            if target.endswith((".objects", "._default_manager")) and model in scoped:
                if node.attr not in ("of", "create", "model", "bulk_create"):
                    wrong.append(f"{path}:{node.lineno} {ast.unparse(node)}")
            elif target.endswith("._base_manager") and model in scoped and path not in (
                "clinic/access.py",  # who the signed-in user is: before there is an actor
                "patients/drafts.py",  # edits of a draft that was reached through the actor
                "portal/links.py",  # by the hash of a secret: it is what makes the patient's actor
            ):  # fmt: skip
                wrong.append(f"{path}:{node.lineno} {ast.unparse(node)}")
    assert not wrong, "\n".join(wrong)
