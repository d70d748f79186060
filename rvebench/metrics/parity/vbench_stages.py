"""What passes between VBench's stages, noted while it runs: the second half of `vbench_side.py`, loaded by it alone."""

import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

Watch = tuple[Any, str, Callable[[Any], Any]]
"""An attribute (owner, name) of VBench, and what makes its watched form from it."""

_MODELS: list[Any] = []


class Recorder:
    """Keeps what passes between VBench's stages, by dimension and video."""

    def __init__(self, folder: Path, paths: dict[str, str]) -> None:
        self._folder = folder
        self._paths = paths
        self._dimension = self._link = ""
        self._arrays: dict[str, list[Any]] = {}
        self.stages: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}

    def start(self, dimension: str, link: str) -> None:
        """Says which video the next notes belong to."""
        self.close()
        self._dimension, self._link = dimension, link

    def note(self, stage: str, array: Any) -> None:
        """Adds an array to a stage of the current video; repeated notes are stacked along the first axis."""
        self._arrays.setdefault(stage, []).append(array)

    def close(self) -> None:
        """Writes down the current video."""
        if not self._arrays:
            return
        numpy = importlib.import_module("numpy")
        whole = {stage: numpy.ascontiguousarray(numpy.concatenate(parts)) for stage, parts in self._arrays.items()}
        numpy.savez(self._folder / f"{self._dimension}-{Path(self._link).stem}.npz", **whole)
        self.stages.setdefault(self._dimension, {})[self._paths[self._link]] = {
            stage: {
                "shape": list(array.shape),
                "dtype": str(array.dtype),
                "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
            }
            for stage, array in whole.items()
        }
        self._arrays = {}


def watches(recorder: Recorder, dimension: str) -> list[Watch]:
    """What to put in the place of VBench's functions while `dimension` runs, so that the recorder hears of each stage.

    Stages of subject, background and overall consistency: `frames`, `input` (T, 3, H, W), `features` (not normalised),
    and `text_features` (once for each new prompt). Of temporal flickering: `frames`, `pair_means`. Of motion
    smoothness: `frames`, `input` (even frames but the last, padded), `predicted` (padded), `pair_means`.
    """
    module = importlib.import_module(f"vbench.{dimension}")
    if dimension == "temporal_flickering":
        return [
            (module, "get_frames", lambda read: _reading(read, recorder, dimension, _reversed_channels)),
            (module, "mae_seq", lambda means: _noting(means, recorder, "pair_means", _copied)),
        ]
    if dimension == "motion_smoothness":
        return [
            (module.FrameProcess, "get_frames", lambda read: _reading(read, recorder, dimension, _stacked)),
            (module.MotionSmoothness, "get_diff", lambda mean: _noting(mean, recorder, "pair_means", _copied)),
            (module, "build_from_cfg", lambda build: _building(build, _hear_interpolation(recorder))),
        ]
    reader = "read_frames_decord_by_fps" if dimension == "overall_consistency" else "load_video"
    transform = "dino_transform" if dimension == "subject_consistency" else "clip_transform"
    hear = {
        "subject_consistency": (importlib.import_module("torch").hub, "load", _hear_output(recorder)),
        "background_consistency": (importlib.import_module("clip"), "load", _hear_methods(recorder, ["encode_image"])),
        "overall_consistency": (module, "ViCLIP", _hear_methods(recorder, ["encode_vision", "encode_text"])),
    }
    owner, name, listener = hear[dimension]
    return [
        (module, reader, lambda read: _reading(read, recorder, dimension, _rgb)),
        (module, transform, lambda build: lambda size: _noting(build(size), recorder, "input", _tensor)),
        (owner, name, lambda build: _building(build, listener)),
    ]


def dump_text_features(path: Path, texts: list[str]) -> None:
    """Writes the features (not normalised) of `texts` by the ViCLIP that was built last; nothing without one."""
    models = [model for model in _MODELS if hasattr(model, "encode_text") and hasattr(model, "text_encoder")]
    if models:
        encode = type(models[-1]).encode_text
        with importlib.import_module("torch").no_grad():
            rows = [_tensor(encode(models[-1], text)) for text in texts]
        numpy = importlib.import_module("numpy")
        numpy.savez(path, features=numpy.concatenate(rows))


def _tensor(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy().copy()  # VBench goes on to divide some of them in place


def _rgb(frames: Any) -> Any:
    """(T, 3, H, W) numbers 0-255 to (T, H, W, 3) uint8."""
    return _tensor(frames.permute(0, 2, 3, 1)).astype("uint8")


def _copied(values: Any) -> Any:
    return importlib.import_module("numpy").array(values, ndmin=1)


def _stacked(frames: list[Any]) -> Any:
    return importlib.import_module("numpy").stack(frames)


def _reversed_channels(frames: list[Any]) -> Any:
    return _stacked(frames)[..., ::-1]


def _reading(read: Any, recorder: Recorder, dimension: str, convert: Any) -> Any:
    def reader(*args: Any, **kwargs: Any) -> Any:
        frames = read(*args, **kwargs)
        recorder.start(dimension, next(value for value in args if isinstance(value, str)))
        recorder.note("frames", convert(frames))
        return frames

    return reader


def _noting(function: Any, recorder: Recorder, stage: str, convert: Any) -> Any:
    def noting(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        recorder.note(stage, convert(result))
        return result

    return noting


def _building(build: Any, listen: Callable[[Any], None]) -> Any:
    def builder(*args: Any, **kwargs: Any) -> Any:
        built = build(*args, **kwargs)
        model = built[0] if isinstance(built, tuple) else built
        listen(model)
        _MODELS.append(model)
        return built

    return builder


def _hear_output(recorder: Recorder) -> Callable[[Any], None]:
    def listen(model: Any) -> None:
        model.register_forward_hook(lambda _model, _inputs, output: recorder.note("features", _tensor(output)))

    return listen


def _hear_methods(recorder: Recorder, methods: list[str]) -> Callable[[Any], None]:
    def listen(model: Any) -> None:
        for method in methods:
            stage = "text_features" if method == "encode_text" else "features"
            setattr(model, method, _noting(getattr(model, method), recorder, stage, _tensor))

    return listen


def _hear_interpolation(recorder: Recorder) -> Callable[[Any], None]:
    def note(_model: Any, inputs: Any, output: Any) -> None:
        recorder.note("input", _tensor(inputs[0]))
        recorder.note("predicted", _tensor(output["imgt_pred"]))

    return lambda model: model.register_forward_hook(note)
