"""An export's portable form: pixels and answers by NumPy, the network by LiteRT, no TensorFlow."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tfx_ocr.data import features
from tfx_ocr.data.example import parse_example
from tfx_ocr.data.pixels.strip import get_ink
from tfx_ocr.serving.memory import keep_freed_memory
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.portable import FOLDER, NETWORK
from tfx_ocr.serving.portable.answers import build_explanation, get_answer, restrict_form
from tfx_ocr.serving.portable.beam import create_decoder
from tfx_ocr.serving.portable.form import read_form
from tfx_ocr.serving.portable.inputs import get_input
from tfx_ocr.serving.portable.network import Network
from tfx_ocr.serving.runtimes.runtime import Options, Runtime

OF_LINES = "line_image"  # the input whose strips are cut to their ink
OF_BEAMS = "sequence"  # the task whose answers a beam search finds


class PortableModel(Runtime):
    """Answers as the SavedModel beside it, under its signatures: see `Runtime`."""

    def __init__(self, path: Path, name: str, version: str, options: Options):
        """Load.

        Args:
            path: of the version's folder.
            name: of the model.
            version: of the model.
            options: `interpreters` run at once, more wait; each has `intra_op_threads`.

        Raises:
            ValueError: the form is damaged, its network needs operations that LiteRT lacks, the whitelist does not fit
                its labels, or it is of a task that `options.decoding` is not for.
        """
        keep_freed_memory()
        folder = path / FOLDER
        self.form = read_form(folder)
        self._columns: list[int] | None = None
        if options.whitelist:
            self.form, self._columns = restrict_form(self.form, options.whitelist)
        super().__init__(path, name, version, self.form.read_signatures())
        ink = get_ink(self.form.spec["scaled"]) if self.form.input == OF_LINES else None
        self._network = Network(folder / NETWORK, options.interpreters, options.intra_op_threads or None, ink)
        self._input, self._decode = get_input(self.form.input), get_answer(self.form.task)
        if options.decoding:
            if self.form.task != OF_BEAMS:
                raise ValueError(f"beams and a language model decode lines of text; {path} is of task {self.form.task}")
            self._decode = create_decoder(options.decoding)

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str], timeout_s: float | None
    ) -> list[np.ndarray]:
        """See `Runtime`. A request whose time is over is given up before the network runs, not in a run."""
        begin = time.monotonic()
        for name, (_, shape) in self.signatures[signature].inputs.items():
            if shape is not None and np.ndim(inputs[name]) != len(shape):
                raise ValueError(f"{name} has {np.ndim(inputs[name])} dimensions, where it must have {len(shape)}")
        if signature == features.SERVING_DEFAULT:
            inputs = self._input.stack([parse_example(each) for each in inputs[features.EXAMPLES_IN]])
        try:
            with self._network.take(timeout_s) as worker:  # for the pixels too: one worker is enough for one thread
                pixels = self._input.build(inputs, self.form)
                left = None if timeout_s is None else timeout_s - (time.monotonic() - begin)
                if signature == features.EXPLAIN:
                    explained = worker.explain(pixels, left)
                    logits = explained[features.LOGITS]
                else:
                    logits = worker.run(pixels, left)
        except TimeoutError as error:
            raise RequestError(str(self.path), "DEADLINE_EXCEEDED", str(error)) from None
        if self._columns is not None:
            logits = logits[..., self._columns]
        found = self._decode(logits, inputs, self.form)
        if signature == features.EXPLAIN:
            found = build_explanation(pixels[features.PIXELS], explained, found, self.form)
        return [found[name] for name in outputs]

    def close(self) -> None:
        """See `Runtime`."""
        self._network.close()
