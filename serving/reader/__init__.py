"""Read pages: a picture, TIFF or PDF in, everything written on it out. No TensorFlow."""
