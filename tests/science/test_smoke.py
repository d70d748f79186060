"""The whole study at its smallest: every stage runs once, is stopped in the middle, goes on, and ends in a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from rvebench.cli.app import app
from rvebench.errors import InterruptError, UnknownNameError, UsageError
from rvebench.science.driver import Runner
from rvebench.science.stages import stages_of
from rvebench.science.study import load_study
from rvebench.science.workshop import Choices, Workshop
from tests.cli.helpers import rvebench

STUDY = load_study("nano")

pytestmark = pytest.mark.timeout(900)
"""About a minute of one core; on a machine that is busy with other work the fixture takes its share of that."""


class Done(NamedTuple):
    runner: Runner
    shop: Workshop
    page: Path
    findings: dict[str, Any]
    base_before: dict[str, Any]


def workshop(**changes: Any) -> Workshop:
    return Workshop(study=STUDY, choices=Choices(scale="smoke", seeds=1, workers=1, **changes))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    work = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        said: list[str] = []
        first = Runner(
            stages=stages_of(workshop()), work=work, say=said.append, stop=lambda: any("fork" in line for line in said)
        )
        with pytest.raises(InterruptError):
            first.run()
        record = first.folder("base") / "done.json"
        base_before = {"text": record.read_text(), "changed": record.stat().st_mtime_ns}
        shop = workshop()
        runner = Runner(stages=stages_of(shop), work=work)
        found = runner.run()
        page = Path(found["tables"].result["page"])
        yield Done(runner, shop, page, json.loads((page / "nano.json").read_text()), base_before)
    torch.set_num_threads(threads)


def test_a_stopped_study_goes_on_without_doing_anything_twice(done: Done) -> None:
    record = done.runner.folder("base") / "done.json"
    assert record.read_text() == done.base_before["text"]
    assert record.stat().st_mtime_ns == done.base_before["changed"]
    assert {state.state for state in done.runner.states()} == {"done"}


def test_all_tables_are_there_and_nothing_is_claimed(done: Done) -> None:
    text = (done.page / "nano.md").read_text()
    for title in (
        "What may be claimed",
        "Beside the paper",
        "Table 4: objectives",
        "Table 4 at equal operations",
        "Table 5: weight of the reason loss",
        "Table 6: noise of the estimate",
        "Figure 4: soft against hard reading",
        "Is the critic gamed?",
        "Trainings",
        "Data, models, machine",
    ):
        assert f"## {title}" in text
    assert "**A rehearsal" in text and "\n- nothing\n" in text
    assert done.findings["study"]["digest"] == STUDY.digest


def test_every_arm_is_trained_edited_and_measured_by_all_measures(done: Done) -> None:
    arms = {"base", "sft", "rwr", "uso", "edit-grpo", "cross-attention", "sft@flops", "rwr@flops", "edit-grpo@flops"}
    assert {each["name"] for each in done.findings["trainings"]} == arms
    for which in ("held-out", "smoke"):
        assert set(done.findings["means"][which]) == arms
        assert {"ea_progress", "gn_error", "p_yes", "judge_ea"} <= set(done.findings["means"][which]["uso"])


def test_equal_operations_are_equal_to_half_a_step(done: Done) -> None:
    trainings = {each["name"]: each for each in done.findings["trainings"]}
    reference = trainings["uso"]["flops"]
    for name in ("sft@flops", "rwr@flops", "edit-grpo@flops"):
        apart = abs(trainings[name]["flops"] - reference)
        assert apart <= 0.5 * trainings[name]["flops_per_step"] or trainings[name]["steps"] == 1
    assert trainings["sft@flops"]["steps"] > trainings["sft"]["steps"]


def test_estimates_are_made_at_every_noise_level_of_the_same_edits(done: Done) -> None:
    calibration = done.findings["calibration"]
    assert [each["tau"] for each in calibration["taus"]] == list(STUDY.calibration.taus)
    assert len({each["pearson"]["n"] for each in calibration["taus"]}) == 1
    assert set(calibration["kinds"]) <= {*STUDY.calibration.rungs, *STUDY.calibration.models}
    assert calibration["taus"][2]["trigger_closed"] == pytest.approx(0.25)


def test_edits_of_all_arms_begin_from_one_noise_and_differ_by_their_weights(done: Done) -> None:
    from rvebench.science.editing import load_edits

    edits = {
        name: load_edits(done.runner.folder(f"edits/{name}/seed-0") / "edits.npz") for name in ("base", "sft", "uso")
    }
    assert len(edits["base"]) == len(done.shop.held_out)
    apart = abs(edits["base"][0].astype(int) - edits["sft"][0])
    assert 0 < apart.mean() < 12, "two steps change little, and other noise would change much"


def test_pictures_are_written(done: Done) -> None:
    names = {path.name for path in (done.page / "nano").iterdir()}
    assert names == {"differences.svg", "lambda.svg", "tau.svg", "reliability.svg", "sheet.webp"}
    assert Image.open(done.page / "nano" / "sheet.webp").size[0] > 300


def test_checkpoints_are_gone_and_models_stay(done: Done) -> None:
    folder = done.runner.folder("fork/uso/seed-0")
    assert not (folder / "checkpoints").exists() and (folder / "model" / "revise.json").is_file()


def test_a_training_whose_record_was_lost_is_not_done_again(done: Done) -> None:
    folder = done.runner.folder("fork/uso/seed-0")
    model = folder / "model" / "transformer" / "diffusion_pytorch_model.safetensors"
    before, record = model.stat().st_mtime_ns, (folder / "done.json").read_text()
    (folder / "done.json").unlink()
    found = done.runner.run()["fork/uso/seed-0"]
    assert model.stat().st_mtime_ns == before and not found.whole
    assert found.result == json.loads(record)["result"]


def test_what_was_made_elsewhere_takes_the_place_of_its_stages(done: Done, tmp_path: Path) -> None:
    base = Path(done.runner.finished("base").result["model"])
    vae, critic = done.runner.folder("vae"), done.runner.folder("critic")
    names = [stage.name for stage in stages_of(workshop(vae=vae, critic=critic))]
    assert "draw-graded" not in names and "base" in names
    names = [stage.name for stage in stages_of(workshop(base=base))]
    assert not {"vae", "critic", "draw-graded"} & set(names)
    with pytest.raises(UsageError, match="holds no vae"):
        stages_of(workshop(vae=tmp_path, critic=critic))


def test_a_part_of_the_arms_is_trained_as_in_the_whole(done: Done) -> None:
    part = Runner(stages=stages_of(workshop(only=("sft", "edit-grpo"))), work=done.runner.work)
    names = [stage.name for stage in part.stages if stage.name.startswith(("base", "fork/", "edits/", "measures/"))]
    assert "fork/sft@flops/seed-0" in names and "fork/uso/seed-0" not in names
    assert {name: part.key(name) for name in names} == {name: done.runner.key(name) for name in names}


def test_a_page_of_what_is_trained_so_far_trains_nothing_and_says_what_is_left_out(done: Done, tmp_path: Path) -> None:
    folder, hidden = done.runner.folder("fork/rwr/seed-0"), tmp_path / "hidden"
    folder.replace(hidden)
    cache = {"RVEBENCH_CACHE_DIR": str(done.shop.train_split.path.parents[2])}
    arguments = ["reproduce", "nano", "--scale", "smoke", "--seeds", "1", "--work", str(done.runner.work), "--trained"]
    try:
        ran = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "page")], env=cache)
        assert ran.exit_code == 0, ran.output
        assert not folder.exists()
    finally:
        hidden.replace(folder)
    (left,) = (line for line in (tmp_path / "page" / "nano.md").read_text().splitlines() if "Not run yet" in line)
    assert "rwr, " in left and "rwr@flops" not in left and " sft," not in left
    means = json.loads((tmp_path / "page" / "nano.json").read_text())["means"]["held-out"]
    assert "rwr" not in means and {"sft", "sft@flops", "uso"} <= set(means)


def test_a_page_of_nothing_trained_is_refused(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["reproduce", "nano", "--scale", "smoke", "--work", str(tmp_path), "--trained"])
    assert isinstance(ran.exception, UsageError) and "the base is not trained yet" in str(ran.exception)


def test_arms_and_scales_that_are_not_there_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean uso"):
        workshop(only=("usso",))
    with pytest.raises(UsageError, match=r"leaves the arm uso-t0\.1 out"):
        workshop(only=("uso-t0.1",))
    assert {run.name for run in workshop(only=("uso",)).runs} == {"uso"}


def test_the_command_lists_what_is_left_without_doing_it(done: Done, tmp_path: Path) -> None:
    ran = rvebench("reproduce", "nano", "--scale", "smoke", "--work", tmp_path / "w", "--list", "--format", "json")
    told = json.loads(ran.stdout)
    assert told["left"] == told["stages"] == len(told["rows"]) and told["digest"] == STUDY.digest
    assert not (tmp_path / "w" / "stages").exists()
