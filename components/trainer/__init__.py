"""Trainer: input, training with resume, export."""
