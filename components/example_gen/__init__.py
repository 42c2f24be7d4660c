"""ExampleGen: files to tf.Examples in three splits; what is set aside and why."""
