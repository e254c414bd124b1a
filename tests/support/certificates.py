"""Certificates that sign themselves, made by openssl."""

import ssl
import subprocess
from pathlib import Path


def self_signed(folder: Path, name: str, host: str) -> None:
    """Write ``NAME.pem`` and ``NAME.key`` for a host, such as ``IP:127.0.0.1``."""
    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={host}"),
        *("-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")),
    )


def serving(certificate: Path) -> ssl.SSLContext:
    """Give the settings of a server with this certificate, and the key of the same name."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return context


def openssl(*arguments: str) -> None:
    """Run openssl."""
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
