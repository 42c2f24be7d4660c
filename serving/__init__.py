"""After the push. No TFX."""
