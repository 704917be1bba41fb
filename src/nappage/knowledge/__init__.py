"""What the software believes, why, and who disagrees: `load(on, policy)` → `Edition`."""

from .cited import Cited, cited, grouped, said_by
from .edition import Decision, Edition, Policy, load
from .schema import (
    Advice,
    Concept,
    Fact,
    KnowledgeError,
    Position,
    Product,
    Protocol,
    Region,
    Rule,
    Source,
    Substance,
    Technique,
    Text,
    ValueRecord,
)

__all__ = [
    "Advice",
    "Cited",
    "Concept",
    "Decision",
    "Edition",
    "Fact",
    "KnowledgeError",
    "Policy",
    "Position",
    "Product",
    "Protocol",
    "Region",
    "Rule",
    "Source",
    "Substance",
    "Technique",
    "Text",
    "ValueRecord",
    "cited",
    "grouped",
    "load",
    "said_by",
]
