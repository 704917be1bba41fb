"""Answers and an order → Facts. Defines the three documents that the rooms above share."""

from .answers import Anaesthetic, Answers, MixtureLine, Order, Spot, Wheals, ZoneOrder
from .facts import Accepted, Contradiction, Evidence, Facts, Unread
from .files import load_answers, load_yaml, validated
from .read import closure, contents_of, find_by_name, normal, read, region_id, technique_id

__all__ = [
    "Accepted",
    "Anaesthetic",
    "Answers",
    "Contradiction",
    "Evidence",
    "Facts",
    "MixtureLine",
    "Order",
    "Spot",
    "Unread",
    "Wheals",
    "ZoneOrder",
    "closure",
    "contents_of",
    "find_by_name",
    "load_answers",
    "load_yaml",
    "normal",
    "read",
    "region_id",
    "technique_id",
    "validated",
]
