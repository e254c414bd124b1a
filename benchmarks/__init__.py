"""The benchmark: this app beside the published ways of doing the same, on the same broker."""
