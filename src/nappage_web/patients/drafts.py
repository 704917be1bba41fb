"""Autosave: a draft is the fold of its edits, and an edit that was acknowledged is a row.

An edit says where it was typed (`path`), what, and over which revision (`base`). If somebody else has since changed the
same place, it is kept but set aside, and both values are shown; nothing is overwritten. Anything may be typed: what it
means is read when the draft is evaluated, and errors are shown at their fields.
"""

from __future__ import annotations

import copy
import math
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from nappage.values import InputError

from ..clinic.access import Actor
from .models import Draft, Edit

_UNSTORED = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of a character
_PATH = re.compile(r"[a-z_][a-z0-9_\-]*(\.[a-z0-9_\- ]+)*", re.I)
ROOTS = ("answers", "order", "schedule", "consultation")
_NOT_TYPED = ("consultation.fit",)  # what a command alone writes, from a photograph
_LISTED = ("order.areas", "order.mixture", "order.anaesthetic", "consultation.concerns", "answers.not_asked")
_MOST_BYTES, _MOST_DEPTH = 200_000, 12


@dataclass(frozen=True)
class Acknowledged:
    """What became of an edit. With `conflict`, it was kept and not applied."""

    revision: int
    id: uuid.UUID
    conflict: Conflicting | None = None
    again: bool = False  # it was known already


@dataclass(frozen=True)
class Conflicting:
    path: str
    yours: Any
    theirs: Any  # what the draft holds there now
    by: str
    at: datetime


def read_edit(data: Any) -> tuple[uuid.UUID, int, str, Any]:
    """(id, base, path, value) of an edit of a plan's draft as it was sent. Raises InputError naming what is wrong."""
    if not isinstance(data, dict):
        raise InputError("edit", "it is not a JSON object", "Send id, base, path and value")
    try:
        key = uuid.UUID(str(data.get("id")))
    except ValueError:
        raise InputError("edit.id", f"'{data.get('id')}' is not a UUID", "Make one for each edit") from None
    base, path = data.get("base"), data.get("path")
    if isinstance(base, bool) or not isinstance(base, int) or base < 0:
        raise InputError("edit.base", f"'{base}' is not a revision", "Send the revision the draft was read at")
    if not isinstance(path, str) or len(path) > 200 or not _PATH.fullmatch(path):
        raise InputError("edit.path", f"'{path}' is not a place in a draft", "Write it like order.spacing_mm")
    if path.split(".")[0] not in ROOTS:
        raise InputError("edit.path", f"'{path}' is not a place in this draft", f"Begin with {', '.join(ROOTS)}")
    if any(_overlap(path, one) for one in _NOT_TYPED):
        raise InputError("edit.path", f"'{path}' is not written by hand", "Fit the map to a photograph instead")
    if "value" not in data:
        raise InputError("edit.value", "it is missing", "Send a value; null takes the place away")
    if "." not in path and not isinstance(data["value"], dict):
        raise InputError("edit.value", f"'{path}' is no JSON object", "Send its places one by one")
    _bounded(data["value"])
    for one in _LISTED:  # pages go through them line by line
        if f"{one}.".startswith(f"{path}."):
            lines = value_at(data["value"], one[len(path) + 1 :]) if one != path else data["value"]
            if not _are_lines(lines, words=not one.startswith("order.")):
                raise InputError("edit.value", f"'{one}' is no list of what stands there", "Send a list")
    return key, base, path, data["value"]


def _are_lines(value: Any, *, words: bool) -> bool:
    """Whether a value can be gone through line by line; with `words`, each of them one of text."""
    if isinstance(value, list):
        return not words or all(isinstance(line, str) for line in value)
    return value is None or isinstance(value, str)


def apply(actor: Actor, draft: Draft, key: uuid.UUID, base: int, path: str, value: Any) -> Acknowledged:
    """One edit, inside a command's transaction. Sent again, it is acknowledged again and does nothing more."""
    draft = Draft.objects.of(actor).select_for_update().get(pk=draft.pk)
    known = Edit.objects.of(actor).filter(pk=key).first()
    if known is not None:
        if known.draft_id != draft.pk:
            raise InputError("edit.id", "it was used in another draft", "Make a new one for each edit")
        again = _conflict(draft, known, value) if known.outcome == Edit.Outcome.CONFLICT else None
        return Acknowledged(known.revision, key, again, again=True)
    if draft.status != Draft.Status.OPEN:
        raise InputError(
            "draft", _("it is closed"), _("Start a new draft from it; what you typed is still on the page")
        )
    if base > draft.revision:
        raise InputError("edit.base", f"{base} is after the newest revision, {draft.revision}", "Load the page again")
    other = _touched_since(draft, base, path)
    clash = other is not None and other.value != value
    body = draft.body if clash else put(draft.body, path, value)
    revision = draft.revision + (not clash)
    edit = Edit.objects.create(
        id=key, clinic=draft.clinic, patient=draft.patient, draft=draft, base=base, revision=revision, path=path,
        value=value, author_kind=actor.kind, author=actor.id, author_name=actor.name,
        outcome=Edit.Outcome.CONFLICT if clash else Edit.Outcome.APPLIED,
    )  # fmt: skip
    if clash:
        return Acknowledged(revision, key, _conflict(draft, edit, value))
    draft.body, draft.revision, draft.updated = body, revision, timezone.now()
    draft.save(update_fields=["body", "revision", "updated"])
    return Acknowledged(revision, key)


def fold(edits: list[Edit]) -> dict[str, Any]:
    """The body that the applied edits give, in the order of their revisions."""
    body: dict[str, Any] = {}
    for edit in sorted((e for e in edits if e.outcome == Edit.Outcome.APPLIED), key=lambda e: e.revision):
        body = put(body, edit.path, edit.value)
    return body


def put(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A body with `value` at `path`; null takes away. A number in the path counts into a list, if one stands there."""
    out = copy.deepcopy(body)
    at: Any = out
    *way, last = path.split(".")
    for here, then in zip(way, [*way, last][1:], strict=True):
        at = _step(at, here, path, {} if not then.isdigit() else None)
    if isinstance(at, list):
        index = _index(at, last, path)
        if value is None:
            del at[index : index + 1]
        elif index == len(at):
            at.append(value)
        else:
            at[index] = value
    elif value is None:
        at.pop(last, None)
    else:
        at[last] = value
    return out


def value_at(body: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(body, list):
            body = body[int(name)] if name.isdigit() and int(name) < len(body) else None
        else:
            body = body.get(name) if isinstance(body, dict) else None
    return body


def _step(at: Any, name: str, path: str, new: Any) -> Any:
    if isinstance(at, list):
        index = _index(at, name, path)
        if index == len(at):
            at.append({} if new is None else new)
        if not isinstance(at[index], dict | list):
            at[index] = {}
        return at[index]
    if not isinstance(at.get(name), dict | list):
        at[name] = [] if new is None else new
    return at[name]


def _index(at: list[Any], name: str, path: str) -> int:
    if not name.isdigit() or int(name) > len(at):
        raise InputError("edit.path", f"'{path}' counts past the end of a list", "Load the page again")
    return int(name)


def _touched_since(draft: Draft, base: int, path: str) -> Edit | None:
    since = Edit._base_manager.filter(draft=draft, revision__gt=base, outcome=Edit.Outcome.APPLIED).order_by(
        "-revision"
    )
    return next((edit for edit in since if _overlap(edit.path, path)), None)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _conflict(draft: Draft, edit: Edit, value: Any) -> Conflicting:
    other = _touched_since(draft, edit.base, edit.path)
    by, at = (other.author_name, other.at) if other else (edit.author_name, edit.at)
    return Conflicting(edit.path, value, value_at(draft.body, edit.path), by, at)


def _bounded(value: Any, depth: int = 0) -> None:
    if depth > _MOST_DEPTH:
        raise InputError("edit.value", "it is nested too deep", "Send less at once")
    for inner in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ():
        _bounded(inner, depth + 1)
    if isinstance(value, str) and _UNSTORED.search(value):
        raise InputError("edit.value", "it holds a character that cannot be stored", "Take it out")
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError("edit.value", "it is no number that can be stored", "Send it as text")
    if depth == 0 and len(repr(value)) > _MOST_BYTES:
        raise InputError("edit.value", _("it is too long"), _("Shorten it, or split it"))
