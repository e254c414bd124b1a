"""The pages about incidents and silences, as Faust has pages."""

import faust
from faust.types.web import Request, Response, View
from faust.web import views

from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.feedback import Feedback
from anomaly_app.errors import BrokerError
from anomaly_app.incidents.saying import feedback_message
from anomaly_app.kafka.sending import SEND_ERRORS, send_all
from anomaly_app.web.incidents import IncidentPages
from anomaly_app.web.log_owner import Reply
from anomaly_app.web.page import HEADERS

ACCEPT_TIMEOUT = 10.0
"""Seconds in which the broker has to take what is said."""


def define_incident_views(app: faust.App, context: WorkerContext) -> None:
    """Define the pages; all of them need the token."""

    async def accept(said: Feedback) -> None:
        message = feedback_message(said, context.settings)
        try:
            producer = await app.maybe_start_producer()
            await send_all(producer, [message], timeout=ACCEPT_TIMEOUT)
        except SEND_ERRORS as fault:
            raise BrokerError(f"writing to {message.topic} failed: {fault!r}") from None

    pages = IncidentPages(context, accept)

    @app.page("/incidents")
    async def incidents(view: View, request: Request) -> Response:
        """List what goes on; ``?status=all`` lists what is over as well."""
        is_all = request.query.get("status") == "all"
        return _response(view, await pages.incidents(is_all=is_all, headers=request.headers))

    @app.page("/incidents/{name}")
    async def incident(view: View, request: Request, name: str) -> Response:
        """Show one incident."""
        return _response(view, await pages.incident(name, request.headers))

    class Silences(views.View):
        """List silences, and add one."""

        async def get(self, request: Request) -> Response:
            """List silences."""
            return _response(self, await pages.silences(request.headers))

        async def post(self, request: Request) -> Response:
            """Add a silence."""
            body = await request.read()
            return _response(self, await pages.add(body, request.headers))

    class Preview(views.View):
        """Say what a silence would have hidden."""

        async def post(self, request: Request) -> Response:
            """Say what a silence would have hidden."""
            body = await request.read()
            return _response(self, await pages.preview(body, request.headers))

    class Silence(views.View):
        """End a silence."""

        async def delete(self, request: Request, name: str) -> Response:
            """End a silence."""
            user = request.query.get("user", "")
            return _response(self, await pages.expire(name, user, request.headers))

    # The first that fits is taken.
    app.page("/silences/preview")(Preview)
    app.page("/silences/{name}")(Silence)
    app.page("/silences")(Silences)


def _response(view: View, reply: Reply) -> Response:
    return view.bytes(
        reply.body,
        content_type="application/json",
        status=reply.status,
        headers={**HEADERS},
    )
