"""Take a picture of a page with Chromium: what the scripts share that draw messages for the docs.

Needed are Debian's packages chromium, fonts-lato, fonts-liberation and fonts-noto-color-emoji.
"""

import base64
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

WIDTH, TALLEST, MARGIN = 700, 1_800, 16
"""Pixels of the page, which is cut to what is on it."""

SCALE = 1.5
"""Pixels of the picture for each of the page."""

BACKGROUND = "#ffffff"


def photograph(html: str, target: Path) -> None:
    """Write a page as PNG, without what is blank below."""
    with tempfile.TemporaryDirectory() as folder:
        file, shot = Path(folder, "page.html"), Path(folder, "page.png")
        file.write_text(html)
        command = [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *(f"--window-size={WIDTH},{TALLEST}", f"--force-device-scale-factor={SCALE}"),
            *(f"--screenshot={shot}", file.as_uri()),
        ]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        with Image.open(shot) as opened:
            image = opened.convert("RGB")
    blank = Image.new("RGB", image.size, BACKGROUND)
    _, _, _, bottom = ImageChops.difference(image, blank).getbbox() or (0, 0, 0, image.height)
    cut = image.crop((0, 0, image.width, min(bottom + round(MARGIN * SCALE), image.height)))
    # A page has few colours: a palette makes the file a third as large.
    cut.quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)


def data_url(png: bytes) -> str:
    """Return a picture as an address that a page may have."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
