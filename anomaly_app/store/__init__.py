"""The store: anomalies, incidents, labels, silences and the audit trail in SQL.

SQLAlchemy and Alembic are those of the extra ``store``: only the modules that need them import
them, and workers without the extra run without a store.
"""
