"""A page: its regions, lines and words with boxes, from the files that hold one and as a record."""
