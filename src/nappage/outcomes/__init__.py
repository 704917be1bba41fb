"""What a treatment did, measured. So far: standard views, graded before they count."""

from .views import VIEWS, Grade, View, grade, stripped

__all__ = ["VIEWS", "Grade", "View", "grade", "stripped"]
