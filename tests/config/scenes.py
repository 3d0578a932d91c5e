"""The files of these tests, and an environment in which they load."""

from pathlib import Path

HERE = Path(__file__).parent

WEBHOOK = "https://discord.com/api/webhooks/11800000000000000{:02}/" + "k" * 68

ENVIRON = {
    "DISCORD_WEBHOOK_HIGH": WEBHOOK.format(1),
    "DISCORD_WEBHOOK_GENERAL": WEBHOOK.format(2),
    "DISCORD_WEBHOOK_STAFF": WEBHOOK.format(3),
    "TWILIO_SID": "AC0123456789abcdef",
    "TWILIO_AUTH": "canary-twilio-auth",
    "AIRTABLE_TOKEN": "canary-airtable-token",
    "TOCSIN_TOKEN_ENGINE": "canary-engine-0123456789-0123456789",
    "TOCSIN_TOKEN_MOD": "canary-moderator-0123456789-0123456789",
}
