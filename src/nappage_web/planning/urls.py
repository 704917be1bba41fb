from django.urls import path

from . import diary
from .pages.consultation import choice_panel, consultation, decide, scores_panel, screening_panel, use
from .pages.course import course, course_book, course_move, course_panel
from .pages.formulation import accept, doses_panel, formulation, lines_panel, suggest
from .pages.injection_map import injection_map, map_edit, ranges
from .pages.protocols import protocols, retire, save_protocol
from .pages.review import leave, review, review_panel

D = "drafts/<uuid:draft>/"
urlpatterns = [
    path(D, consultation, name="plan-consultation"),
    path(f"{D}scores", scores_panel, name="plan-scores"),
    path(f"{D}screening", screening_panel, name="plan-screening"),
    path(f"{D}decide", decide, name="plan-decide"),
    path(f"{D}choice", choice_panel, name="plan-choice"),
    path(f"{D}use", use, name="plan-use"),
    path(f"{D}formulation", formulation, name="plan-formulation"),
    path(f"{D}doses", doses_panel, name="plan-doses"),
    path(f"{D}lines", lines_panel, name="plan-lines"),
    path(f"{D}accept", accept, name="plan-accept"),
    path(f"{D}map", injection_map, name="plan-map"),
    path(f"{D}map/edit", map_edit, name="plan-map-edit"),
    path(f"{D}ranges", ranges, name="plan-ranges"),
    path(f"{D}course", course, name="plan-course"),
    path(f"{D}dates", course_panel, name="plan-dates"),
    path(f"{D}move", course_move, name="plan-move"),
    path(f"{D}book", course_book, name="plan-book"),
    path(f"{D}review", review, name="plan-review"),
    path(f"{D}whole", review_panel, name="plan-whole"),
    path(f"{D}leave", leave, name="plan-leave"),
    path(f"{D}save-protocol", save_protocol, name="plan-save-protocol"),
    path("ingredients", suggest, name="plan-suggest"),
    path("protocols/", protocols, name="plan-protocols"),
    path("protocols/<uuid:protocol>/retire", retire, name="plan-retire-protocol"),
    path("", diary.today, name="today"),
    path("diary/", diary.diary, name="diary"),
    path("diary/book", diary.book, name="diary-book"),
    path("diary/rooms", diary.rooms, name="diary-rooms"),
    path("appointments/<uuid:appointment>/", diary.appointment, name="appointment"),
    path("patients/<uuid:patient>/packages", diary.packages, name="packages"),
]
