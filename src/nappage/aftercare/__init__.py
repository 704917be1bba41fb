"""After a session: the patient's sheet (`advise`), and what a patient's report means (`triage`)."""

from .advise import Aftercare, Alarm, Line, Treatment, Warning, advise
from .report import Answer, Report, Sign, Treated
from .triage import Form, Outbreak, Question, Triage, Why, triage

__all__ = [
    "Aftercare",
    "Alarm",
    "Answer",
    "Form",
    "Line",
    "Outbreak",
    "Question",
    "Report",
    "Sign",
    "Treated",
    "Treatment",
    "Triage",
    "Warning",
    "Why",
    "advise",
    "triage",
]
