"""What others must know of Slack. Nothing is sent there yet."""

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.channels import written
from tocsin.channels.slack.settings import Slack
from tocsin.channels.spec import Finding, Spec
from tocsin.config.values.addresses import is_loopback, split_url


def problems(block: Mapping[str, Any]) -> Iterator[Finding]:
    for path, url in written.urls(block, "webhooks"):
        parts = split_url(url)
        if parts is None or not parts.hostname or not (parts.scheme == "https" or is_loopback(parts.hostname)):
            yield path, "an address that starts with https:// is needed"


SLACK = Spec(
    name="slack",
    title="Slack",
    meaning="Slack channels and incoming webhooks.",
    settings=Slack,
    named_in=("webhooks", "channels"),
    problems=problems,
)
