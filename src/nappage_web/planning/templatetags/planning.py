"""Words and marks of the core's verdicts, for templates."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from nappage.knowledge import Cited
from nappage.values import plain

from .. import questions, words

register = template.Library()


@register.simple_tag
def badge(kind: str, value: str) -> SafeString:
    """A verdict, severity, dose, pair, standing or course, by word, mark and colour."""
    table = getattr(words, kind)
    word, tone, mark = table.get(value, (value.replace("-", " "), "plain", ""))
    return format_html('<span class="badge {}" data-mark="{}">{}</span>', tone, mark, word)


@register.simple_tag
def tone(kind: str, value: str) -> str:
    return str(getattr(words, kind).get(value, ("", "plain", ""))[1])


@register.filter
def worded(value: str) -> str:
    """A value of a closed list, such as a sex or a state, in words."""
    return questions.worded(value)


@register.filter
def amount(value: Any) -> str:
    """A figure without trailing zeros."""
    return "" if value is None else plain(value) if isinstance(value, Decimal) else str(value)


@register.filter
def keys(sources: Iterable[Cited]) -> str:
    """The sources' keys, each once."""
    return ", ".join(dict.fromkeys(source.ref for source in sources))
