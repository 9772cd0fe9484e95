"""Addresses of key lists, hits and feeds."""

from django.urls import path

from district.screening.views import feeds, hits, lists, loading

app_name = "screening"
urlpatterns = [
    path("hits/", hits.hits, name="hits"),
    path("hits/<int:pk>/", hits.hit, name="hit"),
    path("hits/<int:pk>/compare/", hits.compare, name="compare"),
    path("hits/<int:pk>/confirm/", hits.confirm, name="confirm"),
    path("hits/<int:pk>/dismiss/", hits.dismiss, name="dismiss"),
    path("hits/<int:pk>/lift/", hits.lift, name="lift"),
    path("lists/", lists.lists, name="lists"),
    path("lists/new/", loading.new, name="new"),
    path("lists/<int:pk>/", lists.key_list, name="list"),
    path("lists/<int:pk>/columns/", loading.columns, name="columns"),
    path("lists/<int:pk>/sheet/", loading.sheet, name="sheet"),
    path("lists/<int:pk>/force/", lists.force, name="force"),
    path("lists/<int:pk>/rule/", lists.rule, name="rule"),
    path("lists/<int:pk>/withdraw/", lists.withdraw, name="withdraw"),
    path("lists/<int:pk>/problems/", lists.problems, name="problems"),
    path("feeds/", feeds.feeds, name="feeds"),
    path("feeds/new/", feeds.new, name="new_feed"),
    path("feeds/<int:pk>/end/", feeds.end, name="end_feed"),
    path("feeds/<int:pk>/messages/", feeds.message, name="message"),
]
