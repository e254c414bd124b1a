"""Learning: what people and outcomes say of anomalies, and what that comes to together."""

__all__ = ["label", "teaching", "together"]
