"""One tree of settings: defaults, then a TOML file, then the environment (WEDGETAIL_INGEST__PORT=14551).

Three names that people already have in their environment are read as they are: KAFKA_BOOTSTRAP, DATABASE_URL, PORT.
"""

import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from core.errors import SettingError

_PLAIN = {"KAFKA_BOOTSTRAP": ("kafka", "bootstrap"), "DATABASE_URL": ("database", "url"), "PORT": ("api", "port")}
_PREFIX = "WEDGETAIL_"
TLS_PORT = 8443


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _endpoint(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError("HOST:PORT is expected, with a port from 1 to 65535")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError("an IPv6 address stands in brackets: [::1]:5760")
    return f"{host}:{int(port)}"


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("there is no such time zone; one such as Australia/Sydney is expected") from None
    return name


Endpoint = Annotated[str, AfterValidator(_endpoint)]
Timezone = Annotated[str, AfterValidator(_timezone)]


class Operator(_Section):
    name: str = Field(default="demo", pattern=r"^[a-z0-9-]{1,40}$", description="short name; every id derives from it")
    title: str = "Demo operator"
    timezone: Timezone = Field(default="Australia/Sydney", description="the zone in which the pages show times")


class Kafka(_Section):
    bootstrap: str = Field(default="127.0.0.1:9092", pattern=r"^[^\s,]+:\d+(,[^\s,]+:\d+)*$")
    prefix: str = Field(default="", pattern=r"^[a-z0-9-]{0,40}$", description="put before every topic and group name")


class Database(_Section):
    url: str = "postgresql://postgres@127.0.0.1:5432/wedgetail"


class Ingest(_Section):
    host: str = "127.0.0.1"
    port: int = Field(default=14550, ge=1, le=65535)
    buffer_mb: int = Field(default=256, ge=1)
    tcp_listen: tuple[Endpoint, ...] = Field(default=(), description="HOST:PORT where others connect to us")
    tcp_connect: tuple[Endpoint, ...] = Field(default=(), max_length=64, description="HOST:PORT of those that we connect to")
    records_per_s: int = Field(default=1_800, ge=1, description="Kafka records, at the most; the more samples, the fewer")
    keys: dict[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")], Path] = Field(
        default={}, description="name of a MAVLink signing key: file with its secret or passphrase; then frames must be signed"
    )
    accept_unsigned: bool = Field(default=False, description="where keys are set, take unsigned frames too, on their own links")

    @field_validator("tcp_listen", "tcp_connect", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        """The environment has one text: HOST:PORT,HOST:PORT."""
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("tcp_listen")
    @classmethod
    def _one_for_a_port(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        ports = [text.rpartition(":")[2] for text in value]
        if len(set(ports)) < len(ports):
            raise ValueError("each needs a port of its own: links are named by it")
        return value

    @field_validator("tcp_connect")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("each may be there once")
        return value


class Terrain(_Section):
    folder: Path | None = Field(default=None, description="elevation tiles: HGT and GeoTIFF files; none: no terrain model")


class Api(_Section):
    port: int = Field(default=8080, ge=1, le=65535)
    token: str = Field(default="", description="what a client must show; empty: made at start and printed")
    tls_cert: Path | None = Field(default=None, description="the certificate and its chain, PEM; for what listen opens")
    tls_key: Path | None = Field(default=None, validate_default=True, description="its key, PEM, without a passphrase")
    listen: str = Field(
        default="", validate_default=True, description="ADDRESS or ADDRESS:PORT (8443) that other machines reach; with TLS"
    )
    address: str = Field(
        default="", pattern=r"^(https?://[A-Za-z0-9.-]+(:\d{1,5})?/?)?$", description="as phones reach it: https://NAME:8443"
    )

    @field_validator("tls_key")
    @classmethod
    def _both(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (value is None) != (info.data.get("tls_cert") is None):
            raise ValueError("a certificate and its key belong together: give both or neither")
        return value

    @field_validator("listen")
    @classmethod
    def _safe(cls, value: str, info: ValidationInfo) -> str:
        """Made ADDRESS:PORT. Who listens where others can reach it without TLS would hand out tokens to all on the way."""
        with_tls = info.data.get("tls_cert") is not None
        if not value:
            if with_tls:
                raise ValueError("a certificate is given, and no address that it is for")
            return value
        host, port = _listened(value)
        if not host.is_loopback and not with_tls:
            raise ValueError(f"{host} is not loopback, and anything but loopback needs TLS: give tls_cert and tls_key")
        return f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"


def _listened(text: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    match = re.fullmatch(r"(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?", text)
    host, port = ("", None) if match is None else (match[1].strip("[]"), match[2])
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise ValueError("an address in digits is expected, and a port or none: 0.0.0.0, 10.0.0.7:8443, [::]:8443") from error
    if port is not None and not 1 <= int(port) <= 65535:
        raise ValueError("a port is a number from 1 to 65535")
    return address, TLS_PORT if port is None else int(port)


class Map(_Section):
    style: str = Field(
        default="",
        pattern=r"^(https?://[A-Za-z0-9.-]+(:\d{1,5})?(/\S*)?)?$",
        description="address of an online MapLibre style, all of it from one host; empty: the offline base map",
    )

    @property
    def origin(self) -> str | None:
        """SCHEME://HOST[:PORT] of the style: the one place besides the door that the page may ask. None: no other."""
        parts = urlsplit(self.style)
        return f"{parts.scheme}://{parts.netloc}" if self.style else None


class Airspace(_Section):
    """What a class of published airspace means for a drone, where the built-in table is to be changed: Q = "prohibited"."""

    classes: dict[
        Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9 _-]{0,39}$")], Literal["prohibited", "information", "aerodrome-rules"]
    ] = Field(default={}, description="class, as the file writes it: prohibited, information or aerodrome-rules")

    @field_validator("classes", mode="before")
    @classmethod
    def _capitals(cls, value: object) -> object:
        """The environment's names come in small letters, and files write classes in capitals."""
        if not isinstance(value, dict):
            return value
        capitals = {name.upper() if isinstance(name, str) else name: word for name, word in value.items()}
        if len(capitals) < len(value):
            raise ValueError("a class stands there twice, in capitals and in small letters")
        return capitals


class Settings(_Section):
    data_dir: Path = Path(".wedgetail")
    operator: Operator = Operator()
    kafka: Kafka = Kafka()
    database: Database = Database()
    ingest: Ingest = Ingest()
    terrain: Terrain = Terrain()
    airspace: Airspace = Airspace()
    map: Map = Map()
    api: Api = Api()


def load(file: Path | None = None, environment: dict[str, str] | None = None) -> Settings:
    """The settings in force. Raises SettingError that names the setting and where it was given."""
    tree: dict[str, Any] = {}
    if file is not None:
        try:
            tree = tomllib.loads(file.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise SettingError(name=str(file), detail=str(error)) from error
    for path, value in _from_environment(dict(os.environ) if environment is None else environment):
        branch = tree
        for key in path[:-1]:
            branch = branch.setdefault(key, {})
            if not isinstance(branch, dict):
                raise SettingError(name=".".join(path), detail=f"{key} is a single value in {file}, not a section")
        branch[path[-1]] = value
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        detail = "no such setting" if first["type"] == "extra_forbidden" else f"{first['msg']} (got {first['input']!r})"
        raise SettingError(name=name, detail=detail) from error


def _from_environment(environment: dict[str, str]) -> list[tuple[tuple[str, ...], str]]:
    found: list[tuple[tuple[str, ...], str]] = []
    found += [(path, environment[name]) for name, path in _PLAIN.items() if environment.get(name)]
    for name, value in sorted(environment.items()):
        if name.startswith(_PREFIX):
            found.append((tuple(name.removeprefix(_PREFIX).lower().split("__")), value))
    return found
