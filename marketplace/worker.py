"""The background process: delivers events, runs due clocks, matches money, mails, folds, seals.

Every loop is a small transaction at a time, so any number of workers share the work and a killed
one loses nothing.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from marketplace.accounts.letters import Letters
from marketplace.accounts.passwords.service import mail_resets
from marketplace.assets.alerts.service import note_fees, tell
from marketplace.documents.proofs.renewing import renew_stamps
from marketplace.documents.proofs.service import stamp_new
from marketplace.documents.proofs.timestamps import Authority
from marketplace.documents.withdrawing import destroy_withdrawn
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.clocks import run_all_due
from marketplace.kernel.crypto import KeyFileError, load_keyring
from marketplace.kernel.database_errors import is_transient
from marketplace.kernel.db import Sessions, create_engine, create_sessions
from marketplace.kernel.events import deliver, ensure_position
from marketplace.kernel.logs import get_logger
from marketplace.kernel.mail.sending import Mailer
from marketplace.kernel.master_keys import carry_keyring, open_keyring
from marketplace.kernel.news import News
from marketplace.kernel.plain_files import PlainFiles
from marketplace.kernel.sealed_files import SealedFiles
from marketplace.kernel.seals import seal_new_events
from marketplace.listings.video.service import sweep_videos
from marketplace.payments.errands.desk import Desk
from marketplace.payments.errands.service import run_errands
from marketplace.payments.funding.matching import match_received
from marketplace.payments.inbox.service import handle_events
from marketplace.payments.providers.stripe.setup import open_desk
from marketplace.search.index import IndexBusyError
from marketplace.search.indexing import LISTINGS, REGISTER, Corpus, Indexer
from marketplace.settings import Settings
from marketplace.statistics.folding import CONSUMER as STATISTICS
from marketplace.statistics.folding import fold
from marketplace.statistics.releases.service import release_due
from marketplace.valuation.assignments.engine import assign_due
from marketplace.wiring import CLOCKS, CONSUMERS, ERRANDS, FORGETTING, TURNING

logger = get_logger(__name__)

POLL_SECONDS: Final = 0.2
CLOCK_SECONDS: Final = 1.0
MAIL_SECONDS: Final = 0.5
SEAL_SECONDS: Final = 3600.0
FAILURE_SECONDS_MAX: Final = 5.0


@dataclass(frozen=True, slots=True)
class Loop:
    """A task that runs again at once while it finds work, else after a pause."""

    name: str
    run: Callable[[], Awaitable[int]]
    pause_seconds: float


def provider_loops(sessions: Sessions, settings: Settings, desk: Desk | None) -> list[Loop]:
    """News from Stripe, and calls to it, where it is set up."""
    if desk is None:
        return []
    return [
        Loop("provider events", partial(handle_events, sessions, desk.keyring), POLL_SECONDS),
        Loop("errands", partial(run_errands, desk, ERRANDS), POLL_SECONDS),
    ]


def stamp_loops(sessions: Sessions, settings: Settings) -> list[Loop]:
    """Proofs of existence, where a time-stamping authority is set up."""
    if settings.timestamp_url is None:
        return []
    authority = Authority(settings.timestamp_url, settings.timestamp_certificates())
    stamping = partial(stamp_new, sessions, authority)
    return [
        Loop("time stamps", stamping, settings.timestamp_seconds),
        Loop("renewed time stamps", partial(renew_stamps, sessions, authority), SEAL_SECONDS),
    ]


def loops(sessions: Sessions, settings: Settings, desk: Desk | None = None) -> list[Loop]:
    """Everything that goes on in the background."""
    indexing = IndexLoop(sessions, settings.index_path, LISTINGS)
    registering = IndexLoop(sessions, settings.register_index_path, REGISTER)
    keyring, transport = (
        load_keyring(settings.keys_path, settings.key_service()),
        settings.mail_transport(),
    )
    carry_keyring(sessions, keyring)
    letters, zone = Letters(keyring, settings.issuer), ZoneInfo(settings.reporting_time_zone)
    mailer = Mailer(sessions, keyring, transport, settings.mail_sender)
    news = News(sessions)

    def reading(name: str, run: Callable[[], Awaitable[int]]) -> Loop:
        return Loop(f"events:{name}", partial(news.heed, name, run), POLL_SECONDS)

    return [
        *(reading(c.name, partial(deliver, sessions, c)) for c in CONSUMERS),
        Loop("clocks", partial(run_all_due, sessions, CLOCKS), CLOCK_SECONDS),
        *(Loop(f"turning:{t.__module__}", partial(t, sessions), CLOCK_SECONDS) for t in TURNING),
        Loop("valuers", partial(assign_due, sessions, zone), CLOCK_SECONDS),
        Loop("bank entries", partial(match_received, sessions), POLL_SECONDS),
        Loop("search index", indexing.run, POLL_SECONDS),
        Loop("register index", registering.run, CLOCK_SECONDS),
        reading(STATISTICS, partial(fold, sessions, settings.reporting_time_zone)),
        Loop("releases", partial(_release, sessions, settings), SEAL_SECONDS),
        Loop("password resets", partial(mail_resets, sessions, letters), MAIL_SECONDS),
        Loop("annuities", partial(note_fees, sessions), SEAL_SECONDS),
        Loop("alerts", partial(tell, sessions, keyring), MAIL_SECONDS),
        Loop("mail", mailer.send_due, MAIL_SECONDS),
        *provider_loops(sessions, settings, desk),
        *stamp_loops(sessions, settings),
        Loop(
            "withdrawn documents",
            partial(destroy_withdrawn, sessions, keyring, SealedFiles(settings.files_path)),
            CLOCK_SECONDS,
        ),
        Loop(
            "videos",
            partial(sweep_videos, sessions, PlainFiles(settings.videos_path)),
            CLOCK_SECONDS,
        ),
        Loop("seals", partial(seal, sessions), SEAL_SECONDS),
        Loop("forgetting", partial(forget, sessions), SEAL_SECONDS),
    ]


async def _release(sessions: Sessions, settings: Settings) -> int:
    """Publish statistics of the months that ended."""
    totals_known = settings.live_statistics == "public"
    return await release_due(sessions, settings.reporting_time_zone, totals_known=totals_known)


class IndexLoop:
    """Holds this machine's index writer, or waits for the process that has it to end."""

    def __init__(self, sessions: Sessions, path: Path, corpus: Corpus) -> None:
        self._sessions = sessions
        self._path = path
        self._corpus = corpus
        self._indexer: Indexer | None = None

    async def run(self) -> int:
        """Index what is new; an index that was damaged or removed is built anew."""
        if self._indexer and not self._indexer.is_whole():
            self.close()
        try:
            self._indexer = self._indexer or Indexer(self._path, self._corpus)
            return await self._indexer.catch_up(self._sessions)
        except IndexBusyError:
            return 0
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """Let another process write the index."""
        if self._indexer:
            self._indexer.close()
        self._indexer = None


async def seal(sessions: Sessions) -> int:
    """Seal new events; the head goes to the log, outside the database that it vouches for."""
    async with sessions.begin() as session:
        made = await seal_new_events(session)
    if made:
        logger.info("events sealed", number=made.number, events=made.events, head=made.hash)
    return 0


async def forget(sessions: Sessions) -> int:
    """Delete what has served its time, such as sessions that expired."""
    async with sessions.begin() as session:
        for forget_old in FORGETTING:
            await forget_old(session)
    return 0


async def prepare(sessions: Sessions) -> None:
    """Give each consumer its position, once."""
    async with sessions.begin() as session:
        for consumer in CONSUMERS:
            await ensure_position(session, consumer.name)


async def confirm_keys(sessions: Sessions, settings: Settings) -> None:
    """See that the key file is that of the database, before anything is encrypted.

    Raises:
        KeyFileError: it is not.
    """
    async with sessions.begin() as session:
        await open_keyring(session, settings.keys_path, settings.key_service())


async def work(settings: Settings) -> None:
    """Run every loop until the process is told to stop.

    Raises:
        KeyFileError: the key file is not that of the database.
    """
    engine = create_engine(settings.sqlalchemy_url(), pool_size=6)
    sessions = create_sessions(engine, SystemClock())
    try:
        await _retrying("keys", partial(confirm_keys, sessions, settings))
        await _run_until_told(sessions, settings)
    finally:
        await engine.dispose()


async def _run_until_told(sessions: Sessions, settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as open_:
        desk = None
        if settings.stripe_api_key is not None:
            desk = await open_.enter_async_context(open_desk(settings, sessions))
        found = loops(sessions, settings, desk)
        tasks = [asyncio.create_task(_keep_running(loop)) for loop in found]
        tasks.append(asyncio.create_task(_retrying("prepare", partial(prepare, sessions))))
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_running(loop: Loop) -> None:
    failures = 0
    while True:
        try:
            found = await loop.run()
            failures = 0
        except Exception as error:  # noqa: BLE001 - whatever fails is told, and tried again
            failures += 1
            _tell(loop.name, error, failures)
            await asyncio.sleep(min(2**failures * POLL_SECONDS, FAILURE_SECONDS_MAX))
            continue
        if not found:
            await asyncio.sleep(loop.pause_seconds)


async def _retrying(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Try until it works, as while the database is still starting; a refusal is for good."""
    while True:
        try:
            await run()
        except KeyFileError:
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            _tell(name, error, 1)
            await asyncio.sleep(1)
        else:
            return


def _tell(name: str, error: Exception, failures: int) -> None:
    """Log a failure; that the database is away is no bug of ours, and needs no stack of calls."""
    if isinstance(error, OSError | TimeoutError) or is_transient(error):
        logger.warning("waiting for the database", loop=name, failures=failures)
    else:
        logger.error("background loop failed", loop=name, failures=failures, exc_info=error)
