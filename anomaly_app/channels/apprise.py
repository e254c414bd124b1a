"""Apprise, for services without a channel of their own: one-way, from a thread."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.wording import as_text, title_of, words_of
from anomaly_app.core.alerts.notice import IncidentView, Notice
from anomaly_app.errors import SettingsError

LONGEST_CALL = 10.0
"""Seconds that a service may take: a worker that stops waits for it."""

KINDS = {"critical": "failure", "high": "warning", "medium": "info"}
"""Apprise's kinds of messages by severity; ``success`` for the end of an incident."""


class AppriseChannel:
    """Sends notices through Apprise.

    It knows of no markup, and Apprise's services differ: an ``@`` from the stream is followed by a
    space of no width, so that it mentions nobody.

    Parameters
    ----------
    url
        Apprise's URL of the service; a secret.

    Raises
    ------
    SettingsError
        Apprise is not installed, or does not know the URL; the text does not show it.
    """

    def __init__(self, url: str) -> None:
        library = _library()
        asset = library.AppriseAsset(
            app_id="anomaly-app", async_mode=False, storage_mode="memory", secure_logging=True
        )
        self._service = library.Apprise(asset=asset)
        # Its log shows an address that it does not know as a whole.
        with _silent(logging.getLogger("apprise")):
            is_known = self._service.add(url)
        if not is_known:
            raise SettingsError("Apprise does not know this kind of URL, or something is missing")
        self._thread: threading.Thread | None = None

    async def deliver(self, notice: Notice, place: Place) -> Delivered | Refused | Later:  # noqa: ARG002
        """Send a notice once."""
        if self._thread is not None and self._thread.is_alive():
            return Later("Apprise is still busy with the notice before")
        words = words_of(notice)
        message = {
            "title": _harmless(title_of(notice)),
            "body": _harmless(as_text(words)),
            "notify_type": _kind(notice),
            "body_format": "text",
        }
        try:
            is_taken = await asyncio.wait_for(self._in_a_thread(message), LONGEST_CALL)
        except TimeoutError:
            return Later(f"Apprise has not ended in {LONGEST_CALL:g} s")
        except Exception as fault:  # noqa: BLE001  # a service's own code; its text may hold the URL
            return Later(f"Apprise failed ({type(fault).__name__})")
        return Delivered() if is_taken else Later("Apprise could not deliver: its log says why")

    def _in_a_thread(self, message: dict[str, str]) -> asyncio.Future[bool]:
        """Call Apprise in a thread of its own, which keeps no worker from ending."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()

        def call() -> None:
            answer: bool | Exception
            try:
                answer = bool(self._service.notify(**message))
            except Exception as fault:  # noqa: BLE001  # it is raised where it is awaited
                answer = fault
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, done, answer)

        self._thread = threading.Thread(target=call, name="apprise", daemon=True)
        self._thread.start()
        return done

    async def close(self) -> None:
        """Do nothing: connections are of one call."""


@contextmanager
def _silent(logger: logging.Logger) -> Iterator[None]:
    was_disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was_disabled


def _settle(done: asyncio.Future[bool], answer: bool | Exception) -> None:  # noqa: FBT001
    if done.done():
        return
    if isinstance(answer, Exception):
        done.set_exception(answer)
    else:
        done.set_result(answer)


def _kind(notice: Notice) -> str:
    view = notice.subject
    if not isinstance(view, IncidentView):
        return "info"
    return KINDS.get(view.severity, "info") if view.is_open else "success"


def _harmless(text: str) -> str:
    return text.replace("@", "@\u200b")


def _library() -> Any:
    try:
        # Loaded late: it is an extra, and takes half a second.
        import apprise  # noqa: PLC0415
    except ImportError:
        raise SettingsError(
            "a receiver of the type apprise needs a package that is not installed: "
            "pip install 'anomaly-app[apprise]'"
        ) from None
    return apprise
