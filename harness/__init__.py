"""Brokers, databases, worker processes and Alertmanager, for the demo, tests and benchmarks.

The modules in `__all__` are public: `broker` and `apache_kafka` start a broker, `postgres` a
database, `alertmanager` an Alertmanager, `workers` workers of the app, and `processes` starts and
ends other processes.
"""

__all__ = ["alertmanager", "apache_kafka", "broker", "postgres", "processes", "workers"]
