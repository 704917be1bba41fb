"""Composes a TreatmentPlan from every room, and its documents: terminal, page, PDF, calendar, JSON.

`draft` asks the rooms; `write` puts the documents into a folder, whole or not at all.
"""

from .documents import put, write
from .treatment_plan import TreatmentPlan, draft

__all__ = ["TreatmentPlan", "draft", "put", "write"]
