"""Faust's commands as they make sense for this app; `worker` and `agents` are Faust's own."""

from anomaly_app.commands.absent import ABSENT
from anomaly_app.commands.completion import completion
from anomaly_app.commands.records import model, models
from anomaly_app.commands.send import send

__all__ = ["COMMANDS"]

COMMANDS = (models, model, send, completion, *ABSENT)
"""Take the places of Faust's commands of the same names."""
