"""A patient's concerns → what could be done: protocols with their evidence, alternatives, costs; and, for one
treatment, the risks to be told and home care.

Nothing is ranked by how it is advertised, and nothing that is unknown counts in favour: a word that is not understood
is asked about, a complaint without a diagnosis gets no protocol, and a study that found no benefit is named.
"""

from .assessment import assess, assessed
from .choose import choose
from .consent import ToldRisk, risks_to_tell
from .document import (
    Against,
    AlternativeChoice,
    Assessment,
    Choice,
    Concern,
    Cost,
    Found,
    IndicationChoice,
    Note,
    ProductChoice,
    ProtocolChoice,
    PublishedPrice,
)
from .home_care import Care, HomeCare, Period, home_care
from .prices import PriceList, PriceOf

__all__ = [
    "Against",
    "AlternativeChoice",
    "Assessment",
    "Care",
    "Choice",
    "Concern",
    "Cost",
    "Found",
    "HomeCare",
    "IndicationChoice",
    "Note",
    "Period",
    "PriceList",
    "PriceOf",
    "ProductChoice",
    "ProtocolChoice",
    "PublishedPrice",
    "ToldRisk",
    "assess",
    "assessed",
    "choose",
    "home_care",
    "risks_to_tell",
]
