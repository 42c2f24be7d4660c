"""Which versions are served: folders are looked at, new versions loaded beside the old, old ones let go when unused.

A model's version is available before the one it follows is taken away, and that one answers what it has begun: no
request fails because versions change, and none is answered by a version that is gone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import grpc

from tfx_ocr.serving import messages, versions
from tfx_ocr.serving.model_server import profiler
from tfx_ocr.serving.model_server.config import MODEL_PLATFORM
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.servable import Servable

START, LOADING, AVAILABLE, UNLOADING, END = 10, 20, 30, 40, 50  # of `ModelVersionStatus.State`
TENSORFLOW = 1  # of `ModelType`
INVALID = grpc.StatusCode.INVALID_ARGUMENT
LOOK = "look for versions"  # its name in a profile
_Files = list[tuple[str, int, int]]  # path, bytes, time of change

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Policy:
    """How versions are looked for and loaded.

    Attributes:
        poll_s: between two looks at the folders; 0: one look; negative: none.
        max_num_load_retries: tries after the first before a version is given up.
        load_retry_interval_s: between two of them.
        num_load_threads: versions loaded at once.
        allow_labels_for_unavailable: a label that is not in use may lead to a version that is not available.
        require_manifest: only versions are taken whose manifest is there and describes every file.
    """

    poll_s: float = 1.0
    max_num_load_retries: int = 5
    load_retry_interval_s: float = 60.0
    num_load_threads: int = os.cpu_count() or 1
    allow_labels_for_unavailable: bool = False
    require_manifest: bool = False


@dataclasses.dataclass(eq=False)
class _Version:
    """What is known of one version.

    `error`: why it ended, None where it was let go. `failures`: loads that failed. `is_gone`: it left the folder since.
    """

    number: int
    path: Path
    state: int = START
    error: ServingError | None = None
    failures: int = 0
    is_gone: bool = False
    servable: Servable | None = None


@dataclasses.dataclass(eq=False)
class _Model:
    """A model and all its versions since the server began.

    `wanted`: number to folder of those to serve. `whole`: folders that were found to be as their manifests say.
    `unfinished`: folders that were not, with their files at the time.
    """

    config: messages.ModelConfig
    versions: dict[int, _Version] = dataclasses.field(default_factory=dict)
    wanted: dict[int, Path] = dataclasses.field(default_factory=dict)
    whole: set[Path] = dataclasses.field(default_factory=set)
    unfinished: dict[Path, _Files] = dataclasses.field(default_factory=dict)

    def available(self) -> dict[int, Servable]:
        """Number to servable of the versions that answer."""
        return {
            number: each.servable
            for number, each in self.versions.items()
            if each.state == AVAILABLE and each.servable is not None
        }

    def is_settled(self) -> bool:
        """Every wanted version answers or has failed, and one answers; or all are given up."""
        found = [self.versions[number] for number in self.wanted]
        if found and all(each.state == END for each in found):
            return True
        is_tried = all(each.state == AVAILABLE or each.failures for each in found)
        return is_tried and any(each.state == AVAILABLE for each in found)


class Manager:
    """Models by name, as the configuration says and the folders hold.

    Args:
        load: gives a version's servable, warmed up, or raises ServingError.
        policy: how versions are looked for and loaded.
    """

    def __init__(self, load: Callable[[str, int, Path], Servable], policy: Policy):
        self._load = load
        self._policy = policy
        self._models: dict[str, _Model] = {}
        self._configured: set[str] = set()
        self._labels: dict[str, dict[str, int]] = {}
        self._changed = threading.Condition()  # guards all above; told of every state that is reached
        self._looking = threading.Lock()  # one look at the folders, or one reload, at a time
        self._loading = threading.Semaphore(policy.num_load_threads)
        self._stopped = threading.Event()

    def start(self) -> None:
        """Look for versions from now on, in a thread of its own."""
        if self._policy.poll_s > 0:
            threading.Thread(target=self._watch, name="versions", daemon=True).start()

    def stop(self) -> None:
        """Look for no more versions, and give up loads that are tried again. What is available goes on answering."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()

    @contextlib.contextmanager
    def use(self, spec: messages.ModelSpec) -> Iterator[Servable]:
        """Find the version that a request names and keep it loaded until the end of the block.

        Raises:
            ServingError: the model, version or label is unknown, or it is not available.
        """
        number = self.find_version(spec)
        with self._changed:
            available = self._models[spec.name].available() if spec.name in self._models else {}
            servable = available.get(max(available, default=-1) if number is None else number)
            if servable is None:
                which = f"Latest({spec.name})" if number is None else f"Specific({spec.name}, {number})"
                raise ServingError(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {which}")
            servable.retain()
        try:
            yield servable
        finally:
            servable.release()

    def find_version(self, spec: messages.ModelSpec) -> int | None:
        """Find the version that a request names by its number or by a label; None: the latest.

        Raises:
            ServingError: it names no model, or an unknown label.
        """
        if not spec.name:
            raise ServingError(INVALID, "ModelSpec has no name specified.")
        choice = spec.WhichOneof("version_choice")
        if choice == "version":
            return spec.version.value
        if choice is None or not spec.version_label:
            return None
        with self._changed:
            labels = self._labels.get(spec.name, {})
            if spec.version_label not in labels:
                raise ServingError(INVALID, f"Unrecognized servable version label: {spec.version_label}")
            return labels[spec.version_label]

    def list_names(self) -> list[str]:
        """List the names of the models, sorted."""
        return sorted(self._models)

    def get_states(self, name: str) -> dict[int, tuple[int, ServingError | None]]:
        """Return the state and error of all versions of a model since the server began; empty for an unknown model."""
        with self._changed:
            found = self._models[name].versions.values() if name in self._models else ()
            return {each.number: (each.state, each.error) for each in found}

    def reload(self, config: messages.ModelServerConfig, is_first: bool = False) -> None:
        """Serve the models of `config` and no others; return when the new ones are available.

        Args:
            config: with a `model_config_list`; without one nothing is done.
            is_first: the server begins: a model whose folder has no version yet is waited for.

        Raises:
            ServingError: the configuration is wrong, and nothing was changed; or a new model could not be loaded, or a
                label leads to a version that is not available, and the rest was changed.
        """
        kind = config.WhichOneof("config")
        if kind is None:
            return
        if kind != "model_config_list":
            raise ServingError(INVALID, "ServerModelConfig type not supported: only ModelConfigList is")
        configs = list(config.model_config_list.config)
        _check(configs)
        with self._looking:
            names = {each.name for each in configs}
            with self._changed:
                new = names - self._configured
                self._configured = names
                for each in configs:
                    self._models.setdefault(each.name, _Model(each)).config = each
            self._look()
        self._await(new, is_first)
        with self._changed:
            self._label({each.name: dict(each.version_labels) for each in configs})

    def look(self) -> None:
        """Look at the folders once: load what is new, let go what is not wanted any more.

        A profile shows it: that of an idle server would be empty, which the profiler takes for a failure.
        """
        with self._looking, profiler.open_trace(LOOK):
            self._look()

    def _watch(self) -> None:
        while not self._stopped.wait(self._policy.poll_s):
            try:
                self.look()
            except Exception:  # whatever it is, there is a next look
                log.exception("the folders could not be looked at")

    def _look(self) -> None:
        for name, model in list(self._models.items()):
            if name not in self._configured:
                wanted: Mapping[int, Path] = {}
            elif self._policy.poll_s < 0:
                continue
            else:
                try:
                    found = versions.list_folders(model.config.base_path)
                    model.whole.intersection_update(found.values())
                    wanted = _wanted(model.config, found, functools.partial(self._is_whole, model))
                except OSError as error:
                    log.warning("model %s: %s cannot be read: %s", name, model.config.base_path, error.strerror)
                    continue
                if not wanted and not model.versions:
                    log.warning("model %s: no version to serve in %s", name, model.config.base_path)
            with self._changed:
                self._aspire(model, dict(wanted))
                self._changed.notify_all()

    def _is_whole(self, model: _Model, path: Path) -> bool:
        """Whether a version may be taken: a copy that is under way has not all of its files yet.

        A version is verified once. One that is not whole is verified again when its files have changed.
        """
        if not self._policy.require_manifest or path in model.whole:
            return True
        try:
            files = _list_files(path)
            if files == model.unfinished.get(path):
                return False
            model.unfinished[path] = files
            versions.verify(path)
        except (OSError, ValueError) as error:
            log.warning("model %s: version %s is left out: %s", model.config.name, path.name, error)
            return False
        del model.unfinished[path]
        model.whole.add(path)
        return True

    def _aspire(self, model: _Model, wanted: dict[int, Path]) -> None:
        model.wanted = wanted
        for number, each in model.versions.items():
            each.is_gone = each.is_gone or number not in wanted
        for number, path in wanted.items():
            known = model.versions.get(number)
            if known is None or (known.state == END and (known.error is None or known.is_gone)):
                version = model.versions[number] = _Version(number, path)
                args = (model, version)
                threading.Thread(target=self._bring, args=args, name=f"load-{number}", daemon=True).start()
        self._retire(model)

    def _retire(self, model: _Model) -> None:
        """Let go what is not wanted, once something that is wanted answers, or nothing is wanted."""
        if model.wanted and not any(model.versions[number].state == AVAILABLE for number in model.wanted):
            return
        for number, each in model.versions.items():
            if each.state == AVAILABLE and number not in model.wanted:
                each.state = UNLOADING
                threading.Thread(target=self._let_go, args=(model, each), name=f"unload-{number}", daemon=True).start()

    def _bring(self, model: _Model, version: _Version) -> None:
        name = model.config.name
        with self._loading, self._changed:
            version.state = LOADING
        servable = None
        for attempt in range(1 + self._policy.max_num_load_retries):
            if attempt and self._stopped.wait(self._policy.load_retry_interval_s):
                break
            if version.number not in model.wanted:
                break
            try:
                with self._loading:
                    begin = time.monotonic()
                    servable = self._load(name, version.number, version.path)
            except ServingError as error:
                version.error = error
            except Exception as error:  # whatever it is, it is this version's, and the others go on
                version.error = ServingError(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
            if servable is not None:
                seconds = time.monotonic() - begin
                log.info("model %s: version %d is available after %.1f s", name, version.number, seconds)
                break
            with self._changed:
                version.failures += 1
                self._changed.notify_all()
            log.error("model %s: version %d does not load: %s", name, version.number, version.error)
        with self._changed:
            if servable is not None and version.number in model.wanted:
                version.servable, version.error, version.state = servable, None, AVAILABLE
                servable = None
            else:
                version.state = END
            self._retire(model)
            self._changed.notify_all()
        if servable is not None:  # not wanted any more
            servable.close()

    def _let_go(self, model: _Model, version: _Version) -> None:
        assert version.servable is not None
        version.servable.close()
        version.servable = None
        with self._changed:
            version.state = END
            if version.number in model.wanted:  # again, since it was let go
                self._aspire(model, model.wanted)
            self._changed.notify_all()
        log.info("model %s: version %d is unloaded", model.config.name, version.number)

    def _await(self, names: set[str], is_patient: bool) -> None:
        """Wait until each model answers or is given up; one without versions only where `is_patient`."""

        def is_over() -> bool:
            models = [self._models[name] for name in names]
            return self._stopped.is_set() or all(
                each.is_settled() or (not each.wanted and not is_patient) for each in models
            )

        while True:
            with self._changed:
                if self._changed.wait_for(is_over, timeout=max(self._policy.poll_s, 0.1) if is_patient else None):
                    break
            if is_patient and self._policy.poll_s >= 0:
                self.look()
        with self._changed:
            missing = [self._models[name] for name in sorted(names) if not self._models[name].available()]
        if missing:
            whys = ", ".join(f"{{{_why(each)}}}" for each in missing)
            raise ServingError(grpc.StatusCode.UNKNOWN, f"Some models did not become available: {whys}")

    def _label(self, wanted: dict[str, dict[str, int]]) -> None:
        for name, labels in wanted.items():
            available = self._models[name].available()
            used = self._labels.get(name, {})
            for label, number in labels.items():
                is_moved = label in used and used[label] != number
                may_wait = self._policy.allow_labels_for_unavailable and not is_moved
                if number not in available and used.get(label) != number and not may_wait:
                    raise ServingError(
                        grpc.StatusCode.FAILED_PRECONDITION,
                        f"Request to assign label {label} to version {number} of model {name}, which is not currently "
                        "available for inference",
                    )
        self._labels = wanted


def _check(configs: list[messages.ModelConfig]) -> None:
    names: set[str] = set()
    for config in configs:
        if not config.name:
            raise ServingError(INVALID, f"the model in {config.base_path!r} has no name")
        if config.name in names:
            raise ServingError(INVALID, f"Illegal to list model {config.name} multiple times in config list")
        names.add(config.name)
        if not os.path.isabs(config.base_path):
            raise ServingError(
                INVALID,
                f"Expected model {config.name} to have an absolute path or URI; got base_path()={config.base_path}",
            )
        is_ours = config.model_type == TENSORFLOW
        if not is_ours and config.model_platform != MODEL_PLATFORM:
            raise ServingError(
                INVALID,
                f"Model {config.name} requests unsupported platform {config.model_platform!r}; there is "
                f"{MODEL_PLATFORM!r}",
            )


def _wanted(
    config: messages.ModelConfig, found: Mapping[int, Path], is_whole: Callable[[Path], bool]
) -> dict[int, Path]:
    """Return the whole versions of those found that the model's version policy serves; without one, the latest."""
    policy = config.model_version_policy
    kind = policy.WhichOneof("policy_choice")
    numbers, most = sorted(found, reverse=True), None
    if kind == "specific":
        for number in sorted(set(policy.specific.versions) - set(found)):
            log.warning("model %s: no version %d in %s", config.name, number, config.base_path)
        numbers = [number for number in policy.specific.versions if number in found]
    elif kind != "all":
        most = max(1, policy.latest.num_versions)
    whole = (number for number in numbers if is_whole(found[number]))
    return {number: found[number] for number in itertools.islice(whole, most)}


def _list_files(folder: Path) -> _Files:
    """Return what tells without reading that a file below `folder` was written."""
    found = [(path, path.stat()) for path in sorted(folder.rglob("*"))]
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found]


def _why(model: _Model) -> str:
    if not model.wanted:
        return (
            f"Name: {model.config.name}: no {'whole ' if model.unfinished else ''}version in {model.config.base_path}"
        )
    return ", ".join(
        f"Name: {model.config.name} Version: {number}: {model.versions[number].error or 'not loaded'}"
        for number in sorted(model.wanted)
    )
