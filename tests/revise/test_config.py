"""Configurations: what is refused, with what words, and what survives a round trip."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from rvebench.errors import DataError, UnknownNameError, UsageError
from rvebench.revise.config import (
    Compat,
    ConditioningConfig,
    DitConfig,
    RefinerConfig,
    ResamplerConfig,
    ReviseConfig,
    SamplingConfig,
    Size,
    VaeConfig,
    check_frames,
    preset,
    preset_names,
)


def test_reading_a_configuration_imports_no_torch():
    code = (
        "import sys, rvebench.revise, rvebench.revise.config, rvebench.revise.model.context_plan\n"
        "rvebench.revise.preset('nano')\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'diffusers', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_survives_dict_json_and_file(name, tmp_path):
    config = preset(name)
    assert config.name == name
    assert ReviseConfig.from_dict(config.to_dict()) == config
    path = tmp_path / "config.json"
    path.write_text(config.to_json())
    assert ReviseConfig.load(path) == config
    assert json.loads(config.to_json()) == config.to_dict()


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"wan1\.3b"):
        preset("wan1.3")


def test_toml_changes_a_preset_key_by_key(tmp_path):
    pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli")
    path = tmp_path / "mine.toml"
    path.write_text('preset = "wan1.3b"\n[sampling]\nsteps = 8\n[sampling.size]\nwidth = 352\nheight = 640\n')
    config = ReviseConfig.load(path)
    assert config.sampling.steps == 8
    assert config.sampling.size == Size(width=352, height=640)
    assert config.dit == preset("wan1.3b").dit


def test_an_unknown_key_is_an_error_that_names_path_and_nearest_key(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{"preset": "nano", "sampling": {"guidance_scal": 3.0}}')
    with pytest.raises(
        UsageError, match=r"mine\.json: no such key: sampling\.guidance_scal; did you mean guidance_scale"
    ):
        ReviseConfig.load(path)
    with pytest.raises(UsageError, match="known are height, width"):
        ReviseConfig.from_dict({"sampling": {"size": {"zzz": 1}}})


def test_a_key_that_the_released_configs_carry_in_vain_is_called_dead():
    with pytest.raises(UsageError, match="max_prompt_len has no effect"):
        ReviseConfig.from_dict({"conditioning": {"max_prompt_len": 512}})


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ({"sampling": {"steps": "40"}}, "sampling.steps must be of type int"),
        ({"sampling": {"steps": True}}, "sampling.steps must be of type int"),
        ({"sampling": []}, "sampling must be a table"),
        ({"compat": {"padding": "cut"}}, "use one of attend, mask"),
        ({"dit": {"patch_size": [1, 2]}}, "dit.patch_size has 3 entries, not 2"),
        ({"dit": {"patch_size": "122"}}, "must be a list"),
        ({"connector": {"adapter": {"dim": 4096}}}, "connector.adapter lacks queries, ffn_dim"),
        ({"preset": 3}, "preset must be a name"),
    ],
)
def test_a_wrong_type_is_an_error_with_the_path_of_the_key(plain, said):
    with pytest.raises(UsageError, match=said):
        ReviseConfig.from_dict(plain)


def test_files_that_are_no_configuration_are_told_apart(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        ReviseConfig.load(tmp_path / "none.json")
    for name, content, kind, said in (
        ("a.yaml", b"", UsageError, ".json or a .toml"),
        ("b.json", b"{", DataError, "not valid JSON"),
        ("c.json", b"[]", DataError, "table of keys"),
        ("d.json", b"\xff", DataError, "UTF-8"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(kind, match=said):
            ReviseConfig.load(tmp_path / name)


def test_an_integer_is_read_as_a_float_where_one_is_asked():
    assert ReviseConfig.from_dict({"sampling": {"shift": 3}}).sampling.shift == 3.0
    assert ReviseConfig.from_dict({"sampling": {"fps": None}}).sampling.fps is None


@pytest.mark.parametrize(("frames", "hint"), [(16, "use 13 or 17"), (2, "use 1 or 5"), (0, "1, 5"), (-3, "1, 5")])
def test_frames_other_than_4n_plus_1_name_the_neighbours(frames, hint):
    with pytest.raises(UsageError, match=hint):
        check_frames(frames)
    with pytest.raises(UsageError, match="4n"):
        SamplingConfig(frames=frames)


def test_one_frame_is_a_clip():
    assert check_frames(1) == 1
    assert preset("wan1.3b").latent_shape(frames=1, size=Size(width=640, height=352)) == (16, 1, 44, 80)


def test_width_comes_first_and_only_by_name():
    assert str(Size(width=640, height=352)) == "640x352"
    assert Size.parse("352X640") == Size(width=352, height=640)
    with pytest.raises(TypeError):
        Size(640, 352)


def test_a_size_off_the_grid_names_the_nearest():
    with pytest.raises(UsageError, match=r"641x350 \(width x height\).*640x352"):
        Size(width=641, height=350)
    assert Size.nearest(width=10, height=1079) == Size(width=32, height=1088)
    for text in ("640", "640*352", "x352", "-64x64"):
        with pytest.raises(UsageError, match="WIDTHxHEIGHT"):
            Size.parse(text)
    with pytest.raises(UsageError, match="empty"):
        Size(width=0, height=32)


def test_latents_of_the_published_setting():
    config = preset("wan1.3b")
    assert config.latent_shape(frames=17, size=Size(width=640, height=352)) == (16, 5, 44, 80)
    with pytest.raises(UsageError, match="4n"):
        config.latent_shape(frames=16, size=Size(width=640, height=352))


def test_a_part_is_there_exactly_where_the_strategy_uses_it():
    config = preset("wan1.3b")
    with pytest.raises(UsageError, match="revise needs the part connector"):
        dataclasses.replace(config, connector=None)
    with pytest.raises(UsageError, match="refiner has no effect with strategy revise"):
        dataclasses.replace(config, refiner=RefinerConfig())
    concat = ConditioningConfig(strategy="channel-concat")
    with pytest.raises(UsageError, match="visual_context_adapter has no effect with strategy channel-concat"):
        dataclasses.replace(config, conditioning=concat)
    for text in (config.text, None):
        built = dataclasses.replace(config, conditioning=concat, visual_context_adapter=None, text=text)
        assert built.concat_channels == 16
    viva = dataclasses.replace(
        config,
        conditioning=ConditioningConfig(strategy="viva"),
        visual_context_adapter=None,
        connector=None,
        text=None,
        refiner=RefinerConfig(),
    )
    assert viva.concat_channels == 16
    assert config.concat_channels == 0


def test_widths_that_do_not_meet_are_refused():
    config = preset("wan1.3b")
    with pytest.raises(UsageError, match=r"text\.dim is 4096"):
        dataclasses.replace(config, dit=DitConfig(text_dim=2048))
    with pytest.raises(UsageError, match="begins with 1"):
        dataclasses.replace(config, dit=DitConfig(patch_size=(2, 2, 2)))
    with pytest.raises(UsageError, match="divide 32"):
        dataclasses.replace(config, dit=DitConfig(patch_size=(1, 3, 3)))
    with pytest.raises(UsageError, match="not a multiple of heads"):
        ResamplerConfig(dim=10, queries=1, ffn_dim=4, heads=3)
    with pytest.raises(UsageError, match="z_dim = 8"):
        VaeConfig(z_dim=8)
    with pytest.raises(UsageError, match="exactly two"):
        VaeConfig(temporal_downsample=(True, True, True))
    with pytest.raises(UsageError, match="no effect with strategy viva"):
        ConditioningConfig(strategy="viva", source_overflow="pool")


@pytest.mark.parametrize(
    "changes",
    [{"steps": 0}, {"shift": 0.0}, {"shift": float("nan")}, {"guidance_scale": -1.0}, {"fps": 0.0}, {"seed": -1}],
)
def test_sampling_values_that_cannot_work_are_refused(changes):
    with pytest.raises(UsageError):
        SamplingConfig(**changes)


def test_compat_presets_are_the_four_switches():
    official = Compat.named("official")
    assert dataclasses.asdict(official) == {
        "guidance": "official",
        "null_source": "keep",
        "vlm_frames": "first",
        "padding": "attend",
    }
    fixed = Compat.named("fixed")
    assert dataclasses.asdict(fixed) == {
        "guidance": "standard",
        "null_source": "keep",
        "vlm_frames": "all",
        "padding": "mask",
    }
    assert (official.name, fixed.name) == ("official", "fixed")
    assert dataclasses.replace(fixed, null_source="drop").name == "custom"
    with pytest.raises(UsageError, match="official or fixed"):
        Compat.named("best")


def test_changing_the_guidance_formula_keeps_its_strength():
    config = preset("wan1.3b")
    assert config.sampling.guidance_scale == 3.0
    fixed = config.with_compat("fixed")
    assert fixed.sampling.guidance_scale == 4.0
    assert fixed.with_compat("fixed") == fixed
    assert fixed.with_compat("official") == config


def test_the_manifest_names_compat_and_changes_with_any_key():
    config = preset("wan1.3b")
    said = config.manifest()
    assert said["compat"] == {
        "name": "official",
        "guidance": "official",
        "null_source": "keep",
        "vlm_frames": "first",
        "padding": "attend",
    }
    assert said["sampling"]["size"] == {"width": 640, "height": 352}
    assert json.loads(json.dumps(said)) == said
    other = dataclasses.replace(config, dit=dataclasses.replace(config.dit, eps=1e-5))
    assert other.manifest()["config_digest"] != said["config_digest"]
    assert config.with_compat("fixed").manifest()["compat"]["name"] == "fixed"
