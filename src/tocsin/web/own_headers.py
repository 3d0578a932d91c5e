"""What an answer says itself takes the place of what every answer says: each is told one policy, and one alone."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tocsin.web.asgi import App, Message, Receive, Scope, Send


def own_headers_first(app: App, cycle: RequestResponseCycle) -> Any:
    """`app` for one exchange: the server adds none of its headers that `app` has given a value of its own."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def said_once(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message.get("headers", ())}
                cycle.default_headers = [usual for usual in cycle.default_headers if usual[0] not in own]
            await send(message)

        await app(scope, receive, said_once)

    return answer
