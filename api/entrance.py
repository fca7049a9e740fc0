"""The sockets that the door answers on: loopback always, and over TLS what --listen names."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from core.errors import SettingError, WedgetailError

HOST = "127.0.0.1"
UNSENT = 4 << 10  # bytes of a connection that wait in the kernel for the line, beside the frame that is being taken


class PortTaken(WedgetailError):
    """Port {port} of 127.0.0.1 cannot be opened: {detail}. PORT= names another."""


class CannotListen(WedgetailError):
    """{address} cannot be listened on: {detail}. --listen names another."""


@contextlib.contextmanager
def on_loopback(port: int) -> Iterator[socket.socket]:
    """Raises PortTaken."""
    try:
        sock = _bound(socket.AF_INET, HOST, port)
    except OSError as error:
        raise PortTaken(port=port, detail=error.strerror or str(error)) from error
    with sock:
        yield sock


@contextlib.contextmanager
def on(address: str) -> Iterator[socket.socket]:
    """address: ADDRESS:PORT, an IPv6 address in brackets. Raises CannotListen."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    try:
        sock = _bound(family, host.strip("[]"), int(port))
    except OSError as error:
        raise CannotListen(address=address, detail=error.strerror or str(error)) from error
    with sock:
        yield sock


def check_certificate(certificate: Path, key: Path) -> None:
    """Whether the two can be read and belong together. Raises SettingError."""
    for name, path in (("api.tls_cert", certificate), ("api.tls_key", key)):
        try:
            path.read_bytes()
        except OSError as error:
            raise SettingError(name=name, detail=f"{path} cannot be read: {error.strerror}") from error
    try:
        # With a password at hand nobody is asked for one on a terminal that may not be there.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        raise SettingError(
            name="api.tls_key",
            detail=f"{certificate} and {key} are no PEM certificate and its key without passphrase: {reason}",
        ) from error


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. asyncio sets it only on sockets made with IPPROTO_TCP, and without it a frame can wait
        # tens of milliseconds for the acknowledgement of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Inherited too. Megabytes that the kernel takes and a slow line does not carry would be minutes old on arrival.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
