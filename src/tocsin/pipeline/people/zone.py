"""A time zone by its name in the IANA database."""

from zoneinfo import ZoneInfo

from tocsin.core.errors import Detail, UnknownZoneError


def zone_of(text: str) -> str:
    """The name, where there is such a zone. Raises UnknownZoneError."""
    name = text.strip()
    try:
        ZoneInfo(name)
    except (
        LookupError,
        ValueError,
        OSError,
    ):  # what is no name, and what is none of its names (a folder of them, none at all)
        told = 'there is no such time zone: they are named like "America/New_York"'
        raise UnknownZoneError(told, [Detail("zone", told)]) from None
    return name
