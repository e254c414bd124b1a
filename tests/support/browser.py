"""A real browser: Chromium as the system has it, driven by Playwright."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


@asynccontextmanager
async def browser_page() -> AsyncIterator[Page]:
    """Open an empty page; errors of its scripts fail the test. Without a browser it is skipped."""
    binary = next((found for name in NAMES if (found := shutil.which(name))), None)
    if binary is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    faults: list[str] = []
    async with async_playwright() as playwright:
        # Root has no sandbox in a container; only pages of the test are loaded.
        browser = await playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        try:
            page = await browser.new_page()
            page.on("pageerror", lambda fault: faults.append(str(fault)))
            yield page
        finally:
            await browser.close()
    assert faults == []
