"""How a step works: one folder a TFX component, under TFX's name for it."""
