"""Calls to hosts that institutions name: the address is checked, and the checked one is called."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from foundation.core import clock, http, strangers

HOST = "his.example.com"
BODY = b'{"uid":"1"}'
THIS_MACHINE = [ipaddress.ip_network("127.0.0.0/8")]


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name have these addresses; gives the names that were asked for."""
    asked: list[str] = []

    def resolved(host: str, port: int, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        *("64:ff9b::7f00:1", "2002:7f00:1::1", "fe80::1%eth0"),
    ],
)
def test_a_name_with_an_address_inside_is_not_called(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, address: str
) -> None:
    settings.CALLBACK_NETWORKS = []
    # One address among others is enough: the next call could go there.
    resolve_to(monkeypatch, "8.8.8.8", address)
    with pytest.raises(strangers.AddressNotPublic):
        strangers.outbound_to(f"https://{HOST}", name="test", timeout=1)


@pytest.mark.parametrize("address", ["8.8.8.8", "2400:3200::1"])
def test_a_public_address_may_be_called(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, address: str
) -> None:
    settings.CALLBACK_NETWORKS = []
    resolve_to(monkeypatch, address)
    strangers.outbound_to(f"https://{HOST}", name="test", timeout=1)


def test_the_network_of_a_setting_may_be_called(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.CALLBACK_NETWORKS = [ipaddress.ip_network("10.20.0.0/16")]
    resolve_to(monkeypatch, "10.20.3.4")
    strangers.outbound_to(f"https://{HOST}", name="test", timeout=1)
    resolve_to(monkeypatch, "10.21.3.4")
    with pytest.raises(strangers.AddressNotPublic):
        strangers.outbound_to(f"https://{HOST}", name="test", timeout=1)


def test_a_name_without_an_address_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> list[object]:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(http.OutsideUnavailable):
        strangers.outbound_to(f"https://{HOST}", name="test", timeout=1)


def certificate(name: str, where: Path) -> Path:
    """A certificate and its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    moment = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = where / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def listening(pem: Path, names: list[str], requests: list[bytes]) -> Iterator[int]:
    """A server on this machine that answers one call; notes the name and the request that it got."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.sni_callback = lambda _socket, name, _context: names.append(str(name))
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(10)

    def serve() -> None:
        connection, _ = server.accept()
        connection.settimeout(10)
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                sent = b""
                while not sent.endswith(BODY):
                    sent += secured.recv(10_000)
                requests.append(sent)
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        except OSError:
            # The caller did not like the certificate.
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        thread.join()
        server.close()


@pytest.mark.parametrize(("issued_to", "is_taken"), [(HOST, True), ("other.example.com", False)])
def test_the_checked_address_is_called_under_the_name_and_its_certificate(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    tmp_path: Path,
    issued_to: str,
    is_taken: bool,
) -> None:
    settings.CALLBACK_NETWORKS = THIS_MACHINE
    pem = certificate(issued_to, tmp_path)
    trusting = ssl.create_default_context(cafile=str(pem))
    monkeypatch.setattr(ssl, "create_default_context", lambda *_, **__: trusting)
    names: list[str] = []
    requests: list[bytes] = []
    with listening(pem, names, requests) as port:
        asked = resolve_to(monkeypatch, "127.0.0.1")
        outbound = strangers.outbound_to(f"https://{HOST}:{port}", name="test", timeout=5)
        if is_taken:
            assert outbound.post("/notify", content=BODY).status == 200
            assert f"host: {HOST}:{port}".encode() in requests[0].lower()
        else:
            with pytest.raises(http.OutsideUnavailable):
                outbound.post("/notify", content=BODY)
            assert requests == []
    # The name is resolved once: what was checked is what is called.
    assert asked.count(HOST) == 1
    assert names == [HOST]
