"""Slack: messages that are edited in place, and the answers that people give with a click."""
