"""Schema migrations, run by one process at a time."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config

from marketplace.settings import Settings

ROOT: Final = Path(__file__).resolve().parent.parent


def alembic_config(settings: Settings) -> Config:
    """Alembic with the database of the settings; `%` would be read as an interpolation."""
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", settings.sqlalchemy_url().replace("%", "%%"))
    return config


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the schema up to date; another process that does the same is waited for."""
    command.upgrade(alembic_config(settings), revision)
