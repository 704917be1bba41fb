"""The clinic's settings, its price list and a practitioner's registration, as they are typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from nappage.intake import find_by_name
from nappage.knowledge import Edition
from nappage.values import InputError

from .lead import ENTRY, IDLE_MINUTES, SETTINGS
from .models import Clinic, Registration
from .registration import ANY

_LANGUAGES = (("en", "English"), ("fr", "Français"))


class Marked(forms.BaseForm):
    """A form whose fields say to assistive technology that they are wrong, and where it is told why."""

    def mark(self) -> None:
        for name in self.errors if self.is_bound else ():
            if name in self.fields:
                self.fields[name].widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"{name}-error"}

    def blame(self, error: InputError) -> None:
        """Shows a command's refusal at its field."""
        at = error.place.split(", ")[-1]
        self.add_error(at if at in self.fields else None, error.sentence)
        self.mark()


class _Amount(forms.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        # Text, since a number field of the browser drops what it cannot read.
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(min_value=0, max_digits=10, decimal_places=2, required=False, widget=widget, **kwargs)

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class SettingsForm(Marked, forms.ModelForm):  # type: ignore[type-arg]
    jurisdiction = forms.RegexField(
        r"^[A-Z]{2}(-[A-Z]{1,3})?$", label=_("Jurisdiction"), max_length=8,
        help_text=_("A country's two letters, with its part where laws differ: FR, GB-ENG, AU."),
        error_messages={"invalid": _("Write a country's two letters, such as FR, or GB-ENG.")},
    )  # fmt: skip
    language = forms.ChoiceField(choices=_LANGUAGES, label=_("Language"), help_text=_("Of the patients' documents."))
    time_zone = forms.ChoiceField(label=_("Time zone"))
    idle_minutes = forms.IntegerField(
        min_value=IDLE_MINUTES[0], max_value=IDLE_MINUTES[-1], label=_("Lock after minutes without activity"),
        help_text=_("1 to 15. What was typed is kept."),
    )  # fmt: skip
    cooling_off_days = forms.IntegerField(
        min_value=0, max_value=90, required=False, label=_("Days between consent and signature"),
        help_text=_("Empty: as the jurisdiction's rule says. A longer time of your own is kept; a shorter one is not."),
    )  # fmt: skip

    class Meta:
        model = Clinic
        fields = SETTINGS
        labels = {
            "name": _("Name"), "address": _("Address"), "phone": _("Phone"), "email": _("E-mail"),
            "emergency_phone": _("Phone out of hours"),
        }  # fmt: skip
        help_texts = {"emergency_phone": _("Stands on the patient's sheet, for urgent signs.")}
        widgets = {"phone": forms.TextInput(attrs={"type": "tel"}),
                   "emergency_phone": forms.TextInput(attrs={"type": "tel"})}  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [(z, z.replace("_", " ")) for z in sorted(available_timezones())]  # type: ignore[attr-defined]
        self.mark()


class RegistrationForm(Marked, forms.ModelForm):  # type: ignore[type-arg]
    """`techniques` and `areas` by group; `all_techniques` and `all_areas` stand for every one, also those to come."""

    all_techniques = forms.BooleanField(required=False, label=_("All techniques"))
    all_areas = forms.BooleanField(required=False, label=_("All areas"))
    techniques = forms.MultipleChoiceField(required=False, label=_("Techniques"))
    areas = forms.MultipleChoiceField(required=False, label=_("Areas"))

    class Meta:
        model = Registration
        fields = ENTRY
        labels = {
            "register": _("Register"), "number": _("Number"), "expires": _("Ends on"),
            "prescriber": _("May prescribe, and so sign plans and decide on findings"),
            "insurer": _("Indemnity insurer"), "indemnity_expires": _("Insurance ends on"),
        }  # fmt: skip
        widgets = {"expires": _date(), "indemnity_expires": _date()}

    def __init__(self, *args: Any, edition: Edition, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = {"techniques": [("", _titles(edition, edition.techniques, language))], "areas": []}
        for top in (key for key, region in edition.regions.items() if region.parent is None):
            inside = {key: region for key, region in edition.regions.items() if _top(edition, key) == top}
            self.groups["areas"].append(
                (_title(edition, edition.regions[top], language), _titles(edition, inside, language))
            )
        for kind, groups in self.groups.items():
            self.fields[kind].choices = [choice for _title, choices in groups for choice in choices]  # type: ignore[attr-defined]
            if not self.is_bound and ANY in (self.initial.get(kind) or ()):
                self.initial[f"all_{kind}"] = True
        self.mark()

    def training(self) -> list[dict[str, Any]]:
        """For the page: each kind with its groups of (id, title, whether it is chosen)."""
        out = []
        for kind, groups in self.groups.items():
            chosen = set(self[kind].value() or ())
            shown = [{"title": t, "choices": [(key, word, key in chosen) for key, word in c]} for t, c in groups]
            field = self[kind]
            out.append({"name": kind, "title": field.label, "all": self[f"all_{kind}"], "groups": shown,
                        "errors": field.errors})  # fmt: skip
        return out

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for kind in ("techniques", "areas"):
            if given.pop(f"all_{kind}", False):
                given[kind] = [ANY]
        return given


def _top(edition: Edition, region: str) -> str:
    parent = edition.regions[region].parent
    return region if parent is None else _top(edition, parent)


def _titles(edition: Edition, records: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    return [(key, _title(edition, record, language)) for key, record in records.items()]


def _title(edition: Edition, record: Any, language: str) -> str:
    return edition.text(record.title, language).removeprefix("[en] ")


class PricesForm(Marked, forms.Form):
    """The core's PriceList, an amount for each thing that the edition knows; an empty one is no price. The fields of
    `sessions.acne-scars` and the like are named by their place in the list."""

    currency = forms.RegexField(
        r"^[A-Z]{3}$", label=_("Currency"), max_length=3, help_text=_("Three letters, such as EUR."),
        error_messages={"invalid": _("Write its three letters, such as EUR.")},
    )  # fmt: skip
    visit = _Amount(label=_("First consultation, and each review"))
    session = _Amount(label=_("Every session, where no other price is given"))

    def __init__(self, *args: Any, edition: Edition, language: str, prices: Mapping[str, Any], **kwargs: Any) -> None:
        kwargs["initial"] = {"currency": "EUR"} | dict(_flat(prices, edition))
        super().__init__(*args, **kwargs)
        self.groups = []
        for place, word, records in (
            ("sessions", _("A session, by protocol"), edition.protocols),
            ("products", _("A product, added to its session"), edition.products),
        ):
            rows = []
            for key, title in _titles(edition, records, language):
                self.fields[f"{place}.{key}"] = _Amount(label=title)
                rows.append((title, [f"{place}.{key}"]))
            self.groups.append((place, word, rows))
        rows = []
        for key, title in _titles(edition, edition.alternatives, language):
            names = [f"alternatives.{key}.session", f"alternatives.{key}.course"]
            self.fields[names[0]] = _Amount(label=_("a session"))
            self.fields[names[1]] = _Amount(label=_("the whole course"))
            rows.append((title, names))
        self.groups.append(("alternatives", _("What you offer instead, by session or by course"), rows))
        self.mark()

    def sections(self) -> list[dict[str, Any]]:
        """For the page: each group's title, rows of fields, how many have a price, and whether one is at fault."""
        out = []
        for _place, word, rows in self.groups:
            fields = [(title, [self[name] for name in names]) for title, names in rows]
            every = [field for _title, group in fields for field in group]
            priced = sum(field.value() not in (None, "") for field in every)
            faulty = any(field.errors for field in every)
            out.append({"title": word, "rows": fields, "priced": priced, "open": faulty})
        return out

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name in list(given):
            other = name.removesuffix(".session") + ".course"
            if name.endswith(".session") and given[name] is not None and given.get(other) is not None:
                self.add_error(other, _("Give the price of a session or of the course, one of the two."))
        return given

    def prices(self) -> dict[str, Any]:
        """What was typed, in the shape of the core's list; no amount at all: no list."""
        given = {name: str(amount) for name, amount in self.cleaned_data.items() if amount not in (None, "")}
        if len(given) == 1:  # the currency
            return {}
        out: dict[str, Any] = {}
        for name, amount in given.items():
            *ways, last = name.split(".")
            inner = out
            for way in ways:
                inner = inner.setdefault(way, {})
            inner[last] = amount
        return out


def _flat(prices: Mapping[str, Any], edition: Edition) -> Iterator[tuple[str, Any]]:
    """A kept list by the names of the form's fields."""
    for key, value in (prices or {}).items():
        if not isinstance(value, Mapping):
            yield key, value
            continue
        for name, amount in value.items():
            if key == "products":
                name = find_by_name(edition.products, name) or name
            if isinstance(amount, Mapping):
                yield from ((f"{key}.{name}.{of}", price) for of, price in amount.items())
            else:
                yield f"{key}.{name}", amount
