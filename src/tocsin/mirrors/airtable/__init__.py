"""Airtable: one row of each alert, for people.

Example:
    from tocsin.mirrors.airtable import Airtable

    async with Airtable("pat…", "app…", "Alerts") as airtable:
        await airtable.log_alert(alert_id=alert.id, sent_channels=["discord", "sms"], delivery_status="success")
"""

from tocsin.mirrors.airtable.airtable import Airtable

__all__ = ["Airtable"]
