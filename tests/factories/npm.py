"""Packages of npm, installed once for all runs; without node and npm a test is skipped."""

import asyncio
import shutil
from pathlib import Path

import pytest

CACHE = Path.home() / ".cache" / "marketplace-tests"


async def installed(package: str, entry: str) -> Path:
    """The file of a package that is imported, such as `openid-client@6.8.9`."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip(f"node and npm are needed for {package}")
    folder = CACHE / package.replace("@", "-")
    found = folder / "node_modules" / package.partition("@")[0] / entry
    if not found.exists():
        folder.mkdir(parents=True, exist_ok=True)
        quiet = asyncio.subprocess.DEVNULL
        asked = ("install", "--silent", "--no-save", "--prefix", str(folder), package)
        install = await asyncio.create_subprocess_exec("npm", *asked, stdout=quiet, stderr=quiet)
        if await install.wait() or not found.exists():
            pytest.skip(f"npm could not install {package}")
    return found
