"""Addresses of the pages of cases: the console's below /cases/, a worker's below /me/problems."""

from django.urls import path

from district.cases.views import duty, figures, lists, phone, report, steps

app_name = "cases"
urlpatterns = [
    path("cases/", lists.cases, name="cases"),
    path("cases/board/", lists.board, name="board"),
    path("cases/report/", report.report, name="report"),
    path("cases/news/", lists.news, name="news"),
    path("cases/news/seen/", lists.all_seen, name="all_seen"),
    path("cases/figures/", figures.figures, name="figures"),
    path("cases/figures/days/", figures.days, name="days"),
    path("cases/duty/", duty.duty, name="duty"),
    path("cases/duty/day/", duty.set_day, name="set_day"),
    path("cases/duty/add/", duty.add_hours, name="add_hours"),
    path("cases/duty/<int:pk>/remove/", duty.remove_hours, name="remove_hours"),
    path("cases/<int:pk>/", lists.case, name="case"),
    path("cases/<int:pk>/photo/<int:number>/", lists.photo, name="photo"),
    path("cases/<int:pk>/task/<int:number>/", steps.respond, name="respond"),
    path("cases/<int:pk>/task/<int:number>/photo/", lists.task_photo, name="task_photo"),
    path("cases/<int:pk>/assign/", steps.assign, name="assign"),
    path("cases/<int:pk>/hand-over/", steps.hand_over, name="hand_over"),
    path("cases/<int:pk>/progress/", steps.progress, name="progress"),
    path("cases/<int:pk>/resolve/", steps.resolve, name="resolve"),
    path("cases/<int:pk>/confirm/", steps.confirm, name="confirm"),
    path("cases/<int:pk>/close/", steps.close, name="close"),
    path("cases/<int:pk>/reopen/", steps.reopen, name="reopen"),
    path("me/problems", phone.problems, name="my_problems"),
    path("me/problems/<int:pk>", phone.problem, name="my_problem"),
]
