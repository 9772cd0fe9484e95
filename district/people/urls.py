"""The addresses of the people pages."""

from django.urls import path

from district.people.views import data, duplicates, lists, papers, person, work

app_name = "people"
urlpatterns = [
    path("people/", lists.people, name="people"),
    path("people/add/", person.add, name="add"),
    path("people/end/", work.end_many, name="end_many"),
    path("people/work/", lists.work, name="work"),
    path("people/employments/", lists.employments, name="employments"),
    path("people/papers/", lists.papers, name="papers"),
    path("people/insurances/", lists.insurances, name="insurances"),
    path("people/documents/", lists.documents, name="documents"),
    path("people/consents/", lists.consents, name="consents"),
    path("people/teams/", lists.teams, name="teams"),
    path("people/teams/add/", work.add_team, name="add_team"),
    path("people/kept/", data.kept, name="kept"),
    path("people/duplicates/", duplicates.duplicates, name="duplicates"),
    path("people/duplicates/<int:key>/", duplicates.pair, name="pair"),
    path("people/duplicates/<int:key>/decide/", duplicates.decide, name="decide"),
    path("people/merges/", lists.merges, name="merges"),
    path("people/merges/<int:key>/undo/", duplicates.undo, name="undo_merge"),
    path("people/<int:key>/", person.person, name="person"),
    path("people/<int:key>/change/", person.change, name="change"),
    path("people/<int:key>/document/", person.document, name="document"),
    path("people/<int:key>/reveal/", data.reveal, name="reveal"),
    path("people/<int:key>/held/", data.held, name="held"),
    path("people/<int:key>/take/", data.take, name="take"),
    path("people/<int:key>/erase/", data.erase, name="erase"),
    path("people/<int:key>/keep/", data.keep, name="keep"),
    path("people/<int:key>/assign/", work.assign, name="assign"),
    path("people/<int:key>/employ/", work.employ, name="employ"),
    path("people/<int:key>/certificates/", papers.certificate, name="add_certificate"),
    path("people/<int:key>/certificates/<int:row_key>/", papers.certificate, name="certificate"),
    path("people/<int:key>/insurances/", papers.insurance, name="add_insurance"),
    path("people/<int:key>/insurances/<int:row_key>/", papers.insurance, name="insurance"),
    path("people/<int:key>/remove/<slug:table>/<int:row_key>/", papers.remove, name="remove"),
    path("people/<int:key>/bank/", papers.bank, name="bank"),
    path("people/<int:key>/card/", papers.card, name="card"),
    path("people/<int:key>/cards/end/", papers.end_cards, name="end_cards"),
    path("work/<int:key>/change/", work.change_work, name="change_work"),
    path("work/<int:key>/end/", work.end_work, name="end_work"),
    path("work/<int:key>/lead/", work.lead_team, name="lead_team"),
    path("employments/<int:key>/end/", work.end_employment, name="end_employment"),
]
