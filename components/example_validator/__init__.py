"""ExampleValidator: the gate on data."""
