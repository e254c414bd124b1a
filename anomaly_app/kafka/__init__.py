"""The way to Kafka without Faust: how clients are set up, the first connection, the topics."""
