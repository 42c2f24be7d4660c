"""The page that people use: upload, draw or paste, and see what the models read."""
