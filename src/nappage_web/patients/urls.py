from django.urls import path

from . import edits, views

P = "patients/<uuid:patient>/"
urlpatterns = [
    path("drafts/<uuid:draft>/edits", edits.save_edit, name="draft-edits"),
    path("patients/", views.patients, name="patients"),
    path("patients/new", views.new, name="patient-new"),
    path("patients/alike", views.alike, name="patient-alike"),
    path("patients/import", views.import_record, name="patient-import"),
    path(P, views.patient, name="patient"),
    path(f"{P}edit", views.edit, name="patient-edit"),
    path(f"{P}consult", views.consult, name="patient-consult"),
    path(f"{P}intake", views.intake, name="patient-intake"),
    path(f"{P}merge", views.merge, name="patient-merge"),
    path(f"{P}answers/", views.answers, name="patient-answers"),
    path(f"{P}answers/<slug:topic>", views.edit_answers, name="patient-edit-answers"),
    path(f"{P}timeline/", views.history, name="patient-timeline"),
    path("merges/<uuid:merge>/undo", views.unmerge, name="patient-unmerge"),
]
