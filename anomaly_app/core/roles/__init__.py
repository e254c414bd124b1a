"""Roles: which column or field is the key, the time, the id, the label, or a feature.

`roles.Roles` holds them; `missing_columns` and `column_names` find the columns that were meant.
"""

__all__ = ["column_names", "missing_columns", "roles"]
