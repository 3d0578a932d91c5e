"""A segment of a path may hold a slash: `%2F` is part of a name, and no border of one."""

from typing import Annotated
from urllib.parse import unquote

from pydantic import BeforeValidator


def path_of(raw_path: bytes) -> str:
    """Decoded, so that its borders are those of the address as it was written; a `Segment` decodes the rest."""
    written = raw_path.decode("latin-1")
    return "/".join(map(_decoded, written.split("/"))) if "%" in written else written


def _decoded(segment: str) -> str:
    return unquote(segment).replace("%", "%25").replace("/", "%2F")


def _whole(segment: object) -> object:
    return segment.replace("%2F", "/").replace("%25", "%") if isinstance(segment, str) else segment


Segment = Annotated[str, BeforeValidator(_whole)]
"""A name in the path of a route, as it is called. Take this for every one that is free text."""
