"""A community's own words: used where they hold, and never the reason that an alert is missing."""

import pytest
from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import InvalidConfigError
from tocsin.core.facts import Reloaded

HEADLINE = "{% block title %}{{ metadata.headline }}{% endblock %}{% block fields %}Shop: {{ retailer }}{% endblock %}"


async def open_with(town: ServiceRig, template: str) -> None:
    (town.folder / "in_stock.txt").write_text(template)
    await town.open(discord={"templates": {"in_stock": "in_stock.txt"}})


async def test_a_template_replaces_the_words_of_its_type_alone(town: ServiceRig):
    await open_with(town, HEADLINE)
    await town.report("RTX 5090", metadata={"headline": "Go go **go**"})
    own = await town.room().expect("Go go")
    await town.report("PS5 Pro", type="price_drop")
    assert own.embeds[0]["title"] == "Go go \\*\\*go\\*\\*"
    assert [(field["name"], field["value"]) for field in own.embeds[0]["fields"]] == [("Shop", "bestbuy")]
    assert "price drop" in (await town.room().expect("PS5 Pro")).embeds[0]["title"]


async def test_a_template_that_breaks_on_an_alert_gives_way_and_the_timeline_says_so(town: ServiceRig):
    await open_with(town, HEADLINE)
    receipt = await town.report("RTX 5090")
    assert (await town.room().expect("RTX 5090")).embeds[0]["title"] == "🚨 RTX 5090 IN STOCK!"
    await town.settled(receipt, DeliveryState.SENT)
    (delivery,) = await town.deliveries(receipt)
    assert delivery["state"] == "sent"
    assert "the template for in_stock broke" in delivery["attempts"][0]["answer"]


async def test_a_service_does_not_start_with_a_broken_template_and_names_its_line(town: ServiceRig):
    with pytest.raises(InvalidConfigError, match=r"in_stock\.txt:2: .*there is no 'prce'"):
        await open_with(town, "{% block title %}\n{{ prce }}{% endblock %}")


async def test_a_template_that_breaks_later_leaves_the_one_in_force(town: ServiceRig):
    await open_with(town, HEADLINE)
    (town.folder / "in_stock.txt").write_text("{% block title %}")
    await town.call("POST", "/api/v1/config/reload", status=422)
    assert "in_stock.txt:1" in (await town.told(Reloaded)).problem
    await town.report("RTX 5090", metadata={"headline": "Still here"})
    await town.room().expect("Still here")
