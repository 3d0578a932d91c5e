"""What needs a human, over HTTP."""

from tests.web.house import House

from tocsin.core.facts import ClockRight, ClockWrong, Trouble


async def listed(house: House) -> list[dict[str, object]]:
    status, told = await house.call("GET", "/api/v1/conditions", token="reader")
    assert status == 200
    return list(told["conditions"])


async def test_what_lasts_is_listed_in_the_order_it_began_with_how_to_mend_it(house: House):
    assert await listed(house) == []
    house.services.pipeline.watch.conditions.hear(ClockWrong(retailer="bestbuy", ahead_s=90))
    house.services.pipeline.watch.conditions.hear(Trouble("restart_needed", "server.port"))
    clock, restart = await listed(house)
    assert (clock["what"], clock["about"], clock["detail"]) == ("clock_wrong", "bestbuy", "90 s ahead")
    assert clock["headline"] == "Detections of bestbuy come with a wrong time"
    assert (restart["headline"], restart["over_at"]) == ("server.port has changed and does not count yet", None)
    assert clock["mend"]
    assert str(clock["began_at"]) <= str(restart["began_at"])
    house.services.pipeline.watch.conditions.hear(ClockRight("bestbuy"))
    assert [condition["what"] for condition in await listed(house)] == ["restart_needed"]


async def test_only_who_may_read_sees_it(house: House):
    assert (await house.call("GET", "/api/v1/conditions", token="engine"))[0] == 403
    assert (await house.call("GET", "/api/v1/conditions", token=None))[0] == 401
