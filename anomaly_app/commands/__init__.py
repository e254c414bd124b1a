"""Replacements for Faust's commands, adapted to this app; `worker` and `agents` are Faust's own."""

from anomaly_app.commands.absent import ABSENT
from anomaly_app.commands.completion import completion
from anomaly_app.commands.records import model, models
from anomaly_app.commands.send import send

__all__ = ["COMMANDS"]

COMMANDS = (models, model, send, completion, *ABSENT)
"""Commands that replace Faust's commands of the same name."""
