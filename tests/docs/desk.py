"""A reader's desk: a folder with a running service, providers that are simulated, and the commands of the documents."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.cli.program import Process, Serving
from tests.deadline import DEADLINE_S
from tests.docs.snippets import ROOT, Snippet
from tests.web.people.desk import POINT

from tocsin.sandbox.sendgrid.account import Account
from tocsin.sandbox.webhook.receiver import secret_for

HOOKS = ("general", "high_priority", "staff", "gone")
ALERT = {
    "type": "in_stock",
    "sku": "6634940",
    "retailer": "newegg",
    "price": "1999.99",
    "url": "https://newegg.example/p",
}
_PEM = generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
KEY_FILE = {
    "type": "service_account", "project_id": "club", "client_email": "push@club.iam.gserviceaccount.com",
    "private_key": _PEM.decode(), "token_uri": "https://oauth2.googleapis.com/token",
}  # fmt: skip
# What the documents take for granted that a reader has.
FILES = {
    "detections.ndjson": "".join(json.dumps({**ALERT, "sku": f"N{number}"}) + "\n" for number in range(3)),
    "alert.json": json.dumps(ALERT),
    "commissions.csv": "commissionId,SID,eventDate,Commission\n1,7Kq2,2026-11-20,$4.00\n2,7Kq2,,$1.00\n",
    "firebase.json": json.dumps(KEY_FILE),
    "members.csv": "name,phone\nCid,+1 415 555 0131\nDan,12\n",
}
_READ = 'If-Match: "2"'
SHORT_KEYS = {"p256dh": "BM…", "auth": "9w…"}
PUSH_KEYS = {"p256dh": POINT, "auth": "A" * 22}
A_WEBHOOK = f"api/webhooks/1180000000000000001/{'x' * 68}"
# By a part of its name: what a reader would have put into a variable that configuration snippets read.
VARIABLES: Mapping[str, Callable[[str], str]] = {
    "WEBHOOK": lambda _: f"https://discord.com/{A_WEBHOOK}",
    "IFTTT": lambda _: "https://maker.ifttt.com/trigger/restock/with/key/abcdefgh",
    "HOOK": lambda _: "https://hooks.example/catch/1",
    "TWILIO_SID": lambda _: f"AC{'0123456789abcdef' * 2}",
    "WHSEC": lambda _: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "EVENT_KEY": lambda _: Account().event_key,
    "SENDGRID_KEY": lambda _: "SG.key",
    "PASSWORD": lambda _: "a-password",
    "TOKEN": lambda name: f"a-token-of-thirty-two-characters-{name}",
}


def variables(text: str) -> dict[str, str]:
    """Every variable that a configuration reads, with something that a reader could have put there."""
    names = re.findall(r"\$\{(\w+)\}", text)
    return {name: next(made(name) for part, made in VARIABLES.items() if part in name) for name in names}


_CURL = """#!/bin/sh
exec {curl} --silent --show-error --fail-with-body --max-time 60 "$@"
"""


@dataclass(frozen=True, slots=True)
class Ran:
    good: bool
    said: str
    complained: str


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._lay_out()
            hooks = [word for name in HOOKS for word in ("--webhook", name)]
            sandbox = stack.enter_context(Process(self.folder, "sandbox", "--port", "0", *hooks))
            self.sandbox = sandbox.says(r"What arrives +(http://.+)/")[1]
            self._hooks = {name: sandbox.says(rf"discord:{name} +(http://.+)")[1] for name in HOOKS}
            (self.folder / "desk.json").write_text(json.dumps(self._settings()))
            self.service = stack.enter_context(Serving(self.folder, "--config", "desk.json", "--port", "0"))
            self.token = (self.folder / "tocsin.token").read_text().strip()
            self._words = self._happen()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def call(self, method: str, path: str, body: object = None) -> Any:
        where = path if path.startswith("http") else self.service.url + path
        data = None if body is None else json.dumps(body).encode()
        request = Request(where, data, {"Authorization": f"Bearer {self.token}"}, method=method)
        with urlopen(request, timeout=DEADLINE_S) as answer:
            return json.loads(answer.read() or b"null")

    def shell(self, snippets: Sequence[Snippet], follows: set[Snippet], before: Mapping[Snippet, str]) -> list[Ran]:
        """All of a page in one shell, one after the other, as a reader would paste them."""
        folder = self.folder / "said"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        lines = ["trap 'failed=1' ERR"]
        for number, snippet in enumerate(snippets):
            if snippet.language == "json":
                lines += [f"export {name}={shlex.quote(made)}" for name, made in variables(snippet.text).items()]
                lines.append(f"printf %s {shlex.quote(self._adapted(snippet.text))} > alerts.json")
                continue
            text = self._adapted(snippet.text).rstrip()
            work = _first_line_of(text) if snippet in follows else text
            prepared = f"{{ {self._adapted(before[snippet])}\n}} > /dev/null" if snippet in before else ":"
            lines += [prepared, "failed=0", f"{{ {work}\n}} > said/{number}.out 2> said/{number}.err < /dev/null"]
            lines.append(f"echo $failed > said/{number}.failed")
        subprocess.run(
            ["bash", "-c", "\n".join(lines)], cwd=self.folder, env=self.environment, timeout=4 * DEADLINE_S, check=False
        )
        return [self._ran(number, snippet) for number, snippet in enumerate(snippets)]

    def program(self, snippet: Snippet) -> Ran:
        """A program that ends by itself, in a folder of its own beside the token."""
        command, folder = self._program(snippet)
        done = subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        return Ran(done.returncode == 0, done.stdout, done.stderr)

    def follow(self, snippet: Snippet) -> str:
        """The first line of a program that goes on for ever, while alerts come in."""
        command, folder = self._program(snippet)
        with subprocess.Popen(
            command, cwd=folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            heard: list[str] = []
            reader = threading.Thread(target=lambda: heard.append(process.stdout.readline()), daemon=True)
            reader.start()
            number = 0
            while not heard and process.poll() is None and number < 500:
                number += 1
                alert = {**ALERT, "sku": f"{snippet.line}-{number}", "product_name": f"RTX {number}"}
                self.call("POST", "/api/v1/alerts", alert)
                reader.join(0.1)
            process.terminate()
            _, complained = process.communicate(timeout=DEADLINE_S)
            assert heard, complained
            assert heard[0], complained
        return heard[0]

    @property
    def environment(self) -> dict[str, str]:
        """Of a reader who has the program on the path, and has told it where this service is: not on its own port."""
        path = f"{self.folder}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {
            "PATH": path, "HOME": str(self.folder), "TOCSIN_URL": self.service.url, "TOCSIN_SERVER__PORT": "0",
            "NO_COLOR": "1", "COLUMNS": "1000",
        }  # fmt: skip

    def _program(self, snippet: Snippet) -> tuple[list[str], Path]:
        folder = self.folder / f"{snippet.language}-{snippet.line}"
        folder.mkdir(exist_ok=True)
        (folder / "tocsin.token").write_text(self.token)
        if snippet.language == "js":
            (folder / "node_modules").symlink_to(ROOT / "dashboard/node_modules")
            node = shutil.which("node")
            assert node, "run `make setup`: it finds or installs Node"
            command = [node, "snippet.mjs"]
        else:
            command = [sys.executable, "-u", "snippet.py"]
        (folder / command[-1]).write_text(self._adapted(snippet.text))
        return command, folder

    def _lay_out(self) -> None:
        for name, text in FILES.items():
            (self.folder / name).write_text(text)
        (self.folder / ".venv").symlink_to(Path(sys.executable).parents[1])
        binaries = self.folder / "bin"
        binaries.mkdir()
        curl = shutil.which("curl")
        assert curl, "the documents speak curl"
        (binaries / "curl").write_text(_CURL.format(curl=curl))
        (binaries / "curl").chmod(0o755)

    def _settings(self) -> dict[str, Any]:
        partner = {"url": f"{self.sandbox}/hooks/partner", "secret": secret_for("partner")}
        endpoints = {"partner": {**partner, "allow_networks": ["127.0.0.0/8"]}}
        discord = {"api_base": self.sandbox, "webhooks": self._hooks}
        return {
            "server": {"public_url": "https://alerts.example"},
            "alerts": {"channels": {"discord": discord, "webhook": {"endpoints": endpoints}}},
            "routes": [{"match": {"retailers": ["newegg"]}, "to": ["discord:high_priority"]}],
        }

    def _happen(self) -> dict[str, str]:
        """What a service has seen after a while, and by which names the documents call it."""
        token = self.call("POST", "/api/v1/tokens", {"name": "guest", "scopes": ["read"]})
        alert = self.call("POST", "/api/v1/alerts", {**ALERT, "sku": "seen"})
        self.call("DELETE", f"{self.sandbox}/webhooks/gone")
        refused = self.call("POST", "/api/v1/channels/discord/test", {"target": "gone"})
        assert refused["state"] == "refused", refused
        return {
            **self._people(),
            "http://127.0.0.1:8765": self.service.url,
            "http://127.0.0.1:8766": self.sandbox,
            "--port 8766": "--port 0",
            "01a20734-872b-7978-9d6f-5dd678514315": alert["id"],
            "01a20734-872e-7000-8000-000000000001": refused["delivery"],
            "k3x9a0b2": token["id"],
            "2s-k3f9": self._link(),
            "/backup/": f"{self.folder}/backup/",
            "api/webhooks/ID/TOKEN": A_WEBHOOK,
            "https://discord.com/api/webhooks/…": f"https://discord.com/{A_WEBHOOK}",
        }

    def _people(self) -> dict[str, str]:
        """A person with addresses, one who is to be forgotten, and somebody who is left alone."""
        phones = [{"number": "+1 415 555 0121"}, {"number": "+1 415 555 0122"}]
        zoe = {"name": "Zoe", "phones": phones, "mailboxes": [{"address": "zoe@example.com"}]}
        person = self.call("POST", "/api/v1/contacts", zoe)
        path = f"/api/v1/contacts/{person['id']}"
        subscription = {"endpoint": "https://push.example/2", "keys": PUSH_KEYS}
        ids = [person["id"], *(each["id"] for each in person["addresses"])]
        ids.append(self.call("POST", f"{path}/browsers", subscription)["id"])
        alone = {"number": "+1 415 555 0123", "reason": "asked by phone"}
        ids.append(self.call("POST", "/api/v1/suppressions", alone)["id"])
        start = "01a205b3-d000-7009-9bb4-b1c15a515c"
        named = {f"{start}{31 + number}": real for number, real in enumerate(ids)}
        keys = {f'"{name}": "{told}"': f'"{name}": "{PUSH_KEYS[name]}"' for name, told in SHORT_KEYS.items()}
        forgotten = self.call("POST", "/api/v1/contacts", {"name": "Yan"})["id"]
        return {**named, **keys, f"{start}40": forgotten}

    def _link(self) -> str:
        """The code of a short link in a message that has arrived."""
        arrived, seen = "", 0
        while "/r/" not in arrived:
            entries = self.call("GET", f"{self.sandbox}/journal?after={seen}&wait=20")["entries"]
            assert entries, "no alert has arrived"
            seen, arrived = entries[-1]["number"], json.dumps(entries)
        return re.findall(r"https://alerts\.example/r/([\w-]+)", arrived)[0]

    def _adapted(self, text: str) -> str:
        """The version of the person is that of this moment: pages before this one may have changed it."""
        for word, real in self._words.items():
            text = text.replace(word, real)
        if _READ in text:
            person = self._words["01a205b3-d000-7009-9bb4-b1c15a515c31"]
            version = self.call("GET", f"/api/v1/contacts/{person}")["version"]
            text = text.replace(_READ, f'If-Match: "{version}"')
        return text

    def _ran(self, number: int, snippet: Snippet) -> Ran:
        if snippet.language == "json":
            return Ran(good=True, said="", complained="")
        told = {end: self.folder / f"said/{number}.{end}" for end in ("failed", "out", "err")}
        read = {end: file.read_text() if file.exists() else "it was never run" for end, file in told.items()}
        return Ran(read["failed"].strip() == "0", read["out"], read["err"])


def _first_line_of(command: str) -> str:
    """It goes on for ever: it has said something, and is ended."""
    return f'read -r first < <(exec {command}); kill $!; echo "$first"'
