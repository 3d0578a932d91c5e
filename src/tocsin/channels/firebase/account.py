"""The key file of a service account, as the Firebase console hands it out: judged before anybody is called."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tocsin.channels.spec import Flaw, UnfitError
from tocsin.config.values.addresses import is_loopback, web_url
from tocsin.core.file import cause, read_text
from tocsin.core.secret import Secret

KEY = ("firebase_config",)
LARGEST = 64 * 1024  # bytes
SHORTEST_KEY = 2048  # bits

_HOW = "make one in the Firebase console: Project settings, Service accounts, Generate new private key"
_NEEDED = ("project_id", "client_email", "private_key", "token_uri")
# Other files of the same console, by a key that only they have.
_OTHERS: Mapping[str, str] = {
    "project_info": "this is an app's google-services.json, not the key file of a service account",
    "apiKey": "this is a web app's configuration, not the key file of a service account",
    "GOOGLE_APP_ID": "this is an app's configuration, not the key file of a service account",
    "installed": "this is an OAuth client, not the key file of a service account",
    "web": "this is an OAuth client, not the key file of a service account",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """A service account may send to the apps of one project. `key_id` tells its keys apart."""

    project: str
    email: str
    key: RSAPrivateKey = field(repr=False)
    key_id: str | None
    token_uri: str


def read_account(file: Path) -> ServiceAccount:
    """Raises UnfitError with everything that is wrong with the file. No word of it repeats a secret."""
    try:
        told = orjson.loads(read_text(file, LARGEST))
    except orjson.JSONDecodeError as problem:
        raise _unfit(file, f"it is no JSON (line {problem.lineno}): {_HOW}") from None
    except (OSError, ValueError) as problem:
        raise _unfit(file, f"it cannot be read ({cause(problem)})") from None
    if not isinstance(told, dict):
        raise _unfit(file, f"it is no JSON object: {_HOW}")
    problems = list(_problems(told))
    if problems:
        raise _unfit(file, *problems)
    return ServiceAccount(
        project=told["project_id"],
        email=told["client_email"],
        key=_key_of(Secret(told["private_key"])),
        key_id=told.get("private_key_id"),
        token_uri=told["token_uri"],
    )


def _unfit(file: Path, *problems: str) -> UnfitError:
    return UnfitError([Flaw(KEY, problem, str(file)) for problem in problems])


def _problems(told: Mapping[str, Any]) -> Iterator[str]:
    for key, what in _OTHERS.items():
        if key in told:
            yield f"{what}: {_HOW}"
            return
    if told.get("type") != "service_account":
        yield f'its `type` is not "service_account": {_HOW}'
        return
    for key in _NEEDED:
        if not isinstance(told.get(key), str) or not told[key].strip():
            yield f"`{key}` is missing: it is no whole key file; {_HOW}"
            continue
        try:
            _JUDGES[key](told[key])
        except ValueError as problem:
            yield f"`{key}` {problem}"
    if not isinstance(told.get("private_key_id", ""), str):
        yield "`private_key_id` is no text"


def _judge_project(value: str) -> None:
    if not value.replace("-", "").replace(":", "").replace(".", "").isalnum() or not value.isascii():
        raise ValueError("is no id of a project")


def _judge_email(value: str) -> None:
    if value.count("@") != 1 or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("is no address of a service account")


def _judge_token_uri(value: str) -> None:
    """A signed request for a token goes there: unencrypted to this machine alone."""
    try:
        web_url(value)
    except ValueError:
        raise ValueError("is no web address") from None
    parts = urlsplit(value)
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        raise ValueError("has to begin with https://")


def _key_of(pem: Secret) -> RSAPrivateKey:
    """Raises ValueError."""
    try:
        key = load_pem_private_key(pem.reveal().encode(), password=None)
    except TypeError:
        raise ValueError("is encrypted: a key file has it in the clear") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is no private key (PEM): was it cut, or its line breaks lost?") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("is no RSA key: Google's are")  # noqa: TRY004 - the file's value is wrong, not a type of ours
    if key.key_size < SHORTEST_KEY:
        raise ValueError(f"has {key.key_size} bits: Google's have {SHORTEST_KEY}")
    return key


_JUDGES: Mapping[str, Any] = {
    "project_id": _judge_project,
    "client_email": _judge_email,
    "private_key": lambda value: _key_of(Secret(value)),
    "token_uri": _judge_token_uri,
}
