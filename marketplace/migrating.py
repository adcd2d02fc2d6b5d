"""Schema migrations, run by one process at a time."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
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
    with _undisturbed():
        command.upgrade(alembic_config(settings), revision)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back the signals that end a command until the block is done.

    Raised in the midst of the driver's switching between stacks, an interrupt can crash Python.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
