"""``/stats``, ``/healthz`` and ``/readyz`` of one worker."""

import faust
from faust.types import TP
from faust.types.web import Request, Response, View

from anomaly_app.runtime import Runtime
from anomaly_app.web.stats import PartitionPosition, worker_stats

OK, UNAVAILABLE = 200, 503


def define_views(app: faust.App, runtime: Runtime) -> None:
    """Define the pages."""

    @app.page("/stats")
    async def stats(view: View, request: Request) -> Response:  # noqa: ARG001
        """Counters of this worker since its start."""
        positions = [await _position(app, runtime, tp) for tp in _assignment(app)]
        return view.json(worker_stats(runtime, positions))

    @app.page("/healthz")
    async def healthz(view: View, request: Request) -> Response:  # noqa: ARG001
        """Answer at all: the event loop lives."""
        return view.json({"status": "ok"})

    @app.page("/readyz")
    async def readyz(view: View, request: Request) -> Response:  # noqa: ARG001
        """Say whether this worker has its model, its partitions and its tables."""
        missing = not_ready(app, runtime)
        body = {"status": "waiting" if missing else "ready", "missing": missing}
        return view.json(body, status=UNAVAILABLE if missing else OK)


def not_ready(app: faust.App, runtime: Runtime) -> list[str]:
    """Name what this worker still waits for; empty when it is ready."""
    checks = {
        "model": runtime.model is not None,
        "partitions": bool(_assignment(app)),
        "rebalance": not app.rebalancing,
        "tables": not app.in_recovery,
    }
    return [name for name, fulfilled in checks.items() if not fulfilled]


def _assignment(app: faust.App) -> set[TP]:
    try:
        return {tp for tp in app.consumer.assignment() if not tp.topic.startswith("__")}
    except faust.exceptions.NotReady:
        return set()


async def _position(app: faust.App, runtime: Runtime, tp: TP) -> PartitionPosition:
    judged = runtime.counters.offsets if tp.topic == runtime.settings.transactions_topic else {}
    offset = judged.get(tp.partition)
    if offset is None:
        offset = await app.consumer.position(tp)
    return PartitionPosition(tp.topic, tp.partition, offset, app.consumer.highwater(tp))
