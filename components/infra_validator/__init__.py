"""InfraValidator: asks an export real questions, loaded as TensorFlow Serving loads it, before it is pushed."""
