"""The same over TLS."""

import ssl
import subprocess
from pathlib import Path

import pytest
from tests.deadline import DEADLINE_S
from tests.gateway.station import Log, Station, listening, running


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A self-signed certificate for the loopback, and its key."""
    paths = (tmp_path / "certificate.pem", tmp_path / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-out", paths[0], "-keyout", paths[1]),
        ],
        check=True,
        capture_output=True,
        timeout=DEADLINE_S,
    )
    return paths


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_alerts_fly_over_tls(certificate: tuple[Path, Path], transport: str):
    trusted = ssl.create_default_context(cafile=certificate[0])
    async with (
        running(Station(Log(), certificate=certificate)) as station,
        listening(station, transports=(transport,), tls=trusted, subscribe={}) as phone,
    ):
        station.publish(100, product_name="x" * 1000)
        await phone.wait_for("alert", 100)
        assert (await phone.client.call("send_alert", {"sku": "a"}))["decision"] == "accepted"
    assert phone.positions[:100] == list(range(1, 101))
    assert not station.gateway.gauges.evictions
