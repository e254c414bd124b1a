"""Reports as single HTML files, for people who were not there.

They need neither network nor scripts, follow the reader's choice of light or dark, and read no
clock: whoever makes one says when.
"""
