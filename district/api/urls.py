"""The API, and the pages on which tokens and webhooks are made."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI
from ninja.errors import ValidationError

from common import __version__
from district.api import views
from district.api.routes import attendance, changes, exports
from district.api.tokens import TokenBearer, TooMany

app_name = "api"
api = NinjaAPI(
    title="sitegate district",
    version=__version__,
    description="Each call needs `Authorization: Bearer sg_…`; a token sees and changes one place or one enterprise.",
    urls_namespace="district-api",
    docs_url=None,
    auth=TokenBearer(),
)


@api.exception_handler(ValidationError)
def _wrong_values(request: HttpRequest, error: Any) -> HttpResponse:
    """Say in one line which values are wrong, as all refusals do."""
    text = "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors)
    return api.create_response(request, {"detail": text}, status=422)


@api.exception_handler(TooMany)
def _too_many(request: HttpRequest, error: Any) -> HttpResponse:
    """Say how long to wait."""
    answer = api.create_response(request, {"detail": str(error)}, status=429)
    answer["Retry-After"] = str(error.wait_s)
    return answer


for router in (*changes.ROUTERS, attendance.router, exports.router):
    api.add_router("", router)


def _routes() -> list[Any]:
    """Return the API's addresses, marked for the walk over all addresses: they need a token, not a session."""
    found = api.urls[0]
    for one in found:
        view: Any = one.callback
        view.open_because = "programs come with a token (api.tokens.TokenBearer), not with a session"
    return found


API_ROUTES = (_routes(), "district-api", "district-api")
"""Stands at the root of the addresses: the schema names its own address."""
urlpatterns = [
    path("programs/", views.programs, name="programs"),
    path("programs/token", views.make, name="make_token"),
    path("programs/token/<int:pk>/end", views.end, name="end_token"),
    path("programs/webhook", views.make_webhook, name="make_webhook"),
    path("programs/webhook/<int:pk>", views.webhook, name="webhook"),
    path("programs/webhook/<int:pk>/end", views.end_webhook, name="end_webhook"),
    path("programs/webhook/<int:pk>/again", views.again, name="again"),
    path("programs/webhook/<int:pk>/secret", views.rotate, name="rotate"),
    path("programs/webhook/<int:pk>/message/<int:delivery>/again", views.replay, name="replay"),
]
