from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rvebench.errors import DataError, RveError, UnknownNameError, UsageError
from rvebench.revise.config_io import to_plain
from rvebench.science.study import Study, load_study, shipped_studies


def plain() -> dict[str, Any]:
    value: dict[str, Any] = to_plain(load_study("nano"))
    return value


def read(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> Study:
    value = plain()
    change(value)
    path = tmp_path / "study.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return load_study(str(path))


def test_the_shipped_study_has_every_arm_of_the_papers_tables() -> None:
    study = load_study("nano")
    assert shipped_studies() == ("nano", "nano-uncapped")
    by_table = {table: {arm.name for arm in study.arms if table in arm.tables} for table in ("4", "5", "6")}
    assert by_table["4"] == {"sft", "rwr", "uso", "edit-grpo"}
    weights = {study.training(study.arm(name), study.scale("cpu"), seed=0).uso.weight for name in by_table["5"]}
    assert weights == {0.1, 0.25, 0.5, 0.75, 1.0}
    taus = {study.training(study.arm(name), study.scale("cpu"), seed=0).uso.tau for name in by_table["6"]}
    assert taus == {0.1, 0.3, 0.5, 0.7, 0.9}


def test_forks_differ_from_each_other_in_nothing_that_their_title_does_not_say() -> None:
    study, keep = load_study("nano"), ("objective", "uso", "rwr", "critic")
    for scale in study.scales:
        trained = [
            study.training(arm, scale, seed=3).to_dict()
            for arm in study.arms_of(scale)
            if arm.start == "base" and arm.objective != "edit-grpo"
        ]
        rest = [{key: value for key, value in one.items() if key not in keep} for one in trained]
        assert all(one == rest[0] for one in rest)
        assert rest[0]["loop"]["seed"] == 3 and rest[0]["loop"]["steps"] == scale.fork_steps


def test_scales_that_may_be_claimed_have_three_seeds_at_least() -> None:
    study = load_study("nano")
    assert all(scale.seeds >= 3 for scale in study.scales if scale.claims)
    assert not study.scale("smoke").claims


def test_a_study_in_json_is_the_same_study(tmp_path: Path) -> None:
    assert read(tmp_path, lambda _: None).digest == load_study("nano").digest


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda s: s.update(colour="red"), "no such key: colour"),
        (lambda s: s["data"].update(hight=72), "data.hight; did you mean height"),
        (lambda s: s["arms"].append(s["arms"][0]), "the arm sft twice"),
        (lambda s: s["contrasts"].append(s["contrasts"][0]), "the contrast sft and base twice"),
        (lambda s: s["scales"].append(s["scales"][0]), "the scale full twice"),
        (lambda s: s["arms"][0].update(name="base"), "no arm is called base"),
        (lambda s: s["arms"][0].update(name="a/b"), "arm's name"),
        (lambda s: s["arms"][0].update(objective="dpo"), "objective"),
        (lambda s: s["arms"][2].update(set=["uso.weigth=1"]), "uso.weigth; did you mean weight"),
        (lambda s: s["arms"][2].update(set=["uso.tau=1.5"]), "tau"),
        (lambda s: s["contrasts"][0].update(than="sff"), "names the arm 'sff'.*did you mean sft"),
        (lambda s: s["noise"].update(unchanged=0.9), "spoilt targets"),
        (lambda s: s["calibration"].update(taus=[0.5, 0.3]), "rise strictly"),
        (lambda s: s["claims"].update(resamples=5), "at least 200"),
        (lambda s: s["scales"][0].update(seeds=0), "seeds is at least 1"),
        (lambda s: s.update(reference="none"), "reference names the arm"),
        (lambda s: s.pop("title"), "lacks title"),
    ],
)
def test_a_study_that_cannot_be_meant_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], text: str
) -> None:
    with pytest.raises(UsageError, match=text) as caught:
        read(tmp_path, change)
    assert "study.json" in str(caught.value)


def test_the_uncapped_study_is_nano_with_the_reason_gradient_not_bounded() -> None:
    study, nano = load_study("nano-uncapped"), load_study("nano")
    assert (study.data, study.noise, study.claims, study.calibration) == (
        nano.data,
        nano.noise,
        nano.claims,
        nano.calibration,
    )
    scale, theirs = study.scale("cpu"), nano.scale("cpu")
    assert study.training(None, scale, seed=0) == nano.training(None, theirs, seed=0)
    assert study.training(study.arm("sft"), scale, seed=1) == nano.training(nano.arm("sft"), theirs, seed=1)
    for arm in (arm for arm in study.arms if arm.objective == "uso"):
        name = "uso" if arm.name == "uso-bounded" else arm.name
        bound = None if "5" in arm.tables else 1.0
        bounded = nano.training(nano.arm(name), theirs, seed=1)
        assert bounded.uso.max_norm_ratio == 1.0
        assert study.training(arm, scale, seed=1) == replace(bounded, uso=replace(bounded.uso, max_norm_ratio=bound)), (
            arm.name
        )


def test_a_file_may_hold_only_what_differs_from_a_shipped_study(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"extends": "nano", "name": "mine", "noise": {"seed": 7}}), encoding="utf-8")
    mine, nano = load_study(str(path)), load_study("nano")
    assert mine == replace(nano, name="mine", noise=replace(nano.noise, seed=7))
    assert mine.digest != nano.digest
    for wrong in ("nanno", 3, None):
        path.write_text(json.dumps({"extends": wrong, "name": "mine"}), encoding="utf-8")
        with pytest.raises(UsageError, match="extends names no shipped study") as caught:
            load_study(str(path))
        assert "mine.json" in str(caught.value)


def test_names_and_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean nano"):
        load_study("nanno")
    with pytest.raises(UsageError, match="cannot be read"):
        load_study(str(tmp_path / "no.toml"))
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="not valid JSON"):
        load_study(str(tmp_path / "bad.json"))


def test_arms_and_scales_are_found_by_name() -> None:
    study = load_study("nano")
    with pytest.raises(UnknownNameError, match="did you mean rwr"):
        study.arm("rwrr")
    with pytest.raises(RveError, match="no scale"):
        study.scale("cppu")
