"""Functions of `keras.ops` compiled, as Keras's own steps are, whatever its backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


def compile_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tensors compiled by the backend; on PyTorch, which runs it as it is, the function itself."""
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            return tf.function(function, reduce_retracing=True)
        case "jax":
            import jax

            return jax.jit(function)
    return function
