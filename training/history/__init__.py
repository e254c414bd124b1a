"""History: transactions of the past, from files or a topic, as one table."""
