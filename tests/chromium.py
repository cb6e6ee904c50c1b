"""A headless Chromium for the tests that look at a page as people do."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def browser_path() -> str:
    """Return a Chromium, or fail with the command that installs one."""
    wanted = os.environ.get("IKZ_CHROMIUM")
    found = [wanted] if wanted else [path for name in BROWSERS if (path := shutil.which(name))]
    if not found:
        pytest.fail(
            "the browser test needs Chromium and found none; install it with `apt-get install chromium` (as root or with "
            "sudo), or set IKZ_CHROMIUM to the path of one",
            pytrace=False,
        )
    return found[0]


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Open a Chromium, and close it."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser_path(), args=list(QUIET))
        yield opened
        opened.close()
