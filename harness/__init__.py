"""What the demo, the tests and the benchmarks share: brokers and worker processes.

Public are the modules in `__all__`: `broker` and `apache_kafka` start a broker, `workers` start
workers of the app, `processes` start and end anything else.
"""

__all__ = ["apache_kafka", "broker", "processes", "workers"]
