"""The agents: they take batches from the consumer, and send the results to Kafka or to people.

Each is defined by one function, which `anomaly_app.app` calls. An agent on another topic takes one
line in `topics`, and a function of its own.
"""

from anomaly_app.agents.alerting import define_alerting
from anomaly_app.agents.incidents import define_incidents
from anomaly_app.agents.remembering import define_remembering, remember_transactions
from anomaly_app.agents.sampling import define_sampling
from anomaly_app.agents.scoring import define_scoring
from anomaly_app.agents.storing import define_storing
from anomaly_app.agents.topics import declare_topics
from anomaly_app.agents.watching import define_watching

__all__ = [
    "declare_topics",
    "define_alerting",
    "define_incidents",
    "define_remembering",
    "define_sampling",
    "define_scoring",
    "define_storing",
    "define_watching",
    "remember_transactions",
]
