from __future__ import annotations

import weakref

import numpy as np
import pytest

from rvebench.judges.llm import EncodedFrames
from rvebench.llm import ImagePart, TextPart
from rvebench.records import Window
from rvebench.taxonomy import Subset
from rvebench.video import FramePlan, fingerprint
from rvebench.video import clip as video_clip
from tests.judges.llm.world import clip, comparison, labels, scripted, words

TARGET_SEED = 3


def test_frames_are_labelled_with_role_number_and_time_and_interleaved() -> None:
    judge, _ = scripted(spec="gpt-4o?k=3")
    (request,) = judge.requests(comparison())
    assert labels(request) == [
        "SOURCE frame 1 of 9 at 0.00 s",
        "EDIT frame 1 of 9 at 0.00 s",
        "SOURCE frame 5 of 9 at 0.50 s",
        "EDIT frame 5 of 9 at 0.50 s",
        "SOURCE frame 9 of 9 at 1.00 s",
        "EDIT frame 9 of 9 at 1.00 s",
    ]
    assert "follows the frame of SOURCE that it answers to" in words(request)


def test_in_runs_the_source_comes_first_and_each_of_its_frames_once() -> None:
    judge, _ = scripted(spec="gpt-4o?k=3&layout=runs")
    (request,) = judge.requests(comparison(source=clip(1), edit=clip(9)))
    assert labels(request) == [
        "SOURCE frame 1 of 1 at 0.00 s",
        "EDIT frame 1 of 9 at 0.00 s",
        "EDIT frame 5 of 9 at 0.50 s",
        "EDIT frame 9 of 9 at 1.00 s",
    ]
    assert "those of EDIT" in words(request)


def test_the_declared_window_decides_which_source_frames_are_shown() -> None:
    judge, _ = scripted(spec="gpt-4o?k=2&layout=runs")
    window = Window(start=10, stride=1, count=9, fps=8.0)
    (request,) = judge.requests(comparison(source=clip(40), edit=clip(9), window=window))
    assert labels(request)[:2] == ["SOURCE frame 11 of 40 at 1.25 s", "SOURCE frame 19 of 40 at 2.25 s"]


def test_a_following_shot_is_shown_after_the_whole_shot_before() -> None:
    judge, _ = scripted(spec="gpt-4o?k=2")
    window = Window(start=0, stride=1, count=9, fps=8.0)
    (request,) = judge.requests(
        comparison(subset=Subset.ICVG, source=clip(40), edit=clip(9), window=window, target=True)
    )
    assert labels(request) == [
        "EARLIER SHOT frame 1 of 40 at 0.00 s",
        "EARLIER SHOT frame 40 of 40 at 4.88 s",
        "NEW SHOT frame 1 of 9 at 0.00 s",
        "NEW SHOT frame 9 of 9 at 1.00 s",
    ]


@pytest.mark.parametrize("subset", list(Subset))
def test_the_target_is_not_shown(subset: Subset) -> None:
    judge, _ = scripted(spec="gpt-4o?calls=separate")
    shown = comparison(subset=subset, target=True)
    without = comparison(subset=subset)
    assert [request.digest for request in judge.requests(shown)] == [
        request.digest for request in judge.requests(without)
    ]


def test_viebench_shows_the_target_only_when_told_to() -> None:
    plain, _ = scripted(spec="gpt-4o?preset=viebench&k=2")
    shown, _ = scripted(spec="gpt-4o?preset=viebench&k=2&reference=yes")
    (without,) = plain.requests(comparison(target=True))
    (request,) = shown.requests(comparison(target=True))
    assert not any("REFERENCE" in label for label in labels(without))
    assert labels(request)[:2] == ["REFERENCE frame 1 of 5 at 0.00 s", "REFERENCE frame 5 of 5 at 0.50 s"]
    assert "reference_similarity" in words(request)


def test_outcome_and_preserve_list_are_told_only_when_declared() -> None:
    told, _ = scripted()
    silent, _ = scripted(spec="gpt-4o?told=no")
    (request,), (other,) = told.requests(comparison()), silent.requests(comparison())
    assert "The candle is shorter." in words(request)
    assert "- the cat" in words(request)
    assert "candle" not in words(other)
    assert "the cat" not in words(other)
    assert "expected" not in words(other)
    assert told.info.digest != silent.info.digest


def test_a_sample_without_outcome_is_not_said_to_have_one() -> None:
    judge, _ = scripted()
    (request,) = judge.requests(comparison(outcome=None, preserve=()))
    assert "expected outcome" not in words(request)
    assert "must stay" not in words(request)


def test_separate_calls_share_everything_up_to_their_question() -> None:
    judge, _ = scripted(spec="gpt-4o?calls=separate")
    requests = judge.requests(comparison())
    assert len(requests) == 4
    first = requests[0]
    for other in requests[1:]:
        assert other.messages[0] == first.messages[0]
        assert [part.identity() for part in other.messages[1].parts[:-1]] == [
            part.identity() for part in first.messages[1].parts[:-1]
        ]
        assert other.digest != first.digest
    assert "Grade PC alone" in words(requests[1])
    assert "## GN" not in words(requests[1])


def test_joint_calls_share_their_rules_between_samples() -> None:
    judge, _ = scripted()
    (one,), (two,) = judge.requests(comparison()), judge.requests(comparison(instruction="Other.", edit=clip(4)))
    assert one.messages[0] == two.messages[0]


def test_the_schema_asks_for_what_is_asked() -> None:
    (joint,) = scripted()[0].requests(comparison(subset=Subset.ICVG))
    assert joint.schema is not None
    assert list(joint.schema.schema["properties"]) == ["EA", "GN", "GR"]
    assert scripted(spec="gpt-4o?schema=none")[0].requests(comparison())[0].schema is None


def test_equal_pixels_make_equal_requests_and_one_pixel_another() -> None:
    judge, _ = scripted(spec="gpt-4o?k=9")
    pixels = clip(seed=2).frames_THWC.copy()
    same, other = pixels.copy(), pixels.copy()
    other[4, 0, 0, 0] ^= 1
    digests = [
        judge.requests(comparison(edit=type(clip())(frames_THWC=frames, fps=8.0, pts_s=np.arange(9) / 8)))[0].digest
        for frames in (pixels, same, other)
    ]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("option", ["k=4", "max_side=16", "quality=50", "seed=1", "temperature=1", "layout=runs"])
def test_every_option_that_decides_an_answer_is_in_request_and_judge(option: str) -> None:
    base, changed = scripted()[0], scripted(spec=f"gpt-4o?{option}")[0]
    assert base.requests(comparison())[0].digest != changed.requests(comparison())[0].digest
    assert base.info.digest != changed.info.digest


def test_images_are_sized_by_the_plan() -> None:
    judge, _ = scripted(spec="gpt-4o?k=2&max_side=16")
    (request,) = judge.requests(comparison())
    assert {(image.width, image.height, image.media_type) for image in request.images} == {(16, 12, "image/jpeg")}
    assert isinstance(request.messages[1].parts[-1], TextPart)


def test_frames_are_encoded_once_for_all_judges_and_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    render = FramePlan.render
    monkeypatch.setattr(FramePlan, "render", lambda plan, frame: (drawn.append(1), render(plan, frame))[1])
    store = EncodedFrames()
    shown = comparison()
    for spec in ("gpt-4o?calls=separate", "openai:other", "gpt-4o?layout=runs&told=no"):
        judge, _ = scripted(spec=spec)
        judge._store = store
        judge.requests(shown)
        judge.requests(shown)
    assert len(drawn) == 16
    judge, _ = scripted(spec="gpt-4o?k=9")
    judge._store = store
    judge.requests(shown)
    assert len(drawn) == 16 + 18  # another plan, other images


def test_kept_frames_are_those_of_the_clip_and_not_of_its_address() -> None:
    store = EncodedFrames()
    plan = FramePlan(k=2)
    seen = {store.images(clip(seed=seed), [0], plan)[0].frames_sha256 for seed in range(50)}
    assert len(seen) == 50


def test_a_video_that_is_decoded_again_is_not_encoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    render = FramePlan.render
    monkeypatch.setattr(FramePlan, "render", lambda plan, frame: (drawn.append(1), render(plan, frame))[1])
    store, plan = EncodedFrames(), FramePlan(k=3)
    first, second = clip(seed=7), clip(seed=7)
    images = store.images(first, [0, 4, 8], plan)
    assert store.images(second, [0, 4, 8], plan) == images
    assert len(drawn) == 3


def test_the_store_holds_no_decoded_frames() -> None:
    store = EncodedFrames()
    shown = clip(seed=3)
    frames = weakref.ref(shown.frames_THWC)
    store.images(shown, [0, 8], FramePlan(k=2))
    del shown
    assert frames() is None


def test_frames_are_hashed_once_for_all_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    hash_of = video_clip.frames_fingerprint
    monkeypatch.setattr(video_clip, "frames_fingerprint", lambda frames: (hashed.append(1), hash_of(frames))[1])
    shown = clip(seed=5)
    for plan in (FramePlan(k=2), FramePlan(k=3), FramePlan(k=4)):
        EncodedFrames().images(shown, plan.indices(len(shown)), plan)
    assert fingerprint(shown) == hash_of(shown.frames_THWC)
    assert hashed == [1]


def test_the_store_drops_what_it_has_no_room_for() -> None:
    clips = [clip(seed=seed, size=(64, 64)) for seed in range(4)]
    store = EncodedFrames(most_bytes=1)
    plan = FramePlan(k=2)
    for item in clips:
        image = store.images(item, [0, 1], plan)[0]
        assert isinstance(image, ImagePart)
    assert len(store._entries) == 1
