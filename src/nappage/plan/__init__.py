"""Composes a TreatmentPlan from every room, and its documents: terminal, page, PDF, calendar, JSON.

`draft` asks the rooms; `contents` makes the documents, `write` puts them into a folder, whole or not at all.
"""

from .documents import contents, put, write
from .treatment_plan import Practice, Practitioner, TreatmentPlan, draft

__all__ = ["Practice", "Practitioner", "TreatmentPlan", "contents", "draft", "put", "write"]
