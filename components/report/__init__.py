"""Report: one static HTML page a run, and the numbers behind it."""
