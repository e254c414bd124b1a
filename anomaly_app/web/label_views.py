"""The pages about labels, as Faust has pages."""

import faust
from faust.types.web import Request, Response
from faust.web import views

from anomaly_app.context import WorkerContext
from anomaly_app.incidents.saying import keeper
from anomaly_app.web.labels import LabelPages
from anomaly_app.web.replies import response_of


def define_label_views(app: faust.App, context: WorkerContext) -> None:
    """Define the pages; all of them need the token."""
    pages = LabelPages(context.settings, keeper(app.maybe_start_producer, context.settings))

    class Labels(views.View):
        """Add a label."""

        async def post(self, request: Request) -> Response:
            """Add a label."""
            body = await request.read()
            return response_of(self, await pages.add(body, request.headers))

    class Label(views.View):
        """Take back a label."""

        async def delete(self, request: Request, name: str) -> Response:
            """Take back a label."""
            user = request.query.get("user", "")
            return response_of(self, await pages.undo(name, user, request.headers))

    app.page("/labels/{name}")(Label)
    app.page("/labels")(Labels)
