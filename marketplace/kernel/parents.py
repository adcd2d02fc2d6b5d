"""Ending with the process that started us, also when it was killed and could say nothing."""

import os
import signal
import threading
import time
from typing import Final

PARENT_VARIABLE: Final = "MARKETPLACE_PARENT"
"""Names the process whose end is ours; set by it, since it may be gone before we look."""

POLL_SECONDS: Final = 0.25
GRACE_SECONDS: Final = 15.0


def end_with_parent() -> None:
    """Get SIGTERM as soon as the parent named in the environment is gone, and SIGKILL later."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent:
        threading.Thread(target=_watch, args=(int(parent),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
