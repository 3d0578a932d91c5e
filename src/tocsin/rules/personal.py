"""What a person wishes of a delivery at the moment when it is about to leave."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.core.alert import Alert
from tocsin.core.recipients import Recipient
from tocsin.rules.catalog import Catalog
from tocsin.rules.preferences import Preferences, kept_preferences
from tocsin.rules.quiet import QuietAction, hush

NO_WISHES = Preferences()


def wishes_of(recipient: Recipient) -> Preferences:
    return NO_WISHES if recipient.wishes is None else kept_preferences(recipient.wishes)


def day_of(recipient: Recipient, now: datetime, zone_of_others: ZoneInfo) -> tuple[datetime, datetime]:
    """When the day began that it is where the person lives, and when it ends (UTC)."""
    midnight = now.astimezone(_zone(recipient, zone_of_others)).replace(hour=0, minute=0, second=0, microsecond=0)
    # Counted on the wall: a day on which the clocks change has 23 hours, or 25.
    return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)


def is_silent(recipient: Recipient, alert: Alert, catalog: Catalog, now: datetime, zone_of_others: ZoneInfo) -> bool:
    """Whether it is to arrive without a sound: the person sleeps, and wants to find it in the morning."""
    quiet = wishes_of(recipient).quiet
    rule = None if quiet is None else quiet.rule(_zone(recipient, zone_of_others))
    return hush(rule, alert, catalog, now) is QuietAction.SILENT


def _zone(recipient: Recipient, zone_of_others: ZoneInfo) -> ZoneInfo:
    return zone_of_others if recipient.zone is None else ZoneInfo(recipient.zone)
