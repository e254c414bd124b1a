"""Roles: which column or field is the key, the time, the id, the label, or a feature."""
