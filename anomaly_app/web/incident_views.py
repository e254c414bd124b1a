"""The pages about incidents and silences, as Faust has pages."""

import faust
from faust.types.web import Request, Response, View
from faust.web import views

from anomaly_app.context import WorkerContext
from anomaly_app.incidents.saying import keeper
from anomaly_app.web.incidents import IncidentPages
from anomaly_app.web.replies import MISSING, response_of


def define_incident_views(app: faust.App, context: WorkerContext) -> None:
    """Define the pages; all of them need the token."""
    pages = IncidentPages(context, keeper(app.maybe_start_producer, context.settings))

    @app.page("/incidents")
    async def incidents(view: View, request: Request) -> Response:
        """List what goes on; ``?status=all`` lists what is over as well."""
        is_all = request.query.get("status") == "all"
        return response_of(view, await pages.incidents(is_all=is_all, headers=request.headers))

    @app.page("/incidents/{name}")
    async def incident(view: View, request: Request, name: str) -> Response:
        """Show one incident."""
        return response_of(view, await pages.incident(name, request.headers))

    class Silences(views.View):
        """List silences, and add one."""

        async def get(self, request: Request) -> Response:
            """List silences."""
            return response_of(self, await pages.silences(request.headers))

        async def post(self, request: Request) -> Response:
            """Add a silence."""
            body = await request.read()
            return response_of(self, await pages.add(body, request.headers))

    class Preview(views.View):
        """Say what a silence would have hidden."""

        async def post(self, request: Request) -> Response:
            """Say what a silence would have hidden."""
            body = await request.read()
            return response_of(self, await pages.preview(body, request.headers))

    class Silence(views.View):
        """End a silence."""

        async def delete(self, request: Request, name: str) -> Response:
            """End a silence."""
            user = request.query.get("user", "")
            return response_of(self, await pages.expire(name, user, request.headers))

    # The first that fits is taken.
    app.page("/silences/preview")(Preview)
    app.page("/silences/{name}")(Silence)
    app.page("/silences")(Silences)

    class SlackPress(views.View):
        """Take what somebody has pressed in Slack; the request has to be signed."""

        async def post(self, request: Request) -> Response:
            """Take a press."""
            slack = context.slack
            body = await request.read()
            answer = None if slack is None else await slack.respond(body, request.headers)
            if answer is None:
                return self.bytes(b"", status=MISSING)
            return self.bytes(answer.body, content_type="application/json", status=answer.status)

    app.page("/slack/interactions")(SlackPress)
