"""E-mail by SMTP: the messages of one incident are one thread."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.message import EmailMessage

import aiosmtplib
from aiosmtplib import SMTP, SMTPException

from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.email_message import Thread, message_of
from anomaly_app.channels.picture import Drawing
from anomaly_app.channels.reaching import Server
from anomaly_app.core.alerts.notice import IncidentView, Notice
from anomaly_app.core.visible import visible
from anomaly_app.settings.alerting.receivers import EmailReceiver

logger = logging.getLogger(__name__)

LONGEST_ATTEMPT = 10.0
"""Seconds from looking up the host to the server's answer after the message: a worker that stops
waits for it."""

LONGEST_PICTURE = 3.0
"""Seconds for a picture, without which the message goes out as well."""

LONGEST_GOODBYE = 1.0
"""Seconds for the end of a session whose message is delivered already."""

LONGEST_QUOTE = 200

PERMANENT = range(500, 600)
"""Replies that are the same next time."""

Picture = Callable[[IncidentView], Awaitable[Drawing | None]]
"""Draws an incident; None if there is nothing to see."""


class EmailChannel:
    """Sends notices to people by a mail server.

    A message whose delivery is uncertain is sent again with the same `Message-ID`, by which mail
    servers and programs show it once. If a server takes a message for some of the people only, it
    counts as delivered, and the others are named in the log.

    Parameters
    ----------
    receiver
        The server and the addresses.
    password
        Of the receiver's user, if there is one.
    picture
        Draws an incident; one that is late or fails is left out.

    Raises
    ------
    OSError
        The file of certificate authorities cannot be read.
    """

    def __init__(
        self, receiver: EmailReceiver, *, password: str | None, picture: Picture | None = None
    ) -> None:
        self._receiver = receiver
        self._password = password
        self._picture = picture
        self._server = Server(receiver.host, receiver.port, "host, encryption and ca_file")
        self._tls = ssl.create_default_context(cafile=receiver.ca_file)

    async def deliver(self, notice: Notice, place: Place) -> Delivered | Refused | Later:
        """Send a notice once."""
        thread = Thread.of(notice, place.reference)
        message = message_of(
            notice,
            thread,
            place.name_of(notice),
            sender=self._receiver.sender,
            to=self._receiver.to,
            picture=await self._drawn(notice),
        )
        fault = await self._send(message)
        return Delivered(thread.reference) if fault is None else fault

    async def _send(self, message: EmailMessage) -> Refused | Later | None:
        receiver = self._receiver
        client = SMTP(
            hostname=receiver.host,
            port=receiver.port,
            timeout=LONGEST_ATTEMPT,
            use_tls=receiver.encryption == "tls",
            start_tls=receiver.encryption == "starttls",
            tls_context=self._tls,
        )
        try:
            async with asyncio.timeout(LONGEST_ATTEMPT):
                await client.connect()
                if receiver.user is not None and self._password is not None:
                    await client.login(receiver.user, self._password)
                refused, _ = await client.send_message(message)
        except (SMTPException, OSError, ValueError) as fault:
            return self._meaning(fault)
        else:
            if refused:
                logger.warning(
                    "%s takes no mail for %s", receiver.host, visible(", ".join(refused), 500)
                )
            with suppress(SMTPException, OSError):
                async with asyncio.timeout(LONGEST_GOODBYE):
                    await client.quit()
            return None
        finally:
            client.close()

    def _meaning(self, fault: Exception) -> Refused | Later:
        """Sort what went wrong: about the message, or about the moment, an address or access."""
        host = self._receiver.host
        if isinstance(fault, aiosmtplib.SMTPDataError) and fault.code in PERMANENT:
            return Refused(f"{host} refuses the message: {_said(fault)}")
        if (said := _answered(fault)) is not None:
            return Later(f"{host} {said}")
        return Later(self._server.unreached(fault, LONGEST_ATTEMPT))

    async def _drawn(self, notice: Notice) -> Drawing | None:
        view = notice.subject
        if self._picture is None or not isinstance(view, IncidentView):
            return None
        try:
            async with asyncio.timeout(LONGEST_PICTURE):
                return await self._picture(view)
        except Exception:  # noqa: BLE001  # a picture never holds up a message
            logger.warning("an incident could not be drawn; the e-mail goes out without it")
            return None

    async def close(self) -> None:
        """Do nothing: a connection is for one message."""


def _answered(fault: Exception) -> str | None:
    """Say what the server has answered; None if it did not answer."""
    match fault:
        case aiosmtplib.SMTPAuthenticationError():
            # Without the server's words: they may repeat what it was sent.
            return f"refuses the user ({fault.code}): check user and password"
        case aiosmtplib.SMTPSenderRefused() if fault.code in PERMANENT:
            return f"refuses the sender: {_said(fault)}: check sender, user and encryption"
        case aiosmtplib.SMTPRecipientsRefused():
            return f"takes mail for nobody: {_said(fault.recipients[0])}: check the addresses"
        case aiosmtplib.SMTPResponseException():
            return f"answers {_said(fault)}"
        case SMTPException() if type(fault) in {SMTPException, aiosmtplib.SMTPNotSupported}:
            what = visible(fault.message, LONGEST_QUOTE)
            return f"does not offer what is asked for ({what}): check encryption and user"
    return None


def _said(fault: aiosmtplib.SMTPResponseException) -> str:
    words = " ".join(str(fault.message).split())
    return f"{fault.code} {visible(words, LONGEST_QUOTE)}"
