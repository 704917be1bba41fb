"""The first clinic and its lead, who invites everybody else."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from nappage.values import InputError

from .access import SYSTEM_ACTOR, Actor
from .commands import SYSTEM, command, note
from .models import Clinic, Organisation, Role, Staff, User

FOUNDER = SYSTEM_ACTOR


@command("clinic.found", {SYSTEM})
def found_clinic(
    actor: Actor,
    *,
    organisation: str,
    clinic: str,
    jurisdiction: str,
    language: str,
    time_zone: str,
    name: str,
    email: str,
    password: str,
) -> Clinic:
    """An organisation with one clinic and its lead. Raises InputError where a field cannot be used."""
    try:
        ZoneInfo(time_zone)
    except Exception:
        raise InputError("time zone", f"'{time_zone}' is none", "Write one like Europe/Paris") from None
    try:
        validate_email(email)
    except ValidationError:
        raise InputError("e-mail", f"'{email}' is no address", "Write one like lead@clinic.example") from None
    if User.objects.filter(email=email.casefold()).exists():
        raise InputError("e-mail", "somebody signs in with it already", "Choose another")
    try:
        validate_password(password)
    except ValidationError as error:
        raise InputError("password", " ".join(error.messages), "Choose a longer one") from None
    made = Clinic.objects.create(
        organisation=Organisation.objects.create(name=organisation),
        name=clinic,
        jurisdiction=jurisdiction,
        language=language,
        time_zone=time_zone,
    )
    user = User.objects.create_user(email, password, name=name)
    Staff.objects.create(clinic=made, user=user, roles=[Role.LEAD.value])
    note(made, lead=str(user.pk))
    return made
