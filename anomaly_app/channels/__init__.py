"""The channels that deliver notices, one a file, and the choice among them."""
