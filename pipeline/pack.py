"""Pack a recipe's data for a training elsewhere: the run's own first steps, up to Transform, and their records."""

from __future__ import annotations

from pathlib import Path

from ml_metadata import MetadataStore
from tfx.proto.orchestration import pipeline_pb2

from tfx_ocr.components.recipe import Recipe
from tfx_ocr.components.trainer.pack import SPLITS, Pack, write_pack
from tfx_ocr.pipeline import last_run, metadata_lock, outcome, unchanged
from tfx_ocr.pipeline.graph import build
from tfx_ocr.pipeline.history import PACKED
from tfx_ocr.pipeline.local_runner import Runner, redirect_output
from tfx_ocr.pipeline.metadata import get_connection
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.pipeline.steps import Steps

LAST = "Transform"  # of the steps that prepare data
OUTPUT = "transformed_examples"  # of it


def pack(recipe: Recipe, settings: Settings, out: Path) -> Pack:
    """Prepare a recipe's data as a run does, and write what its training needs to a folder.

    The steps are the run's, in its folder: what one of the two has done, the other takes from the cache.

    Args:
        recipe: one that `check` let pass.
        settings: what `check` returned.
        out: folder of the pack, see `write_pack`.

    Raises:
        ValueError: a step stops, as it would stop the run; one sentence says why.
    """
    metadata_lock.refuse_locked(settings)
    unchanged.remove_stale(settings, last_run.read(settings))
    packer = _Packer(settings)
    packer.run(build(recipe, settings))
    files = {split: sorted(packer.prepared.glob(f"Split-{split}/*")) for split in SPLITS}
    return write_pack(out, recipe.dump_part("trainer"), files)


class _Packer(Runner):
    """Runs the steps up to `LAST`; `prepared` is the folder of its output."""

    prepared: Path

    def run_with_ir(self, pipeline: pipeline_pb2.Pipeline, run_options: None = None) -> None:
        """Run the first steps of a compiled graph."""
        names = [node.pipeline_node.node_info.id for node in pipeline.nodes]
        del pipeline.nodes[names.index(LAST) + 1 :]
        log, run_id = self.make_log(), f"{self.make_run_id()}{PACKED}"
        store = MetadataStore(get_connection(self.settings))
        with redirect_output(log):
            try:
                self.run_steps(pipeline, run_id, Steps(store, run_id, len(pipeline.nodes)))
            except Exception as error:
                sentence = outcome.explain_failure(error, self.settings)
                raise ValueError(f"{sentence} (log: {last_run.shorten_path(str(log))})") from error
        uris = [artifact.uri for artifact in outcome.list_artifacts(store, run_id)]
        self.prepared = Path(next(uri for uri in uris if Path(uri).parent.name == OUTPUT))
