"""The dashboard's empty shell: files built before, the same for everybody, and no data in them."""

import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from tocsin.web.raw import RawRoute
from tocsin.web.scopes import OPEN

BUILT = Path(__file__).parent / "page"

_FOR_EVER = "public, max-age=31536000, immutable"  # assets have a digest of their content in their names
_ASK_AGAIN = "no-cache"
_TYPES = {".webmanifest": "application/manifest+json", ".js": "text/javascript", ".svg": "image/svg+xml"}

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Tocsin</title>
<h1>Tocsin is running; its page is not built</h1>
<p>Stop it and run <code>make run</code>, which builds the page first, or install the wheel, which carries it.</p>
<p>Everything else works: <a href="docs">the HTTP interface</a>, and <code>tocsin tail</code> in a terminal.</p>
</html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    caching: str
    etag: str


class Page:
    """Read once at the start: nothing is looked up on disk by what a request names."""

    def __init__(self, built: Path = BUILT) -> None:
        self._files = dict(_read(built))

    def open(self, app: FastAPI) -> None:
        for path in self._files or ("/",):
            route = RawRoute(path, self.show, methods=["GET"], include_in_schema=False, openapi_extra=dict(OPEN))
            app.router.routes.append(route)

    async def show(self, request: Request) -> Response:
        file = self._files.get(request.url.path)
        if file is None:
            return HTMLResponse(_NOT_BUILT, 503, {"Cache-Control": "no-store"})
        headers = {"Cache-Control": file.caching, "ETag": file.etag}
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(file.content, headers=headers, media_type=file.media_type)


def _read(built: Path) -> Iterator[tuple[str, _File]]:
    """By the path they are asked under; the index is `/`."""
    if not (built / "index.html").is_file():
        return
    for path in sorted(file for file in built.rglob("*") if file.is_file()):
        name = path.relative_to(built).as_posix()
        content = path.read_bytes()
        media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        caching = _FOR_EVER if name.startswith("assets/") else _ASK_AGAIN
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        yield "/" if name == "index.html" else f"/{name}", _File(content, media_type, caching, etag)
