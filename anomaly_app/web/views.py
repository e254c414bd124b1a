"""``/stats``, ``/healthz`` and ``/readyz`` of one worker."""

from typing import Protocol, cast

import faust
from faust.types import TP
from faust.types.web import Request, Response, View

from anomaly_app.context import WorkerContext
from anomaly_app.core.visible import quoted
from anomaly_app.web.profile import local_profile, page_of
from anomaly_app.web.stats import PartitionPosition, worker_stats
from anomaly_app.web.token import has_token, why_not

OK, UNAUTHORIZED, FORBIDDEN, MISSING, UNAVAILABLE = 200, 401, 403, 404, 503


class Consumer(Protocol):
    """What the pages need from the app's consumer."""

    def confirmed(self, tp: TP) -> int | None:
        """Return the offset after the last confirmed record of a partition."""

    def highwater(self, tp: TP) -> int | None:
        """Return the offset up to which a partition can be read."""

    def end_offset(self, tp: TP) -> int | None:
        """Return the offset that the next record will get."""


def define_views(app: faust.App, context: WorkerContext) -> None:
    """Define the pages."""

    @app.page("/stats")
    async def stats(view: View, request: Request) -> Response:  # noqa: ARG001
        """Counters of this worker since its start."""
        positions = [await _position(app, tp) for tp in _assignment(app)]
        return view.json(worker_stats(context, positions))

    @app.page("/healthz")
    async def healthz(view: View, request: Request) -> Response:  # noqa: ARG001
        """Liveness: any answer means that the event loop runs."""
        return view.json({"status": "ok"})

    @app.page("/readyz")
    async def readyz(view: View, request: Request) -> Response:  # noqa: ARG001
        """Readiness: whether this worker has its model, partitions, memories and schemas."""
        missing, waits_for = not_ready(app, context), context.memories.waits_for
        body = {"status": "waiting" if missing else "ready", "missing": missing}
        if waits_for is not None:
            body["memory"] = waits_for
        return view.json(body, status=UNAVAILABLE if missing else OK)

    @app.page("/profile/{entity}")
    async def profile(view: View, request: Request, **_: str) -> Response:
        """Show what this worker remembers of an entity; it needs the token."""
        if not has_token(request.headers, context.settings):
            closed = context.settings.web_token is None
            answer = view.json(
                {"error": why_not(context.settings)}, status=FORBIDDEN if closed else UNAUTHORIZED
            )
            answer.headers["WWW-Authenticate"] = 'Basic realm="anomaly-app"'
            return answer
        entity = request.match_info["entity"]
        found = local_profile(entity, context)
        if found is None:
            line = f"this worker remembers nothing of {quoted(entity)}: another one may"
            return view.json({"error": line}, status=MISSING)
        if "text/html" in request.headers.get("Accept", ""):
            return view.html(page_of(found))
        return view.json(found)


def not_ready(app: faust.App, context: WorkerContext) -> list[str]:
    """List what this worker is still waiting for; empty if it is ready."""
    checks = {
        "model": context.model is not None,
        "partitions": bool(_assignment(app)),
        "rebalance": not app.rebalancing,
        "tables": not app.in_recovery,
        "memory": context.memories.waits_for is None,
        "schema registry": context.schemas is None or context.schemas.waits_for is None,
    }
    return [name for name, fulfilled in checks.items() if not fulfilled]


def _assignment(app: faust.App) -> set[TP]:
    try:
        return {tp for tp in app.consumer.assignment() if not tp.topic.startswith("__")}
    except faust.exceptions.NotReady:
        return set()


async def _position(app: faust.App, tp: TP) -> PartitionPosition:
    consumer = cast("Consumer", app.consumer)
    offset = consumer.confirmed(tp)
    if offset is None:
        offset = await app.consumer.position(tp)
    readable, end = consumer.highwater(tp), consumer.end_offset(tp)
    waiting = None if readable is None or end is None else end - readable
    return PartitionPosition(tp.topic, tp.partition, offset, readable, waiting)
