"""What every page shares: rendering, language, links, local time, and the check of who may open it."""

import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from edge.core.config import Config
from edge.screen.access.form_text import typed_text
from edge.screen.access.kept_screens import KeptScreens
from edge.screen.access.public_name import PublicName
from edge.screen.access.roles import RIGHTS, Right
from edge.screen.access.sessions import Session, Sessions
from edge.screen.access.visitor import COOKIE, KEPT_COOKIE, is_here, is_private
from edge.screen.frame import NAVIGATION
from edge.screen.journal.follower import Watch
from edge.screen.ports import StandingSource
from edge.screen.site_time import SiteTime, SiteZone
from edge.screen.translations import DeskWord, MissingText, Texts, load_all

LANGUAGE_COOKIE, LANGUAGE_LASTS_S = "sitegate_language", 365 * 24 * 3600
FORM_FIELDS_MAX = 20
SHARED_S = 1.0
"""Ages on a page may be so much too small."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request. `session`: of the signed-in account; None on pages for everybody. `form`: the fields of a form."""

    http: Request
    texts: Texts
    session: Session | None = None
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> Session:
        """Return the session of a page that asks for a right."""
        assert self.session is not None
        return self.session

    def may(self, right: Right) -> bool:
        """Say whether the account has a right."""
        return self.session is not None and right in RIGHTS[self.session.role]

    def at(self, place: str) -> bool:
        """Say whether this is a page of a place of the navigation."""
        path = self.http.url.path
        return path == place or (place != "/" and path.startswith(f"{place}/"))

    def query(self, name: str, default: str = "") -> str:
        """Return a value of the query."""
        return self.http.query_params.get(name, default)


_TEMPLATES = Environment(
    loader=PackageLoader("edge.screen"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
Handler = Callable[[PageRequest], Awaitable[Response]]


class PageContext:
    """Makes routes that check the account, and pages out of templates.

    `sessions`: None where nobody can sign in; then every page that asks for a right says so. `standings`: name the
    site's time zone.

    Raises:
        MissingText: there is no file for the configured language.
    """

    def __init__(
        self, watch: Watch, config: Config, sessions: Sessions | None, standings: StandingSource = lambda: None
    ) -> None:
        self.watch, self.config, self.sessions = watch, config, sessions
        self.kept: KeptScreens | None = None
        self.public = PublicName.of(config.screen.public_url)
        self.base = self.public.path
        self.forms: dict[str, str] = {}
        """Paths that take a POST, and the page of each form. No other path does (`edge.screen.access.security`)."""
        self.shared: dict[str, Callable[[PageRequest], object]] = {}
        """Values that a room gives to the templates of all pages."""
        self.languages = load_all()
        if config.screen.language not in self.languages:
            known = ", ".join(sorted(self.languages))
            raise MissingText(
                f"there is no language {config.screen.language!r}: set screen.language to one of: {known}"
            )
        self._zone = SiteZone(standings)
        watch.zone = lambda: self._zone.known

    # --- routes ---------------------------------------------------------------------------------------------------

    def open_page(self, path: str, handler: Handler) -> Route:
        """Make a route for everybody."""

        async def answer(http: Request) -> Response:
            return await handler(PageRequest(http, self.language(http), self.session(http, used=False)))

        return Route(path, answer)

    def page(self, path: str, handler: Handler, right: Right) -> Route:
        """Make a route for accounts with a right; others see the sign-in, or why not."""

        async def answer(http: Request) -> Response:
            request = PageRequest(http, self.language(http), self.session(http))
            return await handler(request) if request.may(right) else self.refused(request)

        return Route(path, answer)

    def part(self, path: str, handler: Handler, right: Right | None) -> Route:
        """Make a route for the changing part of a page. It does not keep a session alive.

        `right` None: every signed-in account may ask.
        """

        async def answer(http: Request) -> Response:
            request = PageRequest(http, self.language(http), self.session(http, used=False))
            if request.session is not None and (right is None or request.may(right)):
                return await handler(request)
            return Response(status_code=403, headers={"HX-Refresh": "true"})  # The reloaded page shows the sign-in.

        return Route(path, answer)

    def shared_part(self, path: str, handler: Handler, right: Right | None) -> Route:
        """Make a route for a changing part that is the same for all accounts with the same rights.

        Hundreds of open pages ask in the same moment. The part is made once for all of them, so that the lane's
        display does not wait for it.
        """
        made: dict[object, tuple[int, float, bytes]] = {}

        async def answer(request: PageRequest) -> Response:
            key = (request.texts.code, tuple(right for right in Right if request.may(right)))
            changes, now_s = self.watch.changes, time.monotonic()
            found = made.get(key)
            if found is None or found[0] != changes or now_s - found[1] > SHARED_S:
                found = made[key] = (changes, now_s, bytes((await handler(request)).body))
            return HTMLResponse(found[2])

        return self.part(path, answer, right)

    def form_route(self, path: str, handler: Handler, right: Right, page: str = "") -> Route:
        """Make a route for a form of a signed-in page. A form without the session's token changes nothing.

        `page`: where the form stands, if not at its own path.
        """
        self.forms[path] = page or path

        async def answer(http: Request) -> Response:
            session, form = self.session(http), await read_form(http)
            form = {name: typed_text(value) for name, value in form.items()}
            request = PageRequest(http, self.language(http), session, form)
            if session is None or not is_ours(form, session):
                return self.sign_in_page(request, DeskWord.SIGNED_OUT, 403)
            return await handler(request) if request.may(right) else self.refused(request)

        return Route(path, answer, methods=["POST"])

    def session(self, http: Request, *, used: bool = True) -> Session | None:
        """Return the session of a request's cookie."""
        found = self.sessions.find(http.cookies.get(COOKIE, ""), used=used) if self.sessions else None
        if found is None and self.kept is not None and is_here(http):
            return self.kept.find(http.cookies.get(KEPT_COOKIE, ""))
        return found

    # --- answers --------------------------------------------------------------------------------------------------

    def render(self, request: PageRequest, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Make a page out of a template. `words` in the template: the texts of the template's folder."""
        page = HTMLResponse(self.text(request, template, **values), status)
        if request.query("lang") in self.languages:
            page.set_cookie(
                LANGUAGE_COOKIE, request.texts.code, LANGUAGE_LASTS_S, path=f"{self.base}/", samesite="strict"
            )
        return page

    def text(self, request: PageRequest, template: str, *, here: str = "", **values: object) -> str:
        """Return the text of a rendered template. `here`: the page's own address, if it answers a form."""
        texts, now = request.texts, self.watch.now()
        site_time = self.time(texts)
        shared: dict[str, object] = {
            "base": self.base,
            "request": request,
            "texts": texts,
            "label": texts.labels,
            "desk": texts.desk_words,
            "words": texts.room(template.partition("/")[0]),
            "frame": texts.room("frame"),
            "places": [place for place in NAVIGATION if request.may(place.right)],
            "others": [
                (other, self._in_language(request, other.code, here))
                for other in self.languages.values()
                if other.code != texts.code
            ],
            "site": self.config.site,
            "session": request.session,
            "now": now,
            "time": site_time,
            "today": site_time.local(now).date(),
            "moment": lambda utc: site_time.moment(utc, now),
            "rights": Right,
        }
        shared |= {name: value(request) for name, value in self.shared.items()}
        return _TEMPLATES.get_template(template).render({**shared, **values})

    def _in_language(self, request: PageRequest, code: str, here: str) -> str:
        """Return the link to the same page in another language, with what its query asks for."""
        http = request.http
        if http.method in ("GET", "HEAD"):
            asked = [(name, value) for name, value in http.query_params.multi_items() if name != "lang"]
            return f"?{urlencode([*asked, ('lang', code)])}"
        path = here or self.forms.get(http.url.path, "/")
        return f"{self.base}{quote(path)}?lang={code}"

    def to(self, path: str, **query: str) -> RedirectResponse:
        """Send the browser to another page after a form."""
        return RedirectResponse(f"{self.base}{path}{'?' + urlencode(query) if query else ''}", 303)

    def refused(self, request: PageRequest) -> Response:
        """Answer somebody who may not open a page: with the sign-in, or with one sentence."""
        if request.session is None or request.session.kept:
            return self.sign_in_page(request)
        return self.render(request, "sign_in/no_right.html", 403)

    def sign_in_page(self, request: PageRequest, word: DeskWord | None = None, status: int = 200) -> Response:
        """Show the sign-in. It leads back to the page that was asked for."""
        word = word or (None if is_private(request.http) else DeskWord.NOT_PRIVATE)
        path = request.http.url.path
        back = path if request.http.method == "GET" and path != "/sign-in" else ""
        may_keep = self.kept is not None and self.kept.offered and is_here(request.http)
        return self.render(request, "sign_in/sign_in.html", status, said=word, back=back, may_keep=may_keep)

    def language(self, http: Request) -> Texts:
        """Return the language of the query, else of the browser's last choice, else the configured one.

        The lane keeps the configured one: a guard's choice must not change what workers see.
        """
        lane = http.url.path.startswith("/lane")
        for asked in (http.query_params.get("lang", ""), "" if lane else http.cookies.get(LANGUAGE_COOKIE, "")):
            if asked in self.languages:
                return self.languages[asked]
        return self.languages[self.config.screen.language]

    def time(self, texts: Texts) -> SiteTime:
        """Return the site's time, in the words of a language."""
        return SiteTime(self._zone.now(), texts.room("time"))

    def zone(self) -> tzinfo | None:
        """Return the site's time zone; None: that of this computer."""
        return self._zone.now()


async def read_form(http: Request) -> dict[str, str]:
    """Return a form's fields. `edge.screen.access.security` has checked its size and kind."""
    text = (await http.body()).decode("utf-8", "replace")
    try:
        fields = parse_qs(text, max_num_fields=FORM_FIELDS_MAX)
    except ValueError:  # more fields than any of our forms has
        return {}
    return {name: values[-1] for name, values in fields.items()}


def is_ours(form: Mapping[str, str], session: Session) -> bool:
    """Return True if the form came from a page of this session. A page of another site cannot know the token."""
    return hmac.compare_digest(form.get("form_token", "").encode(), session.form_token.encode())
