"""Bytes on disk to records and back. No TFX, no Keras."""
