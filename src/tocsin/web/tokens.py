"""Tokens: made, listed and revoked by an admin; and what the one that asks may do."""

from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core.errors import NotFoundError
from tocsin.core.record import rfc3339
from tocsin.ledger.contract import TokenRow
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import FLAG, TEXT, answer, record, ref, several
from tocsin.web.guard import grant_of
from tocsin.web.scopes import needs
from tocsin.web.segment import Segment
from tocsin.web.services import Services

PATH = "/api/v1/tokens"
_LISTED = answer(record({"tokens": several(ref("Token"))}), "All of them, revoked ones too.")
_REVOKED = answer(record({"id": TEXT, "revoked": FLAG}), "It has ended.")


class NewToken(BaseModel):
    """Without `expires_at` it does not end."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=64)]
    scopes: Annotated[list[str], Field(max_length=8)]
    expires_at: AwareDatetime | None = None


class TokenDoors:
    def __init__(self, services: Services) -> None:
        self._tokens = services.tokens

    def open(self, app: FastAPI) -> None:
        made = answer(ref("MadeToken"), "It is good from now on.", status=201)
        for path, handler, method, status, extra in (
            (PATH, self.listed, "GET", 200, needs("admin") | _LISTED),
            (PATH, self.create, "POST", 201, needs("admin") | made),
            (PATH + "/mine", self.mine, "GET", 200, needs("read") | answer(ref("Grant"), "What it may do.")),
            (PATH + "/{id}", self.revoke, "DELETE", 200, needs("admin") | _REVOKED),
        ):
            app.add_api_route(path, handler, methods=[method], status_code=status, tags=["tokens"], openapi_extra=extra)

    async def listed(self) -> Response:
        """Every token, without its secret. Those of the configuration file have ids like `config:name`."""
        return json_answer({"tokens": [_as_json(row) for row in await self._tokens.listed()]})

    async def mine(self, request: Request) -> Response:
        """The token that asks: its name, what it may do, and when it ends."""
        grant = grant_of(request)
        payload = {"name": grant.owner, "scopes": sorted(grant.scopes)}
        return json_answer(
            {"id": grant.token_id, **payload, "expires_at": grant.expires_at and rfc3339(grant.expires_at)}
        )

    async def create(self, asked: NewToken) -> Response:
        """Make a token. Its secret is in this answer and never shown again."""
        row, secret = await self._tokens.create(asked.name, frozenset(asked.scopes), asked.expires_at)
        return json_answer({**_as_json(row), "token": secret.reveal()}, 201)

    async def revoke(self, id: Segment) -> Response:  # noqa: A002 - the name in the address
        """End a token at once; its live connections are closed."""
        if not await self._tokens.revoke(id):
            raise NotFoundError(f"there is no token {id}")
        return json_answer({"id": id, "revoked": True})


def _as_json(row: TokenRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "scopes": sorted(row.scopes),
        "created_at": rfc3339(row.created_at),
        "expires_at": row.expires_at and rfc3339(row.expires_at),
        "revoked_at": row.revoked_at and rfc3339(row.revoked_at),
        "last_used_at": row.last_used_at and rfc3339(row.last_used_at),
    }
