"""Transform: what is computed once from the data and written."""
