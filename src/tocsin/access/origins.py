"""The pages that may use live sockets: browsers name theirs, and must not be lent to a foreign one (CSWSH)."""

from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from tocsin.access.addresses import address_of
from tocsin.core.networks import is_local_name, is_own

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Origins:
    """`urls` are addresses of pages that may; of each only its scheme, host and port count."""

    def __init__(self, urls: Iterable[str] = ()) -> None:
        self._known = frozenset(filter(None, map(_origin_of, urls)))

    def admit(self, origin: str | None, host: str) -> bool:
        """A page that is known, has the origin that its request goes to, or was served by this machine: a proxy before
        us may ask under another Host than the browser did. Whoever names no origin is no browser: its token decides
        alone.
        """
        if origin is None:
            return True
        page = _page(origin)
        return page is not None and (_written(page) in self._known or _serves(page, host) or _is_here(page))

    def know(self, origin: str) -> bool:
        """Whether this page of another origin may read our answers."""
        page = _page(origin)
        return page is not None and _written(page) in self._known


def _origin_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    page = _page(f"{parts.scheme}://{parts.netloc}")
    return None if page is None else _written(page)


def _page(origin: str) -> SplitResult | None:
    """None for what is no origin of a web page: `null`, `file://`, or anything with more to it than a host."""
    try:
        page = urlsplit(origin.lower())
        named = page.hostname and (page.port is None or page.port > 0)
    except ValueError:
        return None
    plain = page.geturl() == f"{page.scheme}://{page.netloc}" and "@" not in page.netloc
    return page if named and plain and page.scheme in _DEFAULT_PORTS else None


def _written(page: SplitResult) -> str:
    return f"{page.scheme}://{_netloc(page.netloc, page.scheme)}"


def _serves(page: SplitResult, host: str) -> bool:
    return _netloc(page.netloc, page.scheme) == _netloc(host.lower(), page.scheme)


def _is_here(page: SplitResult) -> bool:
    name = page.hostname or ""
    address = address_of(name)
    return is_local_name(name) if address is None else address.is_loopback or is_own(address)


def _netloc(written: str, scheme: str) -> str:
    """Browsers leave the port out where it is the scheme's own."""
    return written.removesuffix(_DEFAULT_PORTS[scheme])
