"""A small world to test in: two organisations with a clinic each, staff of every role, and patients.

Everything is made through commands where one exists, so that the world is one that users could have made."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.test import Client

from nappage_web.clinic.access import Actor, staff_actor
from nappage_web.clinic.models import Clinic, Organisation, Registration, Role, Staff, User
from nappage_web.patients.models import Draft, Patient

PASSWORD = "correct horse battery staple"


@dataclass
class Place:
    """A clinic, its staff by role, and actors for them."""

    clinic: Clinic
    staff: dict[Role, Staff] = field(default_factory=dict)

    def actor(self, role: Role) -> Actor:
        return staff_actor(self.staff[role])

    def client(self, role: Role) -> Client:
        """A signed-in client of Django's, past the second factor."""
        from allauth.mfa.models import Authenticator
        from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

        user, client = self.staff[role].user, Client()
        if not Authenticator.objects.filter(user=user).exists():
            TOTP.activate(user, generate_totp_secret())
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def patient(self, name: str = "Ana Flores", born: date = date(1980, 5, 14), **fields: Any) -> Patient:
        from nappage_web.patients import commands

        return commands.create_patient(self.actor(Role.FRONT_DESK), name=name, birth_date=born, **fields)

    def draft(self, patient: Patient, **body: Any) -> Draft:
        from nappage_web.patients import commands

        return commands.open_draft(self.actor(Role.INJECTOR), patient, body=body)


@dataclass
class World:
    here: Place
    there: Place  # another organisation, whose records nobody here may see


def world() -> World:
    return World(_place("Skin Clinic"), _place("Other Clinic"))


def _place(name: str) -> Place:
    organisation = Organisation.objects.create(name=f"{name} Ltd")
    place = Place(Clinic.objects.create(organisation=organisation, name=name))
    for role in Role:
        email = f"{role.value}-{uuid.uuid4().hex[:6]}@example.test"
        user = User.objects.create_user(email, PASSWORD, name=f"{role.label} of {name}")
        place.staff[role] = Staff.objects.create(clinic=place.clinic, user=user, roles=[role.value])
        if role in (Role.INJECTOR, Role.PRESCRIBER):
            Registration.objects.create(
                clinic=place.clinic,
                staff=place.staff[role],
                register="Test register",
                number=f"T-{role.value}",
                expires=place.clinic.today() + timedelta(days=365),
                prescriber=role == Role.PRESCRIBER,
                insurer="Test Insurance",
                indemnity_expires=place.clinic.today() + timedelta(days=365),
                techniques=["*"],
                areas=["*"],
            )
    return place
