"""Every word the app marks for translation has its French, and the staff's pages show nothing else of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from zoneinfo import available_timezones

import pytest
from django.urls import reverse
from django.utils import dates, translation
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

import nappage_web
from nappage_web.clinic.models import Role

from .permissions import declared, load_everything, patterns
from .test_planning_pages import ordered
from .world import Place, World

ROOT = Path(nappage_web.__file__).parent
PYTHON = [one for one in sorted(ROOT.rglob("*.py")) if "migrations" not in one.parts]
TEMPLATES = [one for kind in ("*.html", "*.txt") for one in sorted(ROOT.rglob(f"templates/**/{kind}"))]
SCRIPTS = [one for one in sorted(ROOT.rglob("static/**/*.js")) if ".min." not in one.name]
CALENDAR = (dates.WEEKDAYS, dates.WEEKDAYS_ABBR, dates.MONTHS, dates.MONTHS_3)
MARKERS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
_STRING = r"u('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_CALL = re.compile(rf"\b(?:_|n?gettext)\({_STRING}(?:, ?{_STRING})?")
_ZONES = {zone.replace("_", " ") for zone in available_timezones()} | available_timezones()


class Marked(NamedTuple):
    """A text marked for translation, its plural if it has one, and the file that marks it."""

    text: str
    plural: str | None
    where: str


def of_python(source: str, where: str) -> Iterator[Marked]:
    """What a module gives to gettext, under whatever name it imported it. A text that is not written out in the call
    cannot be found by translators, and fails here."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in MARKERS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in names:
            raise AssertionError(f"{where}: gettext under another name than its import's is not found by makemessages")
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names):
            continue
        assert node.func.id in MARKERS | {"_"}, f"{where}: {node.func.id} is not found by makemessages"
        given = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args]
        assert isinstance(given[0], str), f"{where}:{node.lineno}: the text is not written out"
        plural = given[1] if names[node.func.id].startswith("ngettext") else None
        yield Marked(given[0], plural if isinstance(plural, str) else None, where)


def of_template(source: str, where: str) -> Iterator[Marked]:
    """What a template marks, in the words that Django makes of it for makemessages."""
    for one in _CALL.finditer(templatize(source)):
        yield Marked(ast.literal_eval(one[1]), ast.literal_eval(one[2]) if one[2] else None, where)


@cache
def marked() -> tuple[Marked, ...]:
    found = [one for path in PYTHON for one in of_python(path.read_text("utf-8"), str(path.relative_to(ROOT)))]
    found += [one for path in TEMPLATES for one in of_template(path.read_text("utf-8"), str(path.relative_to(ROOT)))]
    return tuple(found)


def french(text: str, plural: str | None = None) -> tuple[str, ...]:
    """What the app says in French for a text, one form or two, from the .mo files as they are served; () if nothing."""
    words = trans_real.translation("fr")._catalog
    forms = (words.get((text, 0)), words.get((text, 1))) if plural else (words.get(text) or words.get((text, 0)),)
    return tuple(form for form in forms if form) if all(forms) else ()


def own() -> dict[str, GNUTranslations]:
    """The catalogue of each app."""
    found = {}
    for path in sorted(ROOT.glob("*/locale/fr/LC_MESSAGES/django.mo")):
        with path.open("rb") as file:
            found[path.parts[-5]] = GNUTranslations(file)
    return found


def test_every_marked_text_has_its_french() -> None:
    assert len(marked()) > 1000
    missing = sorted({f"{one.where}: {one.text}" for one in marked() if not french(one.text, one.plural)})
    assert not missing, "\n".join(missing)


def test_the_french_holds_the_same_places_for_what_is_filled_in() -> None:
    for one in marked():
        forms = french(one.text, one.plural) or (one.plural or one.text,)
        wanted = sorted(_PLACEHOLDER.findall(one.plural or one.text))
        assert sorted(_PLACEHOLDER.findall(forms[-1])) == wanted, forms[-1]
        if one.plural:  # zero is singular in French: where the number is said, the singular says it too
            assert sorted(_PLACEHOLDER.findall(forms[0])) == wanted, forms[0]


def test_one_text_has_one_french() -> None:
    """Apps share one catalogue: where two differ, only one of them is ever seen."""
    met: dict[object, tuple[str, str]] = {}
    for app, catalogue in own().items():
        for text, said in catalogue._catalog.items():  # type: ignore[attr-defined]
            if text:
                first = met.setdefault(text, (app, said))
                assert first[1] == said, f"{text}: {first[0]} says {first[1]}, {app} says {said}"


def test_no_text_takes_the_place_of_a_day_or_a_month() -> None:
    """Django looks its calendar's words up in the same catalogue: a "Sun" of ours would be every Sunday."""
    with translation.override("en"):
        calendar = {str(word) for table in CALENDAR for word in table.values()}
    taken = {one.where: one.text for one in marked() if one.text in calendar}
    assert len(calendar) > 30
    assert not taken, taken


def test_a_script_finds_each_of_its_words() -> None:
    table = (ROOT / "design/static/design/autosave.js").read_text("utf-8")
    table = table[table.index("const words_ =") :]
    table = table[: table.index("} :")]
    known = {a or b for a, b in re.findall(r'(?:"([^"]+)"|\b(\w+))\s*:\s*"', table)}
    used = {word for path in SCRIPTS for word in re.findall(r'\bt\("([^"]+)"\)', path.read_text("utf-8"))}
    assert len(used) > 15
    assert used <= known, used - known


# --- pages -----------------------------------------------------------------------------------------------------------


class _Seen(HTMLParser):
    """The runs of text that a reader sees or hears, one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        self.texts += [value for key, value in attrs if value and key in ("title", "placeholder", "alt", "aria-label")]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.texts.append(" ".join(data.split()))


def seen(page: bytes) -> list[str]:
    reader = _Seen()
    reader.feed(page.decode())
    return reader.texts


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-zà-ÿœ]{3,}", _PLACEHOLDER.sub(" ", text).lower()))


@cache
def giveaways() -> frozenset[str]:
    """English words of the marked texts that no French text of the app uses."""
    english = set().union(*(_words(one.text) | _words(one.plural or "") for one in marked()))
    said = set().union(*(_words(form) for one in marked() for form in french(one.text, one.plural)))
    return frozenset(english - said)


@cache
def _whole() -> tuple[re.Pattern[str], ...]:
    """Each marked text whose French differs, as it stands on a page, whatever is filled in; not those that are hardly
    more than what is filled in."""
    said = {form for one in marked() for form in french(one.text, one.plural)}
    texts = {text for one in marked() for text in (one.text, one.plural) if text} - said
    kept = [text for text in texts if not _PLACEHOLDER.search(text) or len(_words(text)) > 2]
    return tuple(re.compile(r".{1,60}".join(map(re.escape, _PLACEHOLDER.split(text)))) for text in kept)


@pytest.fixture
def french_clinic(clinics: World) -> Place:
    """A clinic whose staff read French, and whose names say nothing in English."""
    for member in clinics.here.staff.values():
        member.user.name, member.user.language = "Zoé Exemple", "fr"
        member.user.save(update_fields=["name", "language"])
    return clinics.here


def _read(place: Place, role: Role, url: str) -> list[str]:
    """What a page shows, without the names of its languages and of zones of time."""
    answer = place.client(role).get(url)
    assert answer.status_code in (200, 405), f"{url}: {answer.status_code}"
    texts = seen(answer.content) if answer.headers["Content-Type"].startswith("text/html") else []
    return [text for text in texts if text not in {"English"} | _ZONES and not text.startswith("demo.")]


def _english(texts: list[str]) -> list[str]:
    return [text for text in texts if _is_english(text)]


@cache
def _is_english(text: str) -> bool:
    return any(one.fullmatch(text) for one in _whole())


load_everything()
OWN_PAGES = sorted(
    url for url, pattern in dict(patterns()).items() if "<" not in url and (page := declared(pattern)) and page.roles
)


@pytest.mark.django_db
@pytest.mark.parametrize("url", OWN_PAGES)
def test_a_page_of_the_clinic_is_french_throughout(french_clinic: Place, url: str) -> None:
    """Every address that takes no record: what it shows is the app's own words, and none of them is English. Only the
    price list names protocols and products, whose titles the knowledge base has in English."""
    role = next(role for role in (Role.LEAD, *Role) if role in declared(dict(patterns())[url]).roles)
    texts = _read(french_clinic, role, f"/{url}?patient={french_clinic.patient('Zoé Exemple').pk}")
    assert not _english(texts)
    if url != "clinic/prices":
        own = _words(f"{french_clinic.clinic.name} Test register T-injector T-prescriber")
        english = {word: text for text in texts for word in _words(text) & giveaways() - own}
        assert not english, english


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["plan-consultation", "plan-formulation", "plan-map", "plan-course", "plan-review", "plan-whole", "plan-choice",
     "draft-photographs", "draft-consent", "draft-sign"],
)  # fmt: skip
def test_a_draft_shows_none_of_its_texts_in_english(french_clinic: Place, name: str) -> None:
    """What comes from the knowledge base may be English; the app's own words may not."""
    texts = _read(french_clinic, Role.PRESCRIBER, reverse(name, args=[ordered(french_clinic).pk]))
    assert len(texts) > 10
    assert not _english(texts)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["patient", "patient-answers", "patient-timeline", "patient-intake", "patient-edit"])
def test_a_patients_pages_show_none_of_their_texts_in_english(french_clinic: Place, name: str) -> None:
    role = Role.FRONT_DESK if name == "patient-intake" else Role.PRESCRIBER
    texts = _read(french_clinic, role, reverse(name, args=[ordered(french_clinic).patient.pk]))
    assert len(texts) > 10
    assert not _english(texts)
