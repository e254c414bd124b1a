"""The app as Faust will run it."""

import asyncio

from anomaly_app.app import BUFFERED_RUNS, create_app
from anomaly_app.settings import Settings
from anomaly_app.stream.topics import ALERTS_BUFFER


def test_alerts_have_room_to_wait_and_runs_do_not() -> None:
    async def buffers() -> dict[str, int]:
        agents = create_app(Settings()).agents.values()
        return {a.name.rpartition(".")[2]: a.channel_iterator.queue.maxsize for a in agents}

    assert asyncio.run(buffers()) == {"scoring": BUFFERED_RUNS, "alerting": ALERTS_BUFFER}
