from django.urls import path

from . import diary, pages

D = "drafts/<uuid:draft>/"
urlpatterns = [
    path(D, pages.consultation, name="plan-consultation"),
    path(f"{D}screening", pages.screening_panel, name="plan-screening"),
    path(f"{D}decide", pages.decide, name="plan-decide"),
    path(f"{D}choice", pages.choice_panel, name="plan-choice"),
    path(f"{D}use", pages.use, name="plan-use"),
    path(f"{D}formulation", pages.formulation, name="plan-formulation"),
    path(f"{D}doses", pages.doses_panel, name="plan-doses"),
    path(f"{D}lines", pages.lines_panel, name="plan-lines"),
    path(f"{D}accept", pages.accept, name="plan-accept"),
    path(f"{D}map", pages.injection_map, name="plan-map"),
    path(f"{D}map/edit", pages.map_edit, name="plan-map-edit"),
    path(f"{D}ranges", pages.ranges, name="plan-ranges"),
    path(f"{D}course", pages.course, name="plan-course"),
    path(f"{D}dates", pages.course_panel, name="plan-dates"),
    path(f"{D}move", pages.course_move, name="plan-move"),
    path(f"{D}book", pages.course_book, name="plan-book"),
    path(f"{D}review", pages.review, name="plan-review"),
    path(f"{D}whole", pages.review_panel, name="plan-whole"),
    path(f"{D}leave", pages.leave, name="plan-leave"),
    path(f"{D}save-protocol", pages.save_protocol, name="plan-save-protocol"),
    path("ingredients", pages.suggest, name="plan-suggest"),
    path("protocols/", pages.protocols, name="plan-protocols"),
    path("protocols/<uuid:protocol>/retire", pages.retire, name="plan-retire-protocol"),
    path("", diary.today, name="today"),
    path("diary/", diary.diary, name="diary"),
    path("diary/book", diary.book, name="diary-book"),
    path("diary/rooms", diary.rooms, name="diary-rooms"),
    path("appointments/<uuid:appointment>/", diary.appointment, name="appointment"),
    path("patients/<uuid:patient>/packages", diary.packages, name="packages"),
]
