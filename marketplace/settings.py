"""Configuration, from the environment (`MARKETPLACE_…` and `DATABASE_URL`) or a `.env` file."""

import logging
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from marketplace.kernel.money import UnknownCurrencyError, minor_digits
from marketplace.kernel.schemas import CountryCode


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


def _postgres_address(url: SecretStr) -> SecretStr:
    try:
        backend = make_url(url.get_secret_value()).get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend not in {"postgresql", "postgres"}:
        raise ValueError("write postgresql://user:password@host:5432/database")
    return url


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
    pool_size: int = Field(default=16, ge=2, le=200)
    read_pool_size: int = Field(default=8, ge=1, le=200)
    write_pool_size: int = Field(default=8, ge=1, le=200)
    log_level: Annotated[str, AfterValidator(_known_level)] = "INFO"
    log_requests: bool = True
    reporting_time_zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Seoul"
    master_key_file: Path | None = Field(
        default=None, description="left out: `master.keys` in the data directory"
    )
    search_dir: Path | None = Field(default=None, description="left out: in the data directory")
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

    @property
    def keys_path(self) -> Path:
        return self.master_key_file or self.data_dir / "master.keys"

    @property
    def index_path(self) -> Path:
        return self.search_dir or self.data_dir / "search"

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
