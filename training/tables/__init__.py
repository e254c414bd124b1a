"""From files to tables with typed columns: formats, encodings, separators, cells and times."""
