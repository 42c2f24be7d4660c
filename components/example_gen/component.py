"""ExampleGen as a component."""

from __future__ import annotations

from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.proto import example_gen_pb2

from tfx_ocr.components.artifacts import SPLITS
from tfx_ocr.components.example_gen.driver import Driver
from tfx_ocr.components.example_gen.executor import Executor


class ExampleGen(FileBasedExampleGen):
    """Files of any format that the recipe's readers know to tf.Examples in `train`, `eval` and `test`.

    On Kubeflow, TFX runs its own file-based driver in front (by modification times) whatever `DRIVER_CLASS` says.

    Args:
        input_base: the data's folder.
    """

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(self, input_base: str):
        # the shares are the recipe's and the executor's business; TFX wants a number, and takes the names from here
        splits = [example_gen_pb2.SplitConfig.Split(name=split, hash_buckets=1) for split in SPLITS]
        config = example_gen_pb2.Output(split_config=example_gen_pb2.SplitConfig(splits=splits))
        super().__init__(input_base=input_base, output_config=config)
