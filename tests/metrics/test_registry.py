from __future__ import annotations

import pytest

from rvebench.errors import UnknownNameError, UsageError
from rvebench.metrics import METRICS, Metric, build_metric, metric_names
from rvebench.registry import Registration, Registry


def test_all_is_every_registered_metric_and_none_is_no_metric() -> None:
    assert metric_names("all") == tuple(METRICS.names())
    assert "temporal_flickering" in metric_names("all")
    assert metric_names("none") == ()


def test_names_keep_their_order_and_count_once() -> None:
    assert metric_names(" temporal_flickering,temporal_flickering ") == ("temporal_flickering",)


def test_a_misspelt_metric_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="temporal_flickering") as caught:
        metric_names("temporal_flicker")
    assert caught.value.exit_code == 2
    with pytest.raises(UnknownNameError, match="unknown metric 'temporal_flickerng'"):
        build_metric("temporal_flickerng")


@pytest.mark.parametrize("text", ["", "temporal_flickering,", "all,temporal_flickering", "none,none"])
def test_an_empty_name_or_a_mixed_list_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        metric_names(text)


def test_options_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match="takes no options"):
        build_metric("temporal_flickering?filter=static")


def test_every_registered_metric_builds_and_answers_to_its_name() -> None:
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
