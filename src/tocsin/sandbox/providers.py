"""The providers that are simulated: a line each, and one for its panel."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tocsin.core.clock import Clock
from tocsin.sandbox.airtable.api import Airtable
from tocsin.sandbox.airtable.panel import AirtablePanel
from tocsin.sandbox.browser.panel import BrowserPanel
from tocsin.sandbox.browser.service import PushService
from tocsin.sandbox.discord.api import Discord
from tocsin.sandbox.discord.panel import DiscordPanel
from tocsin.sandbox.firebase.api import Firebase
from tocsin.sandbox.firebase.panel import FirebasePanel
from tocsin.sandbox.firebase.tokens import Tokens
from tocsin.sandbox.journal import Journal
from tocsin.sandbox.mail.panel import MailPanel
from tocsin.sandbox.mail.shelf import Carrier, Shelf
from tocsin.sandbox.panel import Panel
from tocsin.sandbox.provider import CallsBack, Closes, Provider
from tocsin.sandbox.script import Faults
from tocsin.sandbox.sendgrid.api import SendGrid
from tocsin.sandbox.sendgrid.panel import SendGridPanel
from tocsin.sandbox.smtp.post_office import PostOffice
from tocsin.sandbox.twilio.api import Twilio
from tocsin.sandbox.twilio.consents import Consents
from tocsin.sandbox.twilio.panel import TwilioPanel
from tocsin.sandbox.twilio.verify import Verify
from tocsin.sandbox.webhook.panel import WebhookPanel
from tocsin.sandbox.webhook.receiver import Receiver


class Providers:
    """`base` says where the sandbox listens, once it does."""

    def __init__(
        self, clock: Clock, journal: Journal, faults: Faults, *, limits: bool, base: Callable[[], str]
    ) -> None:
        self.discord = Discord(clock, journal, limits=limits, base=base)
        self.webhook = Receiver(clock, journal, base=base)
        self.twilio = Twilio(clock, journal, limits=limits)
        self.verify = Verify(clock, self.twilio)
        self.sendgrid = SendGrid(clock, journal, limits=limits, base=base)
        self.smtp = PostOffice(clock, journal, faults)
        self.browser = PushService(clock, journal, base=base)
        self.mail = Shelf(
            Carrier(self.sendgrid.name, self.sendgrid.arrived, self.sendgrid.complain),
            Carrier(self.smtp.name, lambda: self.smtp.mails),
        )
        self.firebase = Firebase(clock, journal, limits=limits, base=base)
        self.airtable = Airtable(clock, journal, limits=limits)
        self.providers: tuple[Provider, ...] = (
            self.discord,
            self.webhook,
            self.twilio,
            self.verify,
            Consents(self.twilio),
            self.browser,
            self.sendgrid,
            self.firebase,
            Tokens(clock, self.firebase.project),
            self.airtable,
        )
        self.panels: tuple[Panel, ...] = (
            DiscordPanel(self.discord),
            WebhookPanel(self.webhook),
            TwilioPanel(self.twilio),
            BrowserPanel(self.browser),
            MailPanel(self.mail),
            SendGridPanel(self.sendgrid),
            FirebasePanel(self.firebase),
            AirtablePanel(self.airtable),
        )

    def addresses(self, names: Sequence[str]) -> Mapping[str, str]:
        """For people's configurations: targets of these names, and what each leads to."""
        return {f"{self.discord.name}:{name}": self.discord.webhook(name) for name in names}

    def account(self) -> Mapping[str, str]:
        """For people's configurations: what texts and mails are sent by, by the keys that they have there."""
        return {**self.twilio.account.block(), **self.sendgrid.account.block(), **self.smtp.block()}

    def configuration(self, folder: Path) -> Mapping[str, Any]:
        """The parts of one whose channels lead here, operators' among them: what a demo runs with. Files that they name
        are written into the folder.
        """
        return {
            "operators": {"to": [f"{self.discord.name}:staff"]},
            "alerts": {
                "channels": {
                    self.discord.name: self.discord.block("high_priority", "general", "staff"),
                    "push": self.firebase.block(folder),
                    "email": self.sendgrid.block(),
                }
            },
        }

    def somebody(self) -> Mapping[str, Mapping[str, Any]]:
        """Whom a demo tells: by the path of the call below the contact, what is registered there."""
        return {f"devices/{name}": told for name, told in self.firebase.phones("Pixel 9", "iPhone 17").items()}

    def call_back(self, address: str) -> None:
        """The service is there: where providers call it that are told once, and not with each message."""
        for provider in self.providers:
            if isinstance(provider, CallsBack):
                provider.call_back(address)

    async def open(self, host: str, mail_port: int) -> None:
        """Those that do not speak HTTP listen at ports of their own."""
        await self.smtp.start(host, mail_port)

    async def close(self) -> None:
        for each in (*self.providers, self.smtp, self.mail):
            if isinstance(each, Closes):
                await each.close()
