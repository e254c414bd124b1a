"""Brokers, databases, worker processes and Alertmanager, for the demo, tests and benchmarks.

The modules in `__all__` are public: `broker` and `apache_kafka` start a broker, `postgres` a
database, `workers` starts workers of the app, `alertmanager` fetches and starts Alertmanager, and
`processes` starts and ends other processes.
"""

__all__ = ["alertmanager", "apache_kafka", "broker", "postgres", "processes", "workers"]
