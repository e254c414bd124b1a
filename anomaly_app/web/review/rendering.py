"""Pages from templates: what is filled in is escaped, and nothing is loaded from elsewhere."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).with_name("templates")

STATIC = {"review.css": "text/css", "review.js": "text/javascript"}
"""Files that pages load, and their content types."""

OK, SEE_OTHER, BAD_REQUEST, UNAUTHORIZED, FORBIDDEN = 200, 303, 400, 401, 403
MISSING, UNAVAILABLE = 404, 503

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every page: only its own script runs, nothing is loaded from elsewhere, nothing is kept."""

YEAR = 31_536_000
"""Seconds."""


class Answer(NamedTuple):
    """What a page answers."""

    status: int
    body: bytes
    content_type: str = "text/html"
    headers: dict[str, str] = HEADERS


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["version"] = _version()
    return environment


@cache
def _version() -> str:
    """Return a hash of what pages load: browsers keep it for a year."""
    digest = hashlib.sha256()
    for name in STATIC:
        digest.update((TEMPLATES / name).read_bytes())
    return digest.hexdigest()[:12]


def page(template: str, *, status: int = OK, **filled: Any) -> Answer:
    """Fill in a template."""
    defaults = {"person": None, "here": "", "keys": ()}
    text = _environment().get_template(template).render({**defaults, **filled})
    return Answer(status, text.encode(errors="replace"))


def message(title: str, line: str, status: int, **filled: Any) -> Answer:
    """Return a page that says one thing."""
    return page("message.html", status=status, title=title, line=line, **filled)


def see_other(path: str, **headers: str) -> Answer:
    """Lead a browser to another page of these."""
    return Answer(SEE_OTHER, b"", headers={**HEADERS, "Location": path, **headers})


def static(name: str) -> Answer:
    """Return a file that pages load."""
    if name not in STATIC:
        return Answer(MISSING, b"", "text/plain")
    headers = {**HEADERS, "Cache-Control": f"public, max-age={YEAR}, immutable"}
    return Answer(OK, (TEMPLATES / name).read_bytes(), STATIC[name], headers)
