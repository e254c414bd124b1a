"""The pages on which people review anomalies: rendered here, without a build step."""
