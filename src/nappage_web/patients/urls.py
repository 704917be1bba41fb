from django.urls import path

from . import edits

urlpatterns = [path("drafts/<uuid:draft>/edits", edits.save_edit, name="draft-edits")]
