"""A probe of the broker before the first client, to tell apart what can go wrong.

aiokafka's clients log why a broker rejected them, and then raise the same error as if no broker
were there. A direct connection raises the actual cause.
"""

import asyncio
import logging
import ssl
from contextlib import suppress

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from anomaly_app.errors import BrokerRefused, BrokerUnreachable
from anomaly_app.kafka.security import client_options
from anomaly_app.settings import Settings

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 2.0
"""Seconds between two attempts to reach the broker."""

ANSWER_TIMEOUT = 10.0
"""Seconds that one broker has to answer."""

TLS_ALERT = 0x1503
"""First bytes of a TLS alert; Kafka's protocol has a length there."""

DISCONNECTS = (KafkaConnectionError, ConnectionResetError, ssl.SSLEOFError)
"""A server was there, and closed the connection."""


async def connect(settings: Settings, *, wait: float) -> AIOKafkaAdminClient:
    """Wait for the broker and return an admin client that is connected to it.

    Parameters
    ----------
    settings
        The broker's address, and the app's credentials.
    wait
        Seconds after which the broker counts as unreachable; 0 tries once.

    Raises
    ------
    BrokerRefused
        The broker answered, and retrying will not help.
    BrokerUnreachable
        No broker answered for `wait` seconds.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + wait
    while True:
        try:
            await _probe(settings)
            return await _start_admin(settings)
        except (KafkaError, OSError) as fault:
            if clock() + RETRY_INTERVAL > deadline:
                hint = (
                    "; the connection was closed: does this listener speak "
                    f"{settings.security_protocol} (ANOMALY_SECURITY_PROTOCOL)?"
                    if isinstance(fault, DISCONNECTS)
                    else ""
                )
                raise BrokerUnreachable(
                    f"no broker answers at {settings.broker} (ANOMALY_BROKER)"
                    f"{f' after {wait:.0f} s' if wait else ''}: {type(fault).__name__}{hint}"
                ) from None
            logger.warning(
                "no broker at %s yet; trying again in %.0f s", settings.broker, RETRY_INTERVAL
            )
            await asyncio.sleep(RETRY_INTERVAL)


async def _start_admin(settings: Settings) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
    except BaseException:
        with suppress(KafkaError, OSError):
            await admin.close()
        raise
    return admin


async def _probe(settings: Settings) -> None:
    """Return when one of the addresses answers; otherwise raise the last one's error."""
    options = client_options(settings)
    addresses = collect_hosts(options.pop("bootstrap_servers"))
    for left, (host, port, _) in enumerate(addresses, start=1 - len(addresses)):
        try:
            connection = await create_conn(
                host, port, request_timeout_ms=int(ANSWER_TIMEOUT * 1000), **options
            )
            try:
                # A listener that requires a user tells anyone its versions, and then hangs up.
                await connection.send(MetadataRequest([]))
            finally:
                await connection.close()
        except (KafkaError, OSError) as fault:
            if why := _refusal(fault, f"{host}:{port}", settings):
                raise BrokerRefused(why) from None
            if left == 0:
                raise
        else:
            return


def _refusal(fault: Exception, address: str, settings: Settings) -> str | None:
    """Explain what to do about an error that another attempt would meet again."""
    protocol, mechanism = settings.security_protocol, settings.sasl_mechanism
    match fault:
        case SaslAuthenticationFailed():
            return (
                f"the broker at {address} rejects the user {settings.sasl_username!r} "
                f"({protocol}, {mechanism}): check ANOMALY_SASL_USERNAME and ANOMALY_SASL_PASSWORD"
            )
        case UnsupportedSaslMechanismError():
            return (
                f"the broker at {address} does not offer {mechanism}: set another mechanism in "
                "ANOMALY_SASL_MECHANISM"
            )
        case IllegalSaslStateError():
            return (
                f"the broker at {address} has no users on this listener, but "
                f"ANOMALY_SECURITY_PROTOCOL is {protocol}: change it, or the port in ANOMALY_BROKER"
            )
    return _tls_refusal(fault, address, settings)


def _tls_refusal(fault: Exception, address: str, settings: Settings) -> str | None:
    # With TLS 1.3 a broker refuses the app's certificate only after the handshake.
    match fault if isinstance(fault, ssl.SSLError) else fault.__cause__:
        case ssl.SSLCertVerificationError() as found:
            return (
                f"the certificate of the broker at {address} is not trusted "
                f"({found.verify_message.rstrip('.')}): set ANOMALY_TLS_CA_FILE to the authority "
                "that signed it, and use the certificate's host name in ANOMALY_BROKER"
            )
        case ssl.SSLError(reason=str(reason)) as found if not isinstance(found, ssl.SSLEOFError):
            return (
                f"TLS with the broker at {address} failed ({reason.lower().replace('_', ' ')}): "
                "check ANOMALY_SECURITY_PROTOCOL, ANOMALY_TLS_CERT_FILE and the port in "
                "ANOMALY_BROKER"
            )
        case asyncio.IncompleteReadError(expected=int(expected)) if expected >> 16 == TLS_ALERT:
            return (
                f"the broker at {address} speaks TLS, but ANOMALY_SECURITY_PROTOCOL is "
                f"{settings.security_protocol}: set it to SSL or SASL_SSL"
            )
    return None
