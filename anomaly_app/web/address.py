"""The addresses that workers announce to each other: ``http://host:port``, and nothing else."""

import re
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import urlsplit

from anomaly_app.settings.security import LOOPBACK
from anomaly_app.settings.web import LAST_PORT

FORM = re.compile(r"http://(?:[A-Za-z0-9._-]{1,253}|\[([0-9A-Fa-f:.]{2,45})\]):([0-9]{1,5})")


def address_of(host: str, port: int) -> str:
    """Write an address; that of IPv6 is put in brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_address(text: str) -> bool:
    """Return whether a text is an address of a worker: without a user, a path or a query."""
    found = FORM.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= LAST_PORT:
        return False
    try:
        return found[1] is None or bool(IPv6Address(found[1]))
    except AddressValueError:
        return False


def is_loopback(address: str) -> bool:
    """Return whether an address means this host on each host."""
    return is_address(address) and urlsplit(address).hostname in LOOPBACK
