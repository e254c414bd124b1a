"""The pages of one worker; others are in `incident_views` and `label_views`."""

from typing import Protocol, cast

import faust
from faust.types import TP
from faust.types.web import Request, Response, View

from anomaly_app.context import WorkerContext
from anomaly_app.store.presence import can_have_store
from anomaly_app.web.incident_views import define_incident_views
from anomaly_app.web.label_views import define_label_views
from anomaly_app.web.profile import ProfilePage
from anomaly_app.web.search import KEYS
from anomaly_app.web.stats import PartitionPosition, worker_stats

OK, UNAVAILABLE = 200, 503


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

    define_incident_views(app, context)
    if can_have_store(context.settings):
        # Its packages are of an extra.
        from anomaly_app.web.review.views import define_review_views  # noqa: PLC0415

        define_review_views(app, context)
    define_label_views(app, context)
    profiles = ProfilePage(context)

    # A name may have slashes and line ends.
    @app.page(r"/profile/{entity:[\s\S]+}")
    async def profile(view: View, request: Request, **_: str) -> Response:
        """Show what is remembered of an entity, whichever worker has it; it needs the token."""
        entity, key = request.match_info["entity"], request.query.get("key", KEYS[0])
        answer = await profiles.answer(entity, key, request.headers)
        return view.bytes(
            answer.body,
            content_type=answer.content_type,
            status=answer.status,
            headers={**answer.headers},
        )


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
