"""`{{ amount|plain }}`: a decimal without noughts at its end."""

from decimal import Decimal
from typing import Any

from django import template

from nappage.values import plain as written

register = template.Library()


@register.filter
def plain(value: Any) -> str:
    return written(value) if isinstance(value, Decimal) else str(value)
