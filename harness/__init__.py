"""Brokers, worker processes and Alertmanager, shared by the demo, the tests and the benchmarks.

<<<<<<< HEAD
The modules in `__all__` are public: `broker` and `apache_kafka` start a broker, `alertmanager` an
Alertmanager, `workers` workers of the app, and `processes` starts and ends other processes.
=======
The modules in `__all__` are public: `broker` and `apache_kafka` start a broker, `workers` starts
workers of the app, `alertmanager` fetches and starts Alertmanager, and `processes` starts and ends
other processes.
>>>>>>> streams
"""

__all__ = ["alertmanager", "apache_kafka", "broker", "processes", "workers"]
