"""The pages of the review, as Faust has pages."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qsl

import faust
from faust.types.web import Request, Response, View
from faust.web import views

from anomaly_app.context import WorkerContext
from anomaly_app.incidents.saying import keeper
from anomaly_app.web.people.identity import Asked
from anomaly_app.web.review.pages import ReviewPages
from anomaly_app.web.review.rendering import Answer, static
from anomaly_app.web.review.signing import sign_in_page

LONGEST_FORM = 16_384
"""Bytes."""

MOST_FIELDS = 20


def define_review_views(app: faust.App, context: WorkerContext) -> None:
    """Define the pages."""
    pages = ReviewPages(context, keeper(app.maybe_start_producer, context.settings))

    @app.page("/review")
    async def queue(view: View, request: Request) -> Response:
        """Show what nobody has judged."""
        return _response(view, await pages.queue(_asked(request), request.query))

    # A name may have slashes.
    @app.page(r"/review/anomalies/{name:[\s\S]+}")
    async def anomaly(view: View, request: Request, **_: str) -> Response:
        """Show one anomaly."""
        name = request.match_info["name"]
        return _response(view, await pages.anomaly(_asked(request), name, request.query))

    @app.page("/review/search")
    async def search(view: View, request: Request) -> Response:
        """Show what a search finds."""
        return _response(view, await pages.search(_asked(request), request.query))

    @app.page("/review/export.csv")
    async def export(view: View, request: Request) -> Response:
        """Return what a search finds as a file."""
        return _response(view, await pages.export(_asked(request), request.query))

    @app.page("/review/audit")
    async def audit(view: View, request: Request) -> Response:
        """Show who said and did what."""
        return _response(view, await pages.audit(_asked(request), request.query))

    _define_actions(app, pages)

    @app.page("/review/{name}")
    async def file(view: View, request: Request, name: str) -> Response:  # noqa: ARG001
        """Return what the pages load."""
        return _response(view, static(name))


def _define_actions(app: faust.App, pages: ReviewPages) -> None:
    class Labels(views.View):
        """Take a label."""

        async def post(self, request: Request) -> Response:
            """Take a label."""
            return _response(self, await pages.label(_asked(request), await _form(request)))

    class Undo(views.View):
        """Take back a label."""

        async def post(self, request: Request) -> Response:
            """Take back a label."""
            return _response(self, await pages.undo(_asked(request), await _form(request)))

    class SignIn(views.View):
        """Begin a session."""

        async def get(self, request: Request) -> Response:
            """Ask for a token."""
            return _response(self, sign_in_page(request.query.get("back", ""), "", 200))

        async def post(self, request: Request) -> Response:
            """Begin a session."""
            return _response(self, pages.signing.sign_in(_asked(request), await _form(request)))

    class SignOut(views.View):
        """End the session."""

        async def post(self, request: Request) -> Response:
            """End the session."""
            return _response(self, pages.signing.sign_out(_asked(request)))

    app.page("/review/labels")(Labels)
    app.page("/review/undo")(Undo)
    app.page("/review/sign-in")(SignIn)
    app.page("/review/sign-out")(SignOut)


def _asked(request: Request) -> Asked:
    # The types of Faust lack what the request of aiohttp has.
    return Asked(request.headers, request.cookies, cast("Any", request).remote or "")


async def _form(request: Request) -> Mapping[str, str]:
    body = (await request.read())[:LONGEST_FORM]
    fields = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    return dict(fields[:MOST_FIELDS])


def _response(view: View, answer: Answer) -> Response:
    return view.bytes(
        answer.body,
        content_type=answer.content_type,
        status=answer.status,
        headers={**answer.headers},
    )
