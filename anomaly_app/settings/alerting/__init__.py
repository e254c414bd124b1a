"""The file ``alerting.yml``: receivers, routes, and how much people are told."""
