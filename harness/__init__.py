"""Brokers, worker processes and Alertmanager, shared by the demo, the tests and the benchmarks.

The modules in `__all__` are public: `broker` and `apache_kafka` start a broker, `alertmanager` an
Alertmanager, `postgres` a PostgreSQL, `workers` workers of the app, and `processes` starts and ends
other processes.
"""

__all__ = ["alertmanager", "apache_kafka", "broker", "postgres", "processes", "workers"]
