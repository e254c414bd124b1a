"""Reports as single HTML files.

They need no network and no scripts, and follow the light or dark theme of the reader. The caller
passes the time, so that reports are reproducible. The entry points are
`evaluation.evaluation_report` and `comparison.comparison_report`.
"""
