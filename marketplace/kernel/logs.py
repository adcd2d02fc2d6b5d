"""Structured logs: one JSON object a line on standard error, with the request id on each."""

import logging
import sys

import orjson
import structlog


def configure_logs(level: str = "INFO", *, console: bool | None = None) -> None:
    """Set up logging once per process: JSON, or on a terminal lines for people."""
    console = sys.stderr.isatty() if console is None else console
    renderer = (
        structlog.dev.ConsoleRenderer()
        if console
        else structlog.processors.JSONRenderer(serializer=_dumps)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    _configure_libraries(shared, renderer)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _configure_libraries(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> None:
    """Let what libraries complain of (the server, the event loop) go the same way."""
    finish = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    named = [structlog.stdlib.add_logger_name, *shared]
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_without_trace)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=finish, foreign_pre_chain=named)
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _without_trace(record: logging.LogRecord) -> bool:
    """A pool that waits for the database to be back says so each time; where is no news."""
    if record.name == "asyncpg.pool":
        record.exc_info = None
    return True


def _dumps(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return logger
