"""Fit a decoded image to the size a network takes: one algorithm, run by NumPy or inside a TensorFlow graph.

`glyph.fit` and `line.fit` are written over a small set of array operations (`ops.Ops`). `numpy_ops` runs them without
TensorFlow; `components.inputs.tensorflow_ops` builds the same computation into Transform's and the served graph. Every
sum is of values with few enough bits to be exact in float64, whatever its order, so both give the same uint8 pixels.
"""
