"""Composes a TreatmentPlan from every room, and its documents: terminal, page, PDF, calendar, JSON.

`draft` asks the rooms; `write` puts the documents into a folder, whole or not at all.
"""

from .documents import put, write
from .treatment_plan import Practice, Practitioner, TreatmentPlan, draft

__all__ = ["Practice", "Practitioner", "TreatmentPlan", "draft", "put", "write"]
