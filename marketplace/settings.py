"""Configuration, from the environment (`MARKETPLACE_…` and `DATABASE_URL`) or a `.env` file."""

import ipaddress
import logging
import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import httpx2
from cryptography.x509 import Certificate, load_pem_x509_certificates
from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from marketplace.kernel.errors import BadRequestError
from marketplace.kernel.key_service import KeyService, TransitService
from marketplace.kernel.mail.service import is_address
from marketplace.kernel.mail.transport import (
    FolderTransport,
    Security,
    SmtpTransport,
    Transport,
)
from marketplace.kernel.money import UnknownCurrencyError, minor_digits
from marketplace.kernel.scanning import scanner_address
from marketplace.kernel.schemas import CountryCode

_ORIGIN: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?/?"
)


class ConfigurationError(BadRequestError):
    code = "configuration"
    title = "A setting is wrong"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write for example Asia/Seoul") from error
    return name


def _known_level(name: str) -> str:
    if name.upper() not in logging.getLevelNamesMapping():
        raise ValueError("write DEBUG, INFO, WARNING or ERROR")
    return name.upper()


def _sender(text: str) -> str:
    if not text.isprintable() or not is_address(parseaddr(text)[1]):
        raise ValueError("write Name <address@example.com>")
    return text


def _service_url(text: str) -> str:
    """Secrets travel to it, so it is reached safely or is this machine."""
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise ValueError("write https://host:8200/v1/transit") from error
    is_here = url.scheme == "http" and url.host in {"127.0.0.1", "localhost", "::1"}
    if not ((url.scheme == "https" and url.host) or is_here):
        raise ValueError("write https://host:8200/v1/transit; plain http is for 127.0.0.1 alone")
    return text


def _networks(text: str) -> str:
    try:
        for network in filter(None, text.split(",")):
            ipaddress.ip_network(network.strip())
    except ValueError as error:
        raise ValueError("write networks with commas between: 10.0.0.0/8,fd00::/8") from error
    return text.strip()


def _postgres_address(url: SecretStr) -> SecretStr:
    try:
        backend = make_url(url.get_secret_value()).get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend not in {"postgresql", "postgres"}:
        raise ValueError("write postgresql://user:password@host:5432/database")
    return url


def _origin(url: str) -> str:
    """An issuer is compared letter by letter: no path, and http for loopback alone."""
    found = _ORIGIN.fullmatch(url)
    if found is None or not (found["scheme"] == "https" or is_loopback(found["host"])):
        raise ValueError("write https://marketplace.example.com; http is for 127.0.0.1 alone")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host, as an address writes it, is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _currency_codes(text: str) -> str:
    try:
        for code in _listed(text):
            minor_digits(code)
    except UnknownCurrencyError as error:
        raise ValueError("write codes such as USD,EUR") from error
    return text


class Settings(BaseSettings):
    """Every setting has a default that works on one machine."""

    model_config = SettingsConfigDict(
        env_prefix="MARKETPLACE_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
    )

    database_url: Annotated[SecretStr, AfterValidator(_postgres_address)] | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL 15 or newer; left out, the service starts its own",
    )
    data_dir: Path = Path(".data")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: Annotated[str, AfterValidator(_origin)] | None = Field(
        default=None,
        description="how the outside reaches the service, and so the issuer of its tokens;"
        " left out: this machine, at the port",
    )
    require_verified_email: bool = Field(
        default=False, description="whoever has not opened the link mailed to them may only read"
    )
    loopback_providers: bool = Field(
        default=False, description="identity providers on this machine, also by http; for tests"
    )
    pool_size: int = Field(default=16, ge=2, le=200)
    read_pool_size: int = Field(default=8, ge=1, le=200)
    write_pool_size: int = Field(default=8, ge=1, le=200)
    log_level: Annotated[str, AfterValidator(_known_level)] = "INFO"
    log_requests: bool = True
    rate_limits: bool = Field(default=True, description="the limits below, each of one process")
    requests_per_minute: int = Field(default=600, ge=1, description="of one credential")
    anonymous_requests_per_minute: int = Field(default=120, ge=1, description="of one address")
    sign_ins_per_minute: int = Field(
        default=10, ge=1, description="of one address: whatever takes a secret to be guessed"
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        default="", description="networks whose X-Forwarded-For is believed"
    )
    reporting_time_zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Seoul"
    live_statistics: Literal["public", "restricted"] = Field(
        default="restricted",
        description="who reads totals the moment a deal settles: operators and statisticians, while"
        " the public reads releases; or everybody, who then can work out the price of each deal",
    )
    master_key_file: Path | None = Field(
        default=None, description="left out: `master.keys` in the data directory"
    )
    key_service_url: Annotated[str, AfterValidator(_service_url)] | None = Field(
        default=None,
        description="of a transit engine (HashiCorp Vault, OpenBao) that wraps the master keys, as"
        " https://vault.example:8200/v1/transit; left out, the key file opens by itself",
    )
    key_service_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = Field(
        default="marketplace", description="the name of the key there"
    )
    key_service_token_file: Path | None = Field(
        default=None, description="with the token for it; read at each start"
    )
    file_bytes_max: int = Field(
        default=2 * 1024**3, ge=0, le=2**32, description="of a file of a confidential body"
    )
    clamd: Annotated[str, AfterValidator(scanner_address)] | None = Field(
        default=None,
        description="of a virus scanner for uploads, as unix:///run/clamav/clamd.ctl or"
        " tcp://127.0.0.1:3310; its StreamMaxLength has to be file_bytes_max at least",
    )
    video_bytes_max: int = Field(
        default=512 * 1024**2, ge=0, le=2**32, description="of a listing's video pitch"
    )
    ffprobe: str = Field(
        default="ffprobe", description="the program that checks videos: its name, or its path"
    )
    timestamp_url: str | None = Field(
        default=None, description="of an RFC 3161 authority; left out, nothing is stamped"
    )
    timestamp_ca_file: Path | None = Field(
        default=None, description="certificates (PEM) that the authority's tokens lead to"
    )
    timestamp_seconds: float = Field(
        default=60, gt=0, le=86_400, description="between two batches of proofs"
    )
    search_dir: Path | None = Field(default=None, description="left out: in the data directory")
    smtp_host: str | None = Field(
        default=None, description="left out: mail goes to `outbox` in the data directory"
    )
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Security = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_timeout_seconds: float = Field(default=20, gt=0, le=60)
    mail_sender: Annotated[str, AfterValidator(_sender)] = "Marketplace <no-reply@localhost>"
    two_person_payouts: bool = Field(
        default=False, description="whether whoever made a batch of payouts may not send it"
    )
    bank_holder_name: str = "Idea and Patent Marketplace"
    bank_account_number: str = "000-000-000000"
    bank_code: str = "004"
    bank_country: str = "KR"
    stripe_api_key: SecretStr | None = Field(
        default=None, description="sk_test_… or sk_live_…; left out, Stripe is not offered"
    )
    stripe_publishable_key: str | None = Field(default=None, description="for the payer's browser")
    stripe_webhook_secrets: SecretStr | None = Field(
        default=None, description="whsec_… of each endpoint, with commas between them"
    )
    stripe_api_base: str | None = Field(default=None, description="a service that acts as Stripe")
    stripe_country: CountryCode = Field(default="US", description="of the platform's account")
    stripe_currencies: Annotated[str, AfterValidator(_currency_codes)] = Field(
        default="USD", description="that the platform's account settles, with commas between them"
    )
    stripe_return_url: str = Field(
        default="http://127.0.0.1:8000/docs", description="where payees come back to from Stripe"
    )

    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets that Stripe signs with; during a rotation an endpoint has two."""
        secrets = self.stripe_webhook_secrets
        return _listed(secrets.get_secret_value()) if secrets else ()

    def currencies_of_stripe(self) -> frozenset[str]:
        return frozenset(_listed(self.stripe_currencies))

    def timestamp_certificates(self) -> tuple[Certificate, ...]:
        """What tokens of the time-stamping authority lead to; nothing where none is set up."""
        if self.timestamp_ca_file is None:
            return ()
        return tuple(load_pem_x509_certificates(self.timestamp_ca_file.read_bytes()))

    @property
    def issuer(self) -> str:
        """The address that links begin with, and that clients discover everything from."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    def key_service(self) -> KeyService | None:
        """What opens the key file; None where it opens by itself.

        Raises:
            ConfigurationError: there is an address of a service, and no token for it.
        """
        if self.key_service_url is None:
            return None
        if self.key_service_token_file is None:
            raise ConfigurationError(
                "MARKETPLACE_KEY_SERVICE_TOKEN_FILE: name the file with the token"
            )
        token_path = self.key_service_token_file
        return TransitService(self.key_service_url, self.key_service_key, token_path)

    @property
    def keys_path(self) -> Path:
        return self.master_key_file or self.data_dir / "master.keys"

    @property
    def index_path(self) -> Path:
        return self.search_dir or self.data_dir / "search"

    @property
    def register_index_path(self) -> Path:
        return self.index_path / "register"

    @property
    def files_path(self) -> Path:
        return self.data_dir / "files"

    @property
    def videos_path(self) -> Path:
        return self.data_dir.absolute() / "videos"

    def mail_transport(self) -> Transport:
        """The mail server, or the outbox folder where none is configured."""
        if self.smtp_host is None:
            return FolderTransport(self.data_dir / "outbox")
        return SmtpTransport(
            self.smtp_host,
            self.smtp_port,
            self.smtp_security,
            self.smtp_username,
            self.smtp_password.get_secret_value() if self.smtp_password else None,
            self.smtp_timeout_seconds,
        )

    def sqlalchemy_url(self) -> str:
        """The database for SQLAlchemy with asyncpg."""
        return f"postgresql+asyncpg://{self._address()}"

    def asyncpg_url(self) -> str:
        """The database for the driver itself."""
        return f"postgresql://{self._address()}"

    def _address(self) -> str:
        if self.database_url is None:
            raise RuntimeError("DATABASE_URL is not set, and no embedded server was started")
        return self.database_url.get_secret_value().partition("://")[2]


def configured(given: Mapping[str, Any]) -> Settings:
    """The configuration, with what is `given` in place of the environment.

    Raises:
        ConfigurationError: it names the variable to correct.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise ConfigurationError(first_problem(error, _variable)) from error


def first_problem(error: ValidationError, name: Callable[[str], str] = str) -> str:
    """The field and what is wrong with it; never its value, which may be a password."""
    first = error.errors(include_input=False)[0]
    place = ".".join(name(str(part)) for part in first["loc"])
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"


def _variable(field: str) -> str:
    """What one sets it by; the database's own variable is its field's name already."""
    return field if field.isupper() else f"MARKETPLACE_{field.upper()}"
