"""Certificates of a practice server: its own authority, made anew for every server and kept in memory."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


class Authority:
    """A certificate authority that lives as long as the server."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("klinik practice CA")
        self._certificate = self._build(self._name, self._key.public_key(), 365 * _DAY, ca=True)

    @property
    def pem(self) -> bytes:
        """The authority's certificate."""
        from cryptography.hazmat.primitives.serialization import Encoding

        pem: bytes = self._certificate.public_bytes(Encoding.PEM)
        return pem

    def server(self, host: str) -> Pair:
        """A certificate for a server at an IP address, and for localhost."""
        from cryptography import x509

        names = x509.SubjectAlternativeName(
            [
                x509.IPAddress(ipaddress.ip_address(host)),
                x509.DNSName("localhost"),
                x509.DNSName("kubernetes"),
            ]
        )
        return self._issue("klinik practice server", 365 * _DAY, names)

    def client(self, user: str, *, valid: datetime.timedelta = _DAY, groups: tuple[str, ...] = ()) -> Pair:
        """A client certificate; a negative `valid` makes one that has ended already."""
        return self._issue(user, valid, None, groups)

    def context(self, host: str) -> ssl.SSLContext:
        """A server context that asks for client certificates of this authority, but does not insist."""
        pair = self.server(host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=self.pem.decode())
        context.verify_mode = ssl.CERT_OPTIONAL
        # the ssl module reads keys from files only: a private folder, gone before the first connection
        with tempfile.TemporaryDirectory(prefix="klinik-tls-") as folder:
            path = Path(folder) / "server.pem"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(pair.key + pair.certificate)
            context.load_cert_chain(path)
        return context

    def _issue(
        self, common_name: str, valid: datetime.timedelta, names: Any, groups: tuple[str, ...] = ()
    ) -> Pair:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._build(_name(common_name, groups), key.public_key(), valid, names=names)
        return Pair(
            certificate.public_bytes(Encoding.PEM),
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )

    def _build(
        self, subject: Any, public_key: Any, valid: datetime.timedelta, *, names: Any = None, ca: bool = False
    ) -> Any:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY + min(valid, datetime.timedelta()))
            .not_valid_after(now + valid)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .add_extension(_usage(ca), critical=True)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _usage(ca: bool) -> Any:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str, groups: tuple[str, ...] = ()) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
