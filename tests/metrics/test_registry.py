from __future__ import annotations

import pytest

from rvebench.errors import UnknownNameError, UsageError
from rvebench.metrics import METRICS, Metric, build_metric, choose_metrics
from rvebench.registry import Registration, Registry


def names(text: str) -> tuple[str, ...]:
    return tuple(metric.info.name for metric in choose_metrics(text).metrics)


def test_all_is_every_registered_metric_and_none_is_no_metric() -> None:
    pytest.importorskip("torch")
    assert names("all") == tuple(METRICS.names())
    assert names("none") == ()


def test_ready_leaves_out_what_lacks_weights_and_says_how_to_get_them() -> None:
    chosen = choose_metrics("ready")
    assert "temporal_flickering" in [metric.info.name for metric in chosen.metrics]
    assert chosen.left_out
    assert {*chosen.left_out, *(metric.info.name for metric in chosen.metrics)} == set(METRICS.names())
    assert all("weights fetch" in reason or "pip install" in reason for reason in chosen.left_out.values())


def test_names_keep_their_order_and_count_once() -> None:
    assert names(" temporal_flickering,temporal_flickering ") == ("temporal_flickering",)


def test_a_misspelt_metric_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="temporal_flickering") as caught:
        names("temporal_flicker")
    assert caught.value.exit_code == 2
    with pytest.raises(UnknownNameError, match="unknown metric 'temporal_flickerng'"):
        build_metric("temporal_flickerng")


@pytest.mark.parametrize(
    "text",
    ["", "temporal_flickering,", "all,temporal_flickering", "none,none", "viclip_t?text=instruction,viclip_t"],
)
def test_an_empty_name_or_a_mixed_list_is_a_usage_error(text: str) -> None:
    pytest.importorskip("torch")
    with pytest.raises(UsageError):
        names(text)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("temporal_flickering?precision=bf16", "does not take the option 'precision'"),
        ("subject_consistency?text=instruction", "does not take the option 'text'"),
        ("subject_consistency?precison=bf16", "did you mean precision"),
        ("subject_consistency?precision=int8", "use fp32, bf16 or fp16"),
        ("subject_consistency?batch=0", "batch=0 is below 1"),
        ("subject_consistency?batch=many", "not a whole number"),
        ("subject_consistency?device=tpu", "use auto, cpu, cuda"),
        ("subject_consistency?device", "not of the form name=value"),
        ("subject_consistency?device=cpu&device=cpu", "given twice"),
        ("viclip_t?text=instructions", "did you mean instruction"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(spec: str, said: str) -> None:
    pytest.importorskip("torch")
    with pytest.raises(UsageError, match=said):
        build_metric(spec)


def test_defaults_reach_only_the_metrics_that_take_them() -> None:
    pytest.importorskip("torch")
    chosen = choose_metrics("temporal_flickering,subject_consistency", {"precision": "bf16"})
    settings = {metric.info.name: metric.info.settings.get("precision") for metric in chosen.metrics}
    assert settings == {"temporal_flickering": None, "subject_consistency": "bf16"}


def test_every_registered_metric_builds_and_answers_to_its_name() -> None:
    pytest.importorskip("torch")
    for entry in METRICS:
        metric = build_metric(entry.name)
        assert isinstance(metric, Metric)
        assert metric.info.name == entry.name
        assert entry.summary


def test_a_plugin_that_is_no_metric_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: Registry[object] = Registry(
        "metric", [Registration(name="x", target="builtins:object", origin="pkg")], group="no.such.group"
    )
    monkeypatch.setattr("rvebench.metrics.registry.METRICS", broken)
    with pytest.raises(UsageError, match="pkg: builtins:object is not a metric"):
        build_metric("x")
