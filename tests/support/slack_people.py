"""People who press buttons and submit modals, through Socket Mode or a signed HTTP request."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.support.slack_sockets import UNACKNOWLEDGED, Sockets

Json = dict[str, Any]

PATIENCE = 3.0
"""Seconds in which an app has to acknowledge."""


class Delivery(NamedTuple):
    """How a press came to the app."""

    is_acknowledged: bool
    answer: Any
    """What the app said with its acknowledgement."""
    times: int
    payload: Json
    status: int | None = None
    """Of the last answer by HTTP."""


def signed(body: bytes, secret: str, at: float | None = None) -> dict[str, str]:
    """Give the headers with which Slack signs a request."""
    stamp = str(int(time.time() if at is None else at))
    base = b"v0:" + stamp.encode() + b":" + body
    signature = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={signature}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


def form(payload: Json) -> bytes:
    """Write a payload as Slack posts it."""
    return urlencode({"payload": json.dumps(payload)}).encode()


@dataclass
class People:
    """Those who read the channel."""

    sockets: Sockets
    secret: str
    triggers: dict[str, float] = field(default_factory=dict)
    presses: int = 0
    patience: float = PATIENCE

    def takes_trigger(self, trigger: str) -> bool:
        """Whether a modal may be opened for this press: once, and within three seconds."""
        at = self.triggers.pop(trigger, None)
        return at is not None and time.monotonic() < at + PATIENCE

    async def press(
        self, message: Json, action: str, *, user: str, via: str, again: int
    ) -> Delivery:
        """Press a button."""
        buttons = [
            element
            for block in message["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
            if element["action_id"] == action
        ]
        [button] = buttons
        payload = self.pressed(message, {k: button[k] for k in ("action_id", "value")}, user=user)
        return await self.deliver(payload, via=via, again=again)

    def pressed(self, message: Json, button: Json, *, user: str) -> Json:
        """Write what Slack says of a press."""
        self.presses += 1
        trigger, at = f"{self.presses}.trigger", time.time()
        self.triggers[trigger] = time.monotonic()
        return {
            "type": "block_actions",
            "user": _user(user),
            "api_app_id": "A0000001",
            "team": {"id": "T0000001", "domain": "example"},
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": message["channel"],
            },
            "channel": {"id": message["channel"], "name": "fraud"},
            "trigger_id": trigger,
            "message": {k: v for k, v in message.items() if k != "metadata"},
            "actions": [
                {"type": "button", **button, "action_ts": f"{at:.4f}{self.presses:02d}"},
            ],
        }

    async def submit(
        self, view: Json, values: Json, *, user: str, via: str, again: int
    ) -> Delivery:
        """Submit a modal: `values` are those of its inputs, by the name of their block."""
        state: Json = {}
        for block in view["blocks"]:
            if block["type"] != "input":
                continue
            element, name = block["element"], block["block_id"]
            value = values.get(name, element.get("initial_value"))
            if element["type"] == "static_select":
                chosen = [o for o in element["options"] if o["value"] == values.get(name)]
                state[name] = {
                    element["action_id"]: {
                        "type": "static_select",
                        "selected_option": chosen[0] if chosen else element["initial_option"],
                    }
                }
            else:
                state[name] = {element["action_id"]: {"type": element["type"], "value": value}}
        payload = {
            "type": "view_submission",
            "user": _user(user),
            "team": {"id": "T0000001"},
            "view": {**view, "state": {"values": state}},
        }
        return await self.deliver(payload, via=via, again=again)

    async def deliver(self, payload: Json, *, via: str, again: int) -> Delivery:
        """Deliver a payload until it is acknowledged, at most `again` more times."""
        if via == "socket":
            times, answer = await self.sockets.deliver(payload, again=again, patience=self.patience)
            return Delivery(answer is not UNACKNOWLEDGED, answer, times, payload)
        status, text = None, ""
        for attempt in range(again + 1):
            body = form(payload)
            status, text = await _posted(via, body, signed(body, self.secret))
            if status == 200:
                return Delivery(
                    True, json.loads(text) if text else None, attempt + 1, payload, status
                )
        return Delivery(False, text, again + 1, payload, status)


def _user(name: str) -> Json:
    return {"id": f"U{name.upper():0>9}", "username": name, "name": name, "team_id": "T0000001"}


async def _posted(url: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str]:
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=PATIENCE)) as session,
            session.post(url, data=body, headers=headers) as response,
        ):
            return response.status, await response.text()
    except (TimeoutError, ClientError):
        return None, ""
