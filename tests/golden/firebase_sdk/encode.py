# /// script
# dependencies = ["firebase-admin==7.7.0"]
# ///
"""What Google's own library makes of the messages in `tests/golden/firebase`: each is built anew from its classes.

It is no dependency of the tests (39 packages, 98 MB), so what it says is kept here: `uv run encode.py`.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

from firebase_admin import messaging

HERE = Path(__file__).parent
NAMES = (
    *("in_stock", "in_stock_sold_out", "price_drop", "silent", "siren"),
    *("deep_links", "name_of_emoji_families", "low_band"),
)
TOKEN, FID = "eK0aXvPq8Qm3bZ5tYwR7dE:APA91b" + "x" * 134, "eK0aXvPq8Qm3bZ5tYwR7dE"


def built(told, **address):
    android, apns = told["android"], told["apns"]
    own, aps = android["notification"], apns["payload"]["aps"]
    image = told["notification"].get("image")
    return messaging.Message(
        notification=messaging.Notification(told["notification"]["title"], told["notification"]["body"], image),
        data=told["data"],
        android=messaging.AndroidConfig(
            collapse_key=android.get("collapse_key"),
            priority=android["priority"].lower(),
            ttl=timedelta(seconds=int(android["ttl"].rstrip("s"))),
            notification=messaging.AndroidNotification(
                tag=own["tag"],
                channel_id=own["channel_id"],
                sound=own.get("sound"),
                event_timestamp=datetime.fromisoformat(own["event_time"]),
                priority=own["notification_priority"].removeprefix("PRIORITY_").lower(),
            ),
        ),
        apns=messaging.APNSConfig(
            headers=apns["headers"],
            payload=messaging.APNSPayload(
                messaging.Aps(
                    sound=aps.get("sound"),
                    thread_id=aps["thread-id"],
                    mutable_content=True,
                    custom_data={"interruption-level": aps["interruption-level"]},
                )
            ),
            fcm_options=messaging.APNSFCMOptions(image=image) if image else None,
        ),
        fcm_options=messaging.FCMOptions(told["fcm_options"]["analytics_label"]),
        **address,
    )


def encoded(message):
    return json.loads(json.dumps(message, cls=messaging._messaging_encoder.MessageEncoder))


for name in NAMES:
    ours = json.loads((HERE.parent / "firebase" / f"{name}.json").read_text())
    made = {kind: encoded(built(ours, **{kind: address})) for kind, address in (("token", TOKEN), ("fid", FID))}
    (HERE / f"{name}.json").write_text(json.dumps(made, ensure_ascii=False, indent=2) + "\n")
