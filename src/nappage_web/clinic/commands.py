"""The command layer: every write is a command, checked, in one transaction, with its audit event.

A command is a function of an actor. The decorator refuses an actor without the role (and notes the refusal), opens the
transaction, and writes what the function `note`d. A command that notes nothing is a fault of ours and is rolled back.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import models, transaction

from . import audit
from .access import Actor, NotAllowed
from .models import Role

P = ParamSpec("P")
R = TypeVar("R")

PATIENT, SYSTEM = "patient", "system"  # whom a command may be for besides staff


class Refused(Exception):
    """A rule of the house says no: a sentence, and the way out of it."""

    def __init__(self, sentence: str, way_out: str = "") -> None:
        super().__init__(f"{sentence} {way_out}".strip())
        self.sentence, self.way_out = sentence, way_out


@dataclass(frozen=True)
class Command:
    name: str
    by: frozenset[str]  # roles of staff, PATIENT, SYSTEM
    module: str


COMMANDS: dict[str, Command] = {}
_notes: ContextVar[list[tuple[models.Model, uuid.UUID | None, dict[str, Any]]] | None] = ContextVar(
    "notes", default=None
)


def command(
    name: str, by: Iterable[Role | str]
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Declares a write. `by`: the roles that may; PATIENT for one through that patient's own link; SYSTEM."""

    def declare(function: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        if name in COMMANDS:
            raise RuntimeError(f"two commands are called {name}")
        declared = COMMANDS[name] = Command(name, frozenset(str(who) for who in by), function.__module__)

        @wraps(function)
        def run(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not may(actor, declared.name):
                with transaction.atomic():
                    audit.append(actor, name, None, patient=actor.patient_id, outcome="refused")
                raise NotAllowed(name)
            with transaction.atomic():
                token = _notes.set([])
                try:
                    result = function(actor, *args, **kwargs)
                    notes = _notes.get() or []
                finally:
                    _notes.reset(token)
                if not notes:
                    raise RuntimeError(f"the command {name} noted nothing for the audit")
                for subject, patient, details in notes:
                    audit.append(actor, name, subject, patient=patient, details=details)
            return result

        run.command = declared  # type: ignore[attr-defined]
        return run

    return declare


def may(actor: Actor, name: str) -> bool:
    by = COMMANDS[name].by
    if actor.kind == "staff":
        return bool(by & {str(role) for role in actor.roles})
    return (PATIENT if actor.kind == "patient" else SYSTEM) in by


def note(subject: models.Model, *, patient: models.Model | uuid.UUID | None = None, **details: Any) -> None:
    """What the running command did, and to what. `details` are small and hold no free text of the patient's history."""
    notes = _notes.get()
    if notes is None:
        raise RuntimeError("note() is for commands")
    notes.append((subject, patient.pk if isinstance(patient, models.Model) else patient, details))
