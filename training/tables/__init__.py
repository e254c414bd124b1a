"""Tables: read files of many formats, encodings and notations as tables with typed columns."""

from training.tables.files import read_tables, typed
from training.tables.folder import files_of
from training.tables.table import Table, stacked

__all__ = ["Table", "files_of", "read_tables", "stacked", "typed"]
