"""Small secret files that are on the disk whole or not at all, also after a power cut."""

import os
import secrets
from pathlib import Path


def write_draft(path: Path, content: str) -> Path:
    """Write what a file will be under a hidden name beside it, for its owner alone (0600)."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def replace_file(path: Path, content: str) -> None:
    """Give a file its content, in place of what it had."""
    write_draft(path, content).replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
