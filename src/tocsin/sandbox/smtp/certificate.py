"""A certificate for the mail server of this machine, made when it is needed and believed by whoever is told of it."""

import ssl
import tempfile
from datetime import datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_LIFE = timedelta(days=1)


class Certificate:
    """It vouches for itself. `now` is when it is made: it holds from a day before to a day after."""

    def __init__(self, now: datetime) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        places = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _LIFE)
            .not_valid_after(now + _LIFE)
            .add_extension(places, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, SHA256())
        )

    @property
    def text(self) -> str:
        """What whoever calls has to trust, as PEM."""
        return self._certificate.public_bytes(Encoding.PEM).decode()

    @cached_property
    def server(self) -> ssl.SSLContext:
        """How the server shows it. (The standard library reads keys from files alone.)"""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with tempfile.TemporaryDirectory(prefix="tocsin-sandbox-") as folder:
            file = Path(folder) / "pair.pem"
            file.touch(mode=0o600)
            file.write_bytes(key + self.text.encode())
            context.load_cert_chain(file)
        return context

    @cached_property
    def client(self) -> ssl.SSLContext:
        """How somebody calls who trusts it, and nobody else."""
        return ssl.create_default_context(cadata=self.text)
