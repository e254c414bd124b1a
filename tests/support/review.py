"""The review's pages on a store in SQLite, and whoever asks for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Engine

from anomaly_app.context import WorkerContext
from anomaly_app.core.feedback.messages import Feedback
from anomaly_app.core.model.model import Model
from anomaly_app.errors import BrokerError
from anomaly_app.settings import Settings
from anomaly_app.store.engine import open_engine
from anomaly_app.store.schema import prepare
from anomaly_app.web.people.identity import Asked
from anomaly_app.web.review.pages import ReviewPages
from anomaly_app.web.review.rendering import Answer
from tests.support.factories import NOON, model
from tests.support.stores import Message, in_order, take

TOKEN = "open-sesame"  # noqa: S105


class Reviewed:
    """The pages, and what was said on them.

    Parameters
    ----------
    engine
        Of the store.
    folder
        Has a file ``users`` if there are users.
    """

    def __init__(self, engine: Engine, folder: Path, judge: Model | None = None) -> None:
        users = folder / "users"
        settings = Settings(web_token=TOKEN, web_users=users if users.exists() else None)
        self.said: list[Feedback] = []
        self.engine = engine
        self.is_down = False
        context = SimpleNamespace(
            settings=settings,
            store=SimpleNamespace(store=SimpleNamespace(engine=engine)),
            model=judge,
        )
        self.pages = ReviewPages(cast("WorkerContext", context), self._accept, lambda: NOON)

    async def _accept(self, said: Feedback) -> None:
        if self.is_down:
            raise BrokerError("writing to feedback failed: NotLeader")
        self.said.append(said)


@contextmanager
def reviewed(folder: Path, *messages: Message, judge: Model | None = None) -> Iterator[Reviewed]:
    """Store messages, and open the pages on them."""
    engine = open_engine(f"sqlite:///{folder / 'store.db'}")
    prepare(engine)
    take(engine, in_order(*messages))
    try:
        yield Reviewed(engine, folder, judge or model())
    finally:
        engine.dispose()


def asked(token: str = TOKEN, **headers: str) -> Asked:
    """Ask with a token."""
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    named: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items()}
    return Asked({**sent, **named}, {}, "127.0.0.1")


def text_of(answer: Answer, status: int = 200) -> str:
    """Return the text of a page, which has to have a status."""
    text = answer.body.decode()
    assert answer.status == status, text
    return text
