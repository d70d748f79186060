"""The restricted reader: equal to torch where torch can read, and never a step of the file's own code."""

from __future__ import annotations

import collections
import io
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rvebench.errors import DataError
from rvebench.weights import TensorInfo, archives, iter_globals, list_tensors, load_tensors, pickles

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

LEGACY = {"_use_new_zipfile_serialization": False}


def equal(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Same names, dtypes, shapes and bits."""
    return list(found) == list(wanted) and all(
        found[name].dtype == tensor.dtype
        and found[name].shape == tensor.shape
        and torch.equal(bits(found[name]), bits(tensor))
        for name, tensor in wanted.items()
    )


def bits(tensor: Any) -> Any:
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8) if tensor.numel() else torch.empty(0)


def state() -> dict[str, Any]:
    generator = torch.Generator().manual_seed(0)
    base = torch.randn(6, 4, generator=generator)
    return collections.OrderedDict(
        {
            "fp32": base.clone(),
            "bf16": base.bfloat16(),
            "fp16": base.half(),
            "fp64": base.double(),
            "int64": torch.arange(5),
            "bool": torch.tensor([True, False, True]),
            "complex": torch.complex(base[0], base[1]),
            "scalar": torch.tensor(3.5),
            "empty": torch.empty(0, 3),
            "shared.row": base[2],
            "shared.top": base[:3],
            "shared.columns": base[:, 1:3],
            "transposed": base.t(),
            "stepped": base[::2, ::3],
            "repeated": torch.tensor([1.0, 2.0]).expand(3, 2),
            "parameter": torch.nn.Parameter(base.clone()),
        }
    )


@pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_state_dict_comes_back_bit_for_bit_as_torch_reads_it(
    tmp_path: Path, options: dict[str, bool], protocol: int
) -> None:
    torch.save(state(), tmp_path / "a.pth", pickle_protocol=protocol, **options)
    found = load_tensors(tmp_path / "a.pth")
    assert equal(found, state())
    assert equal(found, torch.load(tmp_path / "a.pth", weights_only=protocol == 2))
    assert not any(tensor.requires_grad for tensor in found.values())


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "uint16", "uint32", "uint64"])
def test_dtypes_without_a_storage_class_of_their_own_are_read(tmp_path: Path, dtype: str) -> None:
    tensor = torch.arange(6, dtype=torch.float32).to(getattr(torch, dtype)).reshape(2, 3)
    torch.save({"a": tensor}, tmp_path / "a.pth")
    assert equal(load_tensors(tmp_path / "a.pth"), {"a": tensor})


@pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])
def test_shared_storages_are_shared_again(tmp_path: Path, options: dict[str, bool]) -> None:
    base = torch.randn(4, 4)
    torch.save({"whole": base, "row": base[1]}, tmp_path / "a.pth", **options)
    found = load_tensors(tmp_path / "a.pth")
    assert found["whole"].untyped_storage().data_ptr() == found["row"].untyped_storage().data_ptr()


def test_writing_to_a_tensor_leaves_the_file_alone(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1000)}, tmp_path / "a.pth")
    before = (tmp_path / "a.pth").read_bytes()
    load_tensors(tmp_path / "a.pth")["a"].fill_(7)
    assert (tmp_path / "a.pth").read_bytes() == before
    assert float(load_tensors(tmp_path / "a.pth")["a"].sum()) == 0


@pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])
def test_a_module_with_its_metadata_and_a_nested_checkpoint_are_read(tmp_path: Path, options: dict[str, bool]) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    kept = {
        "epoch": 3,
        "betas": (0.9, 0.99),
        "names": ["a", None, True, 1 << 70],
        "raw": b"\x00\xff",
        "set": {1, 2},
        "complex": 1 + 2j,
        "size": torch.Size([1, 2]),
        "dtype": torch.float16,
        "device": torch.device("cpu"),
        "state_dict": model.state_dict(),
    }
    torch.save(kept, tmp_path / "a.pth", **options)
    assert equal(load_tensors(tmp_path / "a.pth", unwrap=("state_dict",)), model.state_dict())
    assert list(load_tensors(tmp_path / "a.pth")) == [f"state_dict.{name}" for name in model.state_dict()]


def test_keys_are_unwrapped_only_where_they_hold_a_dict(tmp_path: Path) -> None:
    torch.save({"model": torch.ones(2), "x": {"model": {"w": torch.zeros(1)}}}, tmp_path / "a.pth")
    assert list(load_tensors(tmp_path / "a.pth", unwrap=("model",))) == ["model", "x.model.w"]
    assert list(load_tensors(tmp_path / "a.pth", unwrap=("x", "model", "module"))) == ["w"]


def test_lists_and_tuples_of_tensors_are_named_by_position(tmp_path: Path) -> None:
    torch.save([torch.ones(1), {"a": (torch.zeros(2), 5)}], tmp_path / "a.pth")
    assert list(load_tensors(tmp_path / "a.pth")) == ["0", "1.a.0"]
    torch.save(torch.ones(1), tmp_path / "b.pth")
    assert list(load_tensors(tmp_path / "b.pth")) == ["tensor"]


def test_a_parameter_with_attributes_is_its_tensor(tmp_path: Path) -> None:
    parameter, tensor = torch.nn.Parameter(torch.ones(2)), torch.zeros(3)
    parameter.note, tensor.note = "x", "y"
    torch.save({"p": parameter, "t": tensor}, tmp_path / "a.pth")
    assert equal(load_tensors(tmp_path / "a.pth"), {"p": torch.ones(2), "t": torch.zeros(3)})


def test_a_conjugated_view_is_refused_rather_than_read_wrong(tmp_path: Path) -> None:
    torch.save({"a": torch.tensor([1 + 2j]).conj()}, tmp_path / "a.pth")
    with pytest.raises(DataError, match="conjugated"):
        load_tensors(tmp_path / "a.pth")


def test_a_safetensors_file_is_known_by_its_bytes_and_unwrapped_by_prefix(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"model.a": torch.ones(2), "model.b": torch.zeros(1, dtype=torch.bfloat16)}, tmp_path / "a.bin")
    assert sorted(load_tensors(tmp_path / "a.bin")) == ["model.a", "model.b"]
    assert sorted(load_tensors(tmp_path / "a.bin", unwrap=("model",))) == ["a", "b"]
    assert list(iter_globals(tmp_path / "a.bin")) == []


class Holder(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A module that only holds tensors, as CLIP's archive does."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.weight = torch.nn.Parameter(torch.randn(3, 2, generator=generator).half())
        self.register_buffer("steps", torch.tensor(4))
        self.heads = 3

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


class Nested(torch.nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.visual = Holder()
        self.layers = torch.nn.Sequential(Holder(), torch.nn.LayerNorm(4))
        self.input_resolution = 224
        self.sizes = [1, 2]
        self.text_projection = torch.nn.Parameter(torch.ones(2, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def test_a_torchscript_archive_is_read_without_running_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Nested()
    torch.jit.script(model).save(str(tmp_path / "a.pt"))
    wanted = torch.jit.load(str(tmp_path / "a.pt")).state_dict()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("an archive was run")

    monkeypatch.setattr(torch.jit, "load", never)
    monkeypatch.setattr(torch, "load", never)
    found = load_tensors(tmp_path / "a.pt")
    assert equal(dict(sorted(found.items())), dict(sorted(wanted.items())))
    assert found["visual.weight"].dtype == torch.float16
    assert any(name.startswith("__torch__") for name in iter_globals(tmp_path / "a.pt"))


# -- what must be refused ----------------------------------------------------------------------------------------------


class Calls:
    """An object whose pickle calls a function."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self.call = (function, args)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def evil(trace: Path) -> dict[str, tuple[object, str]]:
    """Objects that would write the file `trace`, and the name that must be said."""
    import numpy as np
    from torch.storage import _load_from_bytes

    write = f"open({str(trace)!r}, 'w').write('x')"
    inner = io.BytesIO()
    torch.save(Calls(os.system, f"touch {trace}"), inner, **LEGACY)
    return {
        "system": (Calls(os.system, f"touch {trace}"), "posix.system"),
        "eval": (Calls(eval, write), "builtins.eval|__builtin__.eval"),
        "exec": (Calls(exec, write), "builtins.exec|__builtin__.exec"),
        "popen": (Calls(subprocess.Popen, ["touch", str(trace)]), r"(subprocess|commands)\.Popen"),
        "getattr": (Calls(getattr, os, "system"), "builtins.getattr|__builtin__.getattr|importlib|cannot pickle"),
        "torch.load": (Calls(_load_from_bytes, inner.getvalue()), "posix.system"),
        "numpy": ({"a": np.ones(3)}, r"numpy.*_reconstruct"),
        "numpy scalar": ({"a": np.float64(1)}, r"numpy.*scalar"),
        "module": (torch.nn.Linear(2, 2), r"torch\.nn\.modules\.linear\.Linear"),
        "partial": ({"ok": torch.ones(1), "x": Calls(__import__("functools").partial, print)}, "functools.partial"),
    }


NAMES = ["system", "eval", "exec", "popen", "torch.load", "numpy", "numpy scalar", "module", "partial"]


@pytest.mark.parametrize("protocol", [2, 3, 5])
def test_tensors_that_pickle_itself_wrote_are_read(tmp_path: Path, protocol: int) -> None:
    base = torch.arange(12.0).reshape(3, 4)
    written = {"<a>": base, "b": [base[1:, ::2], torch.ones(2, 3, dtype=torch.bfloat16)], "step": 3}
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(written, protocol=protocol))
    found = load_tensors(tmp_path / "a.pkl")
    assert equal(found, {"<a>": base, "b.0": base[1:, ::2], "b.1": torch.ones(2, 3, dtype=torch.bfloat16)})
    assert "torch.storage._load_from_bytes" in set(iter_globals(tmp_path / "a.pkl"))
    listing = list_tensors(tmp_path / "a.pkl")
    assert listing.tensors["b.1"] == TensorInfo("bfloat16", (2, 3)) and listing.code == ()
    whole = (tmp_path / "a.pkl").read_bytes()
    for cut in (len(whole) - 1, len(whole) // 2, 3):
        (tmp_path / "cut.pkl").write_bytes(whole[:cut])
        with pytest.raises(DataError):
            load_tensors(tmp_path / "cut.pkl")


def test_a_file_is_listed_without_being_loaded_and_says_which_keys_it_went_through(tmp_path: Path) -> None:
    torch.save({"module": {"a.weight": torch.ones(2, 3).half()}, "epoch": 3}, tmp_path / "a.pt")
    listing = list_tensors(tmp_path / "a.pt", unwrap=("model_state_dict", "module"))
    assert (listing.kind, listing.unwrapped) == ("zip", ("module",))
    assert listing.tensors == {"a.weight": TensorInfo("float16", (2, 3))}
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2, dtype=torch.bfloat16)}, tmp_path / "a.safetensors")
    assert list_tensors(tmp_path / "a.safetensors").tensors == {"a": TensorInfo("bfloat16", (2,))}
    whole = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(whole[:-1])
    with pytest.raises(DataError, match="cut short"):
        list_tensors(tmp_path / "a.safetensors")


def test_a_listing_names_the_code_it_passes_over(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1), "x": Calls(os.system, f"touch {tmp_path / 'trace'}")}, tmp_path / "a.pt")
    with pytest.raises(DataError, match=r"posix\.system"):
        list_tensors(tmp_path / "a.pt")
    listing = list_tensors(tmp_path / "a.pt", ignore_others=True)
    assert list(listing.tensors) == ["a"] and listing.code == ("posix.system",)
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_code_is_refused_by_its_name_and_never_run(
    tmp_path: Path, name: str, protocol: int, options: dict[str, bool]
) -> None:
    value, words = evil(tmp_path / "trace")[name]
    path = tmp_path / "evil.pth"
    torch.save(value, path, pickle_protocol=protocol, **options)
    with pytest.raises(DataError, match=rf"the file holds code \(.*({words}).*\); it was not loaded"):
        load_tensors(path)
    assert any(__import__("re").search(words, found) for found in iter_globals(path))
    with pytest.raises(DataError) if name != "partial" else pytest.MonkeyPatch.context():
        assert list(load_tensors(path, ignore_others=True)) == ["ok"]
    assert not (tmp_path / "trace").exists()


def test_the_evil_files_would_have_worked(tmp_path: Path) -> None:
    """Otherwise the test above could not fail."""
    torch.save(evil(tmp_path / "trace")["system"][0], tmp_path / "evil.pth")
    torch.load(tmp_path / "evil.pth", weights_only=False)
    assert (tmp_path / "trace").exists()


OPCODES = {
    "text": b"cos\nsystem\n(S'touch TRACE'\ntR.",
    "inst": b"(S'touch TRACE'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'touch TRACE'\no.",
    "stack": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0btouch TRACE\x85R.",
    "memo": b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x94h\x02\x8c\x0btouch TRACE\x85R.",
    "build": b"\x80\x02ccollections\nOrderedDict\n}X\x04\x00\x00\x00evalcbuiltins\neval\nsb.",
    "extension": b"\x80\x02\x82\x01)R.",
    "dotted": b"\x80\x04\x8c\x0bcollections\x8c\x1aOrderedDict.__init__.__doc\x93.",
    "persistent text": b"Pid\n.",
}


@pytest.mark.parametrize("name", sorted(OPCODES))
@pytest.mark.parametrize("where", ["bare", "zip"])
def test_hand_made_pickles_are_refused(tmp_path: Path, name: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.pth"
    if where == "bare":
        path.write_bytes(OPCODES[name])
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", OPCODES[name])
    for ignore in (False, True):
        with pytest.raises(DataError):
            load_tensors(path, ignore_others=ignore)
    assert not (tmp_path / "TRACE").exists()


def test_nothing_the_file_names_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02cantigravity\nfly\n)R.")
    before = set(sys.modules)
    with pytest.raises(DataError, match=r"antigravity\.fly"):
        load_tensors(path)
    assert list(iter_globals(path)) == ["antigravity.fly"]
    assert "antigravity" not in set(sys.modules) - before


class Config:
    """A class of somebody's training code."""

    def __init__(self) -> None:
        self.lr = 0.1
        self.extra = [1, {"a": 2}]


class Listed(list[int]):
    """Pickled with items appended and a state."""


def test_unknown_objects_beside_the_tensors_are_passed_over_when_asked(tmp_path: Path) -> None:
    import numpy as np

    kept = {
        "config": Config(),
        "listed": Listed([1, 2]),
        "loss": np.float64(0.5),
        "history": np.ones(3),
        "default": collections.defaultdict(list, {"a": [1]}),
        "state_dict": {"w": torch.ones(2)},
        "last": torch.zeros(1),
    }
    torch.save(kept, tmp_path / "a.pth")
    with pytest.raises(DataError, match=r"tests\.weights\.test_checkpoint\.Config"):
        load_tensors(tmp_path / "a.pth")
    assert list(load_tensors(tmp_path / "a.pth", ignore_others=True)) == ["state_dict.w", "last"]
    found = load_tensors(tmp_path / "a.pth", unwrap=("state_dict",), ignore_others=True)
    assert equal(found, {"w": torch.ones(2)})


# -- files that are cut, damaged, or ask for too much ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["zip", "legacy", "script", "safetensors"])
def test_a_file_cut_anywhere_is_an_error_and_never_other_numbers(tmp_path: Path, kind: str) -> None:
    from safetensors.torch import save_file

    whole = tmp_path / "whole"
    tensors = {"a": torch.arange(300.0), "b": torch.ones(7)}
    if kind == "script":
        torch.jit.script(Nested()).save(str(whole))
    elif kind == "safetensors":
        save_file(tensors, whole)
    else:
        torch.save(tensors, whole, **(LEGACY if kind == "legacy" else {}))
    data = whole.read_bytes()
    load_tensors(whole)
    cut = tmp_path / "cut"
    for end in sorted({0, 1, 2, 7, 8, 9, len(data) - 1, len(data) - 21, *range(0, len(data), max(1, len(data) // 60))}):
        cut.write_bytes(data[:end])
        with pytest.raises(DataError):
            load_tensors(cut)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_flipped_bits_in_a_zip_are_noticed(tmp_path: Path, compression: int) -> None:
    torch.save({"a": torch.arange(300.0)}, tmp_path / "a.pth")
    packed = repacked(tmp_path / "a.pth", tmp_path / "b.pth", compression)
    with zipfile.ZipFile(packed) as archive:
        (info,) = [item for item in archive.infolist() if item.filename.endswith("data/0")]
    data = bytearray(packed.read_bytes())
    data[info.header_offset + 100] ^= 1
    packed.write_bytes(data)
    with pytest.raises(DataError):
        load_tensors(packed)


def repacked(source: Path, path: Path, compression: int, change: Mapping[str, bytes] | None = None) -> Path:
    """Writes a torch zip anew with another compression, or with members changed."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(path, "w", compression) as out:
        for info in archive.infolist():
            stem = info.filename.split("/", 1)[1]
            out.writestr(info.filename, (change or {}).get(stem, archive.read(info)))
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_packed_again_by_another_tool_is_read(tmp_path: Path, compression: int) -> None:
    torch.save(state(), tmp_path / "a.pth")
    assert equal(load_tensors(repacked(tmp_path / "a.pth", tmp_path / "b.pth", compression)), state())
    with pytest.raises(DataError, match="not read"):
        load_tensors(repacked(tmp_path / "a.pth", tmp_path / "c.pth", zipfile.ZIP_BZIP2))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_FREE_GROWTH_BYTES", 10_000_000)
    torch.save({"a": torch.zeros(8_000_000, dtype=torch.uint8)}, tmp_path / "a.pth")
    small = repacked(tmp_path / "a.pth", tmp_path / "b.pth", zipfile.ZIP_DEFLATED)
    assert small.stat().st_size < 20_000
    load_tensors(small)  # zeros in a reasonable number are still a file one may have
    with zipfile.ZipFile(small, "a", zipfile.ZIP_DEFLATED) as archive:
        for index in range(2):
            archive.writestr(f"a/more{index}", bytes(8_000_000))
    with pytest.raises(DataError, match="grow over 100 times"):
        load_tensors(small)


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1000)}, tmp_path / "a.pth")
    short = repacked(tmp_path / "a.pth", tmp_path / "b.pth", zipfile.ZIP_STORED, {"data/0": b"\0" * 3999})
    with pytest.raises(DataError, match="3999 bytes, not 4000"):
        load_tensors(short)


def test_big_endian_numbers_are_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(10)}, tmp_path / "a.pth")
    big = repacked(tmp_path / "a.pth", tmp_path / "b.pth", zipfile.ZIP_STORED, {"byteorder": b"big"})
    with pytest.raises(DataError, match="big-endian"):
        load_tensors(big)
    torch.save({"a": torch.zeros(10)}, tmp_path / "c.pth", **LEGACY)
    data = (tmp_path / "c.pth").read_bytes()
    little = b"little_endianq\x02\x88"
    assert little in data
    (tmp_path / "c.pth").write_bytes(data.replace(little, b"little_endianq\x02\x89"))
    with pytest.raises(DataError, match="big-endian"):
        load_tensors(tmp_path / "c.pth")


def tensor_pickle(offset: int, size: tuple[int, ...], stride: tuple[int, ...], numel: int = 10) -> bytes:
    """The pickle of one tensor with numbers of one's own."""

    class Rebuild:
        def __reduce__(self) -> tuple[Any, ...]:
            arguments = (Stored(numel), offset, size, stride, False, collections.OrderedDict())
            return torch._utils._rebuild_tensor_v2, arguments

    class Stored:
        def __init__(self, count: int) -> None:
            self.count = count

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: object) -> object:
            return ("storage", torch.FloatStorage, "0", "cpu", obj.count) if isinstance(obj, Stored) else None

    out = io.BytesIO()
    Pickler(out, 2).dump({"a": Rebuild()})
    return out.getvalue()


@pytest.mark.parametrize(
    ("offset", "size", "stride", "words"),
    [
        (1, (10,), (1,), "beyond"),
        (0, (11,), (1,), "beyond"),
        (0, (2, 5), (6, 1), "beyond"),
        (2**61, (1,), (1,), "beyond"),
        (-1, (1,), (1,), "where a number from 0"),
        (0, (-1,), (1,), "where a number from 0"),
        (0, (1,), (-1,), "where a number from 0"),
        (0, (2,), (1, 1), "does not fit"),
        (0, (10**12, 10), (0, 1), "many times larger"),
        (0, (2**61, 4), (0, 0), "many times larger"),
    ],
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(
    tmp_path: Path, offset: int, size: tuple[int, ...], stride: tuple[int, ...], words: str
) -> None:
    torch.save({"a": torch.zeros(10)}, tmp_path / "a.pth")
    change = {"data.pkl": tensor_pickle(offset, size, stride)}
    with pytest.raises(DataError, match=words):
        load_tensors(repacked(tmp_path / "a.pth", tmp_path / "b.pth", zipfile.ZIP_STORED, change))
    change = {"data.pkl": tensor_pickle(2, (2, 4), (4, 1))}
    found = load_tensors(repacked(tmp_path / "a.pth", tmp_path / "c.pth", zipfile.ZIP_STORED, change))
    assert found["a"].shape == (2, 4)


def zip_of(path: Path, pickled: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    return path


BOMBS = {
    "memo number": b"\x80\x02Nr\xff\xff\xff\xff.",
    "length": b"\x80\x04\x8d" + struct.pack("<Q", 2**50) + b"x.",
    "many digits": b"L" + b"9" * 100_000 + b"L\n.",
    "deep": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
    "deep tuples as keys": b"\x80\x02}" + b")" + b"\x85" * 200_000 + b"Ns.",
    "circle": b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.",
    "laughs": b"\x80\x02}q\x00"
    + b"".join(
        b"}q" + bytes([n + 1]) + b"".join(b"X\x01\x00\x00\x00" + key + b"h" + bytes([n]) + b"s" for key in (b"a", b"b"))
        for n in range(40)
    )
    + b".",
    "copies": b"\x80\x02]q\x00("
    + b"N" * 100_000
    + b"e"
    + b"0ccollections\nOrderedDict\nq\x01" * 1
    + b"h\x01h\x00\x85R0" * 1000
    + b"N.",
}


def test_calls_that_copy_long_lists_again_and_again_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = b"]q\x00(" + b"K\x01K\x02\x86" * 1000 + b"e0ccollections\nOrderedDict\nq\x01"
    path = zip_of(tmp_path / "a.pth", b"\x80\x02" + pairs + b"h\x01h\x00\x85R0" * 100 + b"N.")
    with pytest.raises(DataError, match="cannot be read"):
        load_tensors(path)
    monkeypatch.setattr(pickles, "_MOST_WORK", 50_000)
    with pytest.raises(DataError, match="too long for a state dict"):
        load_tensors(path)


def test_a_small_pickle_cannot_take_much_memory_or_time_or_crash(tmp_path: Path) -> None:
    """In a process of its own with a gigabyte to use: a crash would take the tests along."""
    paths = [zip_of(tmp_path / f"{name}.pth", BOMBS[name]) for name in sorted(BOMBS)]
    program = (
        "import resource, sys, torch, safetensors.torch\n"
        "from pathlib import Path\n"
        "from rvebench.errors import DataError\n"
        "from rvebench.weights import load_tensors\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        load_tensors(Path(name))\n"
        "    except DataError as error:\n"
        "        print(error, flush=True)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, *map(str, paths)], capture_output=True, text=True, timeout=200)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = ran.stdout.splitlines()
    assert len(lines) == len(paths), lines
    assert all(line.startswith(f"{path}: ") for line, path in zip(lines, paths, strict=True)), lines


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "LFS pointer"),
        (b"", "empty"),
        (b"\x80\x02}.", "not one that torch wrote"),
        (b"PK\x03\x04garbage", "cut or damaged"),
        (b"just text\n", "cannot be read"),
        (bytes(257) + b"ustar" + bytes(250), "tar"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "a.pth").write_bytes(data)
    with pytest.raises(DataError, match=words):
        load_tensors(tmp_path / "a.pth")
    with pytest.raises(DataError, match=words):
        list(iter_globals(tmp_path / "a.pth"))


def test_a_zip_of_other_things_a_missing_file_and_a_file_without_tensors_are_errors(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(DataError, match=r"no data\.pkl"):
        load_tensors(tmp_path / "a.zip")
    with pytest.raises(DataError, match="No such file"):
        load_tensors(tmp_path / "nothing.pth")
    torch.save({"epoch": 1}, tmp_path / "b.pth")
    with pytest.raises(DataError, match="holds no tensor"):
        load_tensors(tmp_path / "b.pth")


def test_two_tensors_of_one_dotted_name_are_an_error(tmp_path: Path) -> None:
    torch.save({"a": {"b": torch.ones(1)}, "a.b": torch.zeros(1)}, tmp_path / "a.pth")
    with pytest.raises(DataError, match=r"two tensors have the name 'a\.b'"):
        load_tensors(tmp_path / "a.pth")


@pytest.mark.filterwarnings("ignore")
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1)}, tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth", "a") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02}.")
    with pytest.raises(DataError, match="two members of one name"):
        load_tensors(tmp_path / "a.pth")


@settings(max_examples=300)
@given(data=st.data())
def test_damage_gives_a_data_error_or_tensors_and_nothing_else(data: st.DataObject, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.getbasetemp() / "damage"
    folder.mkdir(exist_ok=True)
    kind = data.draw(st.sampled_from(["zip", "legacy", "pickle"]))
    original = folder / kind
    if not original.exists():
        torch.save(
            {"a": torch.arange(4.0), "b": {"c": torch.ones(2)}}, original, **(LEGACY if kind == "legacy" else {})
        )
    raw = bytearray(original.read_bytes())
    end = len(raw) if kind != "pickle" else 400
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    (folder / "damaged").write_bytes(raw)
    for ignore in (False, True):
        try:
            load_tensors(folder / "damaged", ignore_others=ignore)
        except DataError:
            continue
