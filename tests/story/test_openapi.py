"""What `/openapi.json` says of every door is tried at the door: schemathesis makes up requests, good and bad ones."""

import asyncio
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from tests.story.service_rig import TOKEN, ServiceRig

NO_END = "/api/v1/alerts/stream"
A_PROCESS = "/api/v1/first-steps/demo"  # it starts one

CHECKS = {
    # Beyond what its schema can say an alert may be refused: a currency that is none, a time to come.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "400", "404", "409", "422"]},
    # What is too long for its field may be too long for any request.
    "negative_data_rejection": {
        "expected-statuses": ["400", "401", "403", "404", "405", "409", "412", "413", "422", "5xx"]
    },
}

BOUNDED = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


async def test_every_door_does_what_openapi_says(town: ServiceRig):
    await town.open()
    await town.report()
    described = await town.get("/openapi.json")
    await asyncio.to_thread(knock, strictly(described), town.alerts.url)


def strictly(described: dict[str, Any]) -> dict[str, Any]:
    """No answer may hold what is not described. Every request has its token: which door needs which is walked
    elsewhere, and who shows one wrong token after the other has to wait.
    """
    for calls in described["paths"].values():
        for call in calls.values():
            del call["security"]
    for form in described["components"]["schemas"].values():
        if form.get("type") == "object":
            form.setdefault("additionalProperties", False)
    return described


def knock(described: dict[str, Any], url: str) -> None:
    schema = schemathesis.openapi.from_dict(described, config=SchemathesisConfig.from_dict({"checks": CHECKS}))
    schema.config.update(base_url=url)
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in () if operation.path in {NO_END, A_PROCESS} else modes(operation):

            @BOUNDED
            @given(case=operation.as_strategy(generation_mode=mode))
            def try_it(case: Case) -> None:
                case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"})

            try_it()


def modes(operation: Any) -> list[GenerationMode]:
    """Where nothing is asked for nothing can be wrong."""
    return list(GenerationMode) if operation.body or operation.query else [GenerationMode.POSITIVE]
