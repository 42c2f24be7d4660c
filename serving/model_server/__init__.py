"""The embedded model server: TensorFlow Serving's contract without Docker, for tests, laptops and the export gate."""
