"""A profile as an HTML page, without scripts and without anything from elsewhere."""

import base64
import hashlib
from html import escape

from anomaly_app.core.memory.profile_data import Profile
from anomaly_app.core.memory.profile_lines import LONGEST_NAME, buckets_title
from anomaly_app.core.times import iso_time
from anomaly_app.core.visible import visible
from anomaly_app.web.pictures import buckets_picture, hours_picture, values_picture
from anomaly_app.web.search import Found

STYLE = """
:root { color-scheme: light dark; --bar: #9db4cc; --now: #c2410c; --line: #48627d; }
@media (prefers-color-scheme: dark) { :root { --bar: #4d6580; --now: #fb923c; --line: #a9c1db; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 50em; padding: 0 1em; }
h1 { font-size: 1.4em; overflow-wrap: anywhere; }
main { display: flex; flex-wrap: wrap; gap: 1.5em 2em; }
figure { margin: 0; }
figcaption { max-width: 360px; overflow-wrap: anywhere; }
svg { display: block; max-width: 100%; height: auto; }
svg text { font-size: 11px; fill: currentColor; }
.bar { fill: var(--bar); }
.now, svg text.now { fill: var(--now); }
.line, .usual { fill: none; stroke: var(--line); }
.usual { stroke-dasharray: 4 3; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
"""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>{style}</style></head>
<body><h1>{title}</h1>
<p>{about}</p>
<main>{figures}</main>
<pre>{text}</pre>
</body></html>
"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Of every answer that reveals data: nothing runs, nothing is loaded, nothing is kept."""


def page_of(found: Found) -> str:
    """Return a profile as an HTML page."""
    return PAGE.format(
        style=STYLE,
        title=escape(visible(found.entity, LONGEST_NAME)),
        about=escape(_about(found)),
        figures="".join(_figures(found.profile)),
        text=escape("\n".join(found.lines[1:])),
    )


def _about(found: Found) -> str:
    return (
        f"What is remembered of this {found.key}, as of {iso_time(found.profile.time)}. The "
        "present hour and what is latest are marked; a dashed line is what is usual."
    )


def _figures(profile: Profile) -> list[str]:
    hours = [
        _figure(f"Usual hours; it is {int(profile.hour)}h", hours_picture(one, profile.hour))
        for one in profile.usual_hours
    ]
    values = [
        _figure(f"Last values of {visible(field, LONGEST_NAME)}", values_picture(field, last))
        for field, last in profile.last_values.items()
        if last
    ]
    windows = [
        _figure(buckets_title(one).capitalize(), buckets_picture(one)) for one in profile.windows
    ]
    return hours + values + windows


def _figure(caption: str, picture: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{picture}</figure>"
