"""A screening's verdict, for templates of patients and of planning."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from nappage.screening import Screening

from .. import verdicts

register = template.Library()


@register.simple_tag
def verdict(screening: Screening, unread: bool = False) -> SafeString:
    word, tone, mark = verdicts.VERDICTS[verdicts.shown(screening, unread=bool(unread))]
    return format_html('<span class="badge {}" data-mark="{}">{}</span>', tone, mark, word)
