"""What a worker has written into its log."""

import asyncio
from pathlib import Path


def _written(log: Path) -> list[str]:
    return [line.rstrip() for line in log.read_text().splitlines()]


async def lines_with(log: Path, *words: str) -> list[str]:
    """Give the lines that hold all the words."""
    lines = await asyncio.to_thread(_written, log)
    return [line for line in lines if all(word in line for word in words)]
