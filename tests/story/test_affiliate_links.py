"""Readers reach the shop by the community's affiliate link, whatever the product's address looks like."""

from urllib.parse import urlsplit

import pytest
from tests.story.service_rig import ServiceRig

PUBLIC = {"public_url": "https://alerts.example", "port": 0}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://amazon.example/dp/B0", "https://amazon.example/dp/B0?tag=me-20"),
        ("https://amazon.example/dp/B0?th=1#buy", "https://amazon.example/dp/B0?th=1&tag=me-20#buy"),
    ],
)
async def test_the_readers_of_discord_get_to_amazon_with_the_tag(town: ServiceRig, url: str, place: str):
    await town.open(server=PUBLIC, retailers={"amazon": {"link": "{url}?tag=me-20"}})
    await town.report("RTX 5090", retailer="amazon", url=url)
    message = await town.room().expect("RTX 5090")
    link = urlsplit(message.embeds[0]["url"])
    assert link.netloc == "alerts.example"
    assert await town.followed(link.path) == place


async def test_a_channel_that_counts_no_clicks_leads_straight_to_the_shop_still_with_the_tag(town: ServiceRig):
    shop = {"amazon": {"link": "{url}?tag=me-20&ascsubtag={click}"}}
    await town.open(server=PUBLIC, retailers=shop, discord={"track_links": False})
    await town.report("RTX 5090", retailer="amazon", url="https://amazon.example/dp/B0?th=1")
    message = await town.room().expect("RTX 5090")
    assert message.embeds[0]["url"] == "https://amazon.example/dp/B0?th=1&tag=me-20"
