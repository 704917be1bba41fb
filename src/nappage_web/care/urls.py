from django.urls import path

from . import marking, views

urlpatterns = [
    path("drafts/<uuid:draft>/photographs/", views.baseline, name="draft-photographs"),
    path("drafts/<uuid:draft>/photographs/<uuid:photo>/map.png", marking.map_over, name="draft-map-photograph"),
    path("drafts/<uuid:draft>/marks", marking.panel, name="draft-marks"),
    path("drafts/<uuid:draft>/fit", marking.fit, name="draft-fit"),
    path("drafts/<uuid:draft>/consent/", views.treatment_consent, name="draft-consent"),
    path("drafts/<uuid:draft>/consent.pdf", views.consent_text, name="draft-consent-text"),
    path("drafts/<uuid:draft>/sign/", views.sign, name="draft-sign"),
    path("drafts/<uuid:draft>/sheet/", views.sheet, name="draft-sheet"),
    path("photographs/<uuid:photo>", views.photograph, name="photograph"),
    path("card.pdf", views.marker_card, name="marker-card"),
    path("patients/<uuid:patient>/consents/", views.all_consents, name="patient-consents"),
    path("patients/<uuid:patient>/consents/<slug:kind>/", views.permit, name="patient-permission"),
    path("patients/<uuid:patient>/calendar/", views.calendar, name="patient-calendar"),
    path("consents/<uuid:consent>/", views.one_consent, name="consent"),
    path("consents/<uuid:consent>/consent.pdf", views.consent_copy, name="consent-copy"),
    path("consents/<uuid:consent>/withdraw", views.withdraw, name="consent-withdraw"),
    path("plans/<uuid:plan>/", views.plan, name="plan"),
    path("plans/<uuid:plan>/amend", views.amend, name="plan-amend"),
    path("plans/<uuid:plan>/mail", views.mail, name="plan-mail"),
    path("plans/<uuid:plan>/<str:name>", views.plan_file, name="plan-file"),
]
