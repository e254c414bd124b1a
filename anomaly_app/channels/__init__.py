"""The channels that deliver alerts, and the choice among them."""

from anomaly_app.channels.choice import make_channel
from anomaly_app.channels.delivery import Delivery
from anomaly_app.channels.protocol import AlertChannel, Later, Outcome

__all__ = ["AlertChannel", "Delivery", "Later", "Outcome", "make_channel"]
