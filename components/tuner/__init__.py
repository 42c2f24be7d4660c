"""Tuner: which head to train."""
