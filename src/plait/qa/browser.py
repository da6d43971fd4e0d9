"""A page in the system's Chromium, by Playwright: what it shows, and what goes wrong in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plait.qa.order import Order
from plait.qa.outcome import Outcome, failed, missing, not_run, passed, write

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SHOT, TREE, CONSOLE = "screenshot.png", "accessibility.txt", "console.txt"
WIDTH, HEIGHT = 1280, 800
MOST_TOLD = 100
_BAD = 400
_STEP_MS = 10_000


@dataclass(slots=True)
class _Heard:
    """What went wrong while the page was shown."""

    wrong: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def add(self, told: str, *, own: bool = True) -> None:
        row = self.wrong if own else self.foreign
        if len(row) < MOST_TOLD:
            row.append(told)


def chromium() -> str | None:
    """The system's browser, if it has one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def try_page(order: Order) -> Outcome:
    """Show the page, take the steps, keep what is seen."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return missing("Playwright is")
    program = chromium()
    if program is None:
        return not_run("there is no Chromium on this machine: install it")
    path = order.what.path
    url = order.url.rstrip("/") + (path if path.startswith("/") else f"/{path}")
    heard = _Heard()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program,
                args=["--no-sandbox"] if os.geteuid() == 0 else [],
            )
            try:
                page = browser.new_page(
                    viewport={"width": WIDTH, "height": HEIGHT},
                    reduced_motion="reduce",
                    locale="en-GB",
                    timezone_id="UTC",
                )
                page.set_default_timeout(min(_STEP_MS, order.timeout_s * 500))
                return _shown(order, page, url, heard, Error)
            finally:
                browser.close()
    except Error as error:
        return not_run(f"the browser could not be used: {_first(error)}", target=url)


def _shown(
    order: Order, page: Any, url: str, heard: _Heard, error_type: type[Exception]
) -> Outcome:
    page.on("console", lambda each: _console(each, url, heard))
    page.on("pageerror", lambda each: heard.add(f"uncaught: {each}"))
    page.on("response", lambda each: _response(each, order.url, heard))
    page.on("requestfailed", lambda each: _lost(each, order.url, heard))
    wrong = ""
    try:
        answer = page.goto(url, wait_until="load")
        if answer is not None and answer.status >= _BAD:
            wrong = f"it answered {answer.status}"
        for step in order.what.steps if not wrong else ():
            _step(page, step)
        for text in order.what.text if not wrong else ():
            page.get_by_text(text).first.wait_for(state="visible")
    except error_type as error:
        wrong = _first(error)
    seen = _evidence(order, page, heard, error_type)
    wrong = wrong or (f"errors in the page: {heard.wrong[0]}" if heard.wrong else "")
    if wrong:
        details = "\n".join([*heard.wrong, *heard.foreign, "", _tree(page, error_type)])
        return failed(wrong, details=details, target=url, evidence=seen)
    return passed(target=url, evidence=seen)


def _step(page: Any, told: Mapping[str, str]) -> None:
    """One step: a text that must show, something to click, a field to fill in, a key to press."""
    if expected := told.get("expect"):
        page.get_by_text(expected).first.wait_for(state="visible")
    if target := told.get("click"):
        page.locator(target).click()
    if target := told.get("fill"):
        page.locator(target).fill(told.get("with", ""))
    if pressed := told.get("press"):
        page.keyboard.press(pressed)


def _console(message: Any, url: str, heard: _Heard) -> None:
    place = (message.location or {}).get("url", "")
    is_icon = place.endswith("/favicon.ico")
    if message.type == "error" and not is_icon and not message.text.startswith("Failed to load"):
        heard.add(f"console: {message.text[:500]} ({place or url})")


def _response(response: Any, base: str, heard: _Heard) -> None:
    if response.status >= _BAD and not response.url.endswith("/favicon.ico"):
        heard.add(f"{response.status} for {response.url[:500]}", own=response.url.startswith(base))


def _lost(request: Any, base: str, heard: _Heard) -> None:
    told = f"no answer for {request.url[:500]}: {request.failure or ''}"
    aborted = "ERR_ABORTED" in (request.failure or "")
    heard.add(told, own=request.url.startswith(base) and not aborted)


def _evidence(
    order: Order, page: Any, heard: _Heard, error_type: type[Exception]
) -> tuple[str, ...]:
    names = [
        write(order, TREE, _tree(page, error_type)),
        write(order, CONSOLE, "\n".join([*heard.wrong, *heard.foreign]) + "\n"),
    ]
    try:
        page.screenshot(path=order.evidence / SHOT)
        names.insert(0, SHOT)
    except error_type:
        pass
    return tuple(names)


def _tree(page: Any, error_type: type[Exception]) -> str:
    """The page as those see it who do not see."""
    try:
        return str(page.locator("body").aria_snapshot())
    except error_type as error:
        return f"(none: {_first(error)})"


def _first(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:500]
