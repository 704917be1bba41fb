"""The patient's own data, as it is typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Patient

_SEX = (("", _("not said")), ("female", _("female")), ("male", _("male")), ("other", _("other")))
_LANGUAGES = (("en", "English"), ("fr", "Français"))


class PatientForm(forms.ModelForm):  # type: ignore[type-arg]
    sex = forms.ChoiceField(choices=_SEX, required=False, label=_("Sex"))
    language = forms.ChoiceField(choices=_LANGUAGES, label=_("Language"))

    class Meta:
        model = Patient
        fields = ("name", "birth_date", "sex", "phone", "email", "language")
        labels = {"name": _("Name"), "birth_date": _("Birth date"), "phone": _("Phone"), "email": _("E-mail")}
        widgets = {
            "birth_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if self.is_bound and name in self.errors:
                field.widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"{name}-error"}
