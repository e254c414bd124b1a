"""Presses in Slack: through connections of the worker that has the log, or signed requests."""

from collections.abc import Mapping

from anomaly_app.channels.slack import Endpoint, Interactions, SlackApi, SocketMode
from anomaly_app.channels.slack.endpoint import Response
from anomaly_app.core.alerts.matchers import Matcher
from anomaly_app.errors import DataError
from anomaly_app.incidents.saying import Accept
from anomaly_app.settings import Settings


class SlackPresses:
    """What people press in Slack, kept before it is acknowledged.

    Parameters
    ----------
    settings
        The tokens and the secret.
    accept
        Keeps it.

    Raises
    ------
    LookupError
        There is no bot token: nobody can press anything.
    """

    def __init__(self, settings: Settings, accept: Accept) -> None:
        if settings.slack_token is None:
            raise LookupError("there is no SLACK_API_TOKEN")
        self._url = settings.slack_url
        self._app_token = settings.slack_app_token
        self._api = SlackApi(settings.slack_token.get_secret_value(), settings.slack_url)
        self._interactions = Interactions(accept, self._api, check_matcher=wrong_matcher)
        self._socket_mode: SocketMode | None = None
        secret = settings.slack_signing_secret
        self._endpoint = (
            None
            if secret is None
            else Endpoint(secret.get_secret_value(), self._interactions.answer)
        )

    @property
    def problem(self) -> str | None:
        """What is wrong with Socket Mode; None if nothing is."""
        return None if self._socket_mode is None else self._socket_mode.problem

    async def listen(self) -> None:
        """Keep the connections of Socket Mode until this is cancelled, if there is a token."""
        if self._app_token is None:
            return
        token = self._app_token.get_secret_value()
        self._socket_mode = SocketMode(token, self._url, self._api, self._interactions.answer)
        try:
            await self._socket_mode.run()
        finally:
            self._socket_mode = None

    async def respond(self, body: bytes, headers: Mapping[str, str]) -> Response | None:
        """Answer a request of Slack; None if there is no signing secret."""
        return None if self._endpoint is None else await self._endpoint.respond(body, headers)

    async def close(self) -> None:
        """Close the connection."""
        await self._api.close()


def wrong_matcher(line: str) -> str | None:
    """Say what is wrong with a matcher; None if nothing is."""
    try:
        Matcher.parse(line)
    except DataError as fault:
        return str(fault)
    return None
