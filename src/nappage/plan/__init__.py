"""Composes a TreatmentPlan from every room and prints it: terminal, page, PDF, calendar, JSON."""
