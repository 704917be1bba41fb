"""What is written when the audit itself is used."""

from __future__ import annotations

from typing import Any

from ..clinic.access import Actor
from ..clinic.audit import Verified
from ..clinic.commands import command, note
from ..clinic.models import Role

READERS = frozenset({Role.LEAD, Role.AUDITOR})


@command("audit.verify", READERS)
def verified(actor: Actor, result: Verified) -> None:
    """That somebody walked the chain, and what they found."""
    note(actor.here, links=result.links, head=result.head, fault=result.fault)


@command("audit.export", READERS)
def exported(actor: Actor, asked: dict[str, Any]) -> None:
    """That somebody took the events out of the app, and which ones they asked for."""
    note(actor.here, **asked)
