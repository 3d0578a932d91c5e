"""A sheet: one page of HTML, drawn from a template, that nobody keeps, frames or finds by searching."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tocsin.web.people.pages.english import NOBODY, say

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "style.css").read_text()

# In place of the policy of every answer, and narrower.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_SCRIPTED = f"{_POLICY}; script-src 'self'; worker-src 'self'; connect-src 'self'"
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": _POLICY,
}

_DRAWN = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_DRAWN.globals["say"] = say


def sheet(
    request: Request, template: str, *, name: str, status: int = 200, browser_key: str = "", **values: Any
) -> Response:
    """`name` is as whom people are written to. With a `browser_key` the browser may be told by push: that alone takes a
    script, without which the page is whole all the same. Addresses in it are relative: a proxy may have put us below a
    path.
    """
    root = "../" * (request.url.path.count("/") - 1)
    told = {"root": root, "name": name or NOBODY, "browser_key": browser_key, **values}
    policy = {"Content-Security-Policy": _SCRIPTED} if browser_key else {}
    return HTMLResponse(_DRAWN.get_template(template).render(told), status, {**HEADERS, **policy})


def note(request: Request, key: str, *, name: str, status: int = 200, **values: Any) -> Response:
    """A heading and a sentence, and nothing to be done about it."""
    title, text = say(f"{key}_title", **values), say(key, name=name or NOBODY, **values)
    return sheet(request, "note.html", name=name, status=status, title=title, text=text)


def moment(at: datetime) -> str:
    """The instant, for people whose zone nobody knows."""
    return f"{at:%B} {at.day}, {at:%H:%M} UTC"


def elsewhere(place: str) -> Response:
    """To be asked for anew, with GET: a page that is loaded again does nothing twice. `place` is relative."""
    return Response(status_code=303, headers={**HEADERS, "Location": place})
