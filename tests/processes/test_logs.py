"""Every line of a log is one JSON object, whoever wrote it."""

import json
import subprocess
import sys

COMPLAIN = """
import logging
from marketplace.kernel.logs import configure_logs, get_logger
configure_logs("INFO")
logging.getLogger("uvicorn.access").info("a request")
get_logger("ours").info("said", amount=1)
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("uvicorn.error").exception("Exception in %s", "ASGI application")
logging.getLogger("asyncio").warning("slow")
try:
    raise ConnectionRefusedError
except OSError:
    logging.getLogger("asyncpg.pool").warning("retrying", exc_info=True)
"""


def test_what_libraries_complain_of_is_json_as_well() -> None:
    command = [sys.executable, "-c", COMPLAIN]
    said = subprocess.run(command, capture_output=True, text=True, check=True)

    ours, server, loop, pool = map(json.loads, said.stderr.splitlines())
    assert (ours["module"], ours["event"], ours["amount"]) == ("ours", "said", 1)
    assert (server["logger"], server["level"]) == ("uvicorn.error", "error")
    assert server["event"] == "Exception in ASGI application"
    assert server["exception"].endswith("ZeroDivisionError: division by zero")
    assert (loop["logger"], loop["event"]) == ("asyncio", "slow")
    assert (pool["event"], "exception" in pool) == ("retrying", False)
    assert said.stdout == ""
