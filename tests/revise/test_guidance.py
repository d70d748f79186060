"""Guidance: two formulas, one pass or two, and no pass that is not needed."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.conditions import Conditions, GuidedConditions  # noqa: E402
from rvebench.revise.sampling.guidance import Formula, Guidance, GuidedDenoiser  # noqa: E402

GENERATOR = torch.Generator().manual_seed(5)
LATENTS = torch.randn(2, 3, 2, 2, 2, generator=GENERATOR)
T = torch.tensor([700.0, 700.0])


def both(batch: int = 2, length: int = 4, null_length: int = 4) -> GuidedConditions:
    generator = torch.Generator().manual_seed(batch)
    return GuidedConditions(
        conditional=Conditions(context_BLD=torch.randn(batch, length, 3, generator=generator)),
        null=Conditions(context_BLD=torch.randn(batch, null_length, 3, generator=generator)),
    )


class Counting:
    """A network whose answer depends on latents, timestep and the attended rows of the context."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, latents: Any, t_B: Any, conditions: Conditions) -> Any:
        assert len(latents) == len(t_B) == conditions.batch_size
        self.batches.append(len(latents))
        mask = conditions.context_mask
        rows = conditions.context_BLD if mask is None else conditions.context_BLD * mask[..., None]
        pull = rows.sum(1).reshape(len(latents), 3, 1, 1, 1)
        return torch.tanh(latents * pull + t_B.reshape(-1, 1, 1, 1, 1) / 1000)


@pytest.mark.parametrize("scale", [0.0, 0.5, 2.0, 3.0, 5.0])
def test_official_formula_is_the_standard_one_at_one_more(scale: float) -> None:
    conditional, null = torch.randn(2, 4, 5, generator=GENERATOR)
    official, standard = Guidance(scale=scale, formula="official"), Guidance(scale=scale + 1)
    assert torch.allclose(official.combine(conditional, null), standard.combine(conditional, null), atol=1e-5)
    assert official.standard_scale == standard.standard_scale


def test_formulas_are_what_they_are_called() -> None:
    c, u = torch.tensor([3.0]), torch.tensor([1.0])
    assert Guidance(scale=4.0).combine(c, u).item() == 1 + 4 * 2
    assert Guidance(scale=4.0, formula="official").combine(c, u).item() == 3 + 4 * 2
    assert Guidance(scale=0.0).combine(c, u).item() == 1


def test_velocities_are_combined_in_float32() -> None:
    c, u = (torch.tensor([value], dtype=torch.bfloat16) for value in (1.0, 0.9921875))
    guided = Guidance(scale=5.0).combine(c, u)
    assert guided.dtype == torch.float32
    assert guided.item() == 0.9921875 + 5 * (1.0 - 0.9921875)


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize(("scale", "formula"), [(1.0, "standard"), (0.0, "official")])
def test_scale_one_is_the_conditional_branch_bit_for_bit_in_one_pass(
    scale: float, formula: Formula, batched: bool
) -> None:
    network, conditions = Counting(), both()
    got = GuidedDenoiser(network, conditions, Guidance(scale=scale, formula=formula, batched=batched))(LATENTS, T)
    assert network.batches == [2]
    assert torch.equal(got, Counting()(LATENTS, T, conditions.conditional))


@pytest.mark.parametrize(("batched", "batches"), [(True, [4]), (False, [2, 2])])
def test_guidance_makes_one_batched_pass_or_two(batched: bool, batches: list[int]) -> None:
    network = Counting()
    GuidedDenoiser(network, both(), Guidance(scale=3.0, batched=batched))(LATENTS, T)
    assert network.batches == batches


@pytest.mark.parametrize("null_length", [4, 2, 7])
@pytest.mark.parametrize("formula", ["standard", "official"])
def test_batched_pass_equals_two_passes_for_contexts_of_any_length(formula: Formula, null_length: int) -> None:
    conditions = both(null_length=null_length)
    one, two = (
        GuidedDenoiser(Counting(), conditions, Guidance(scale=3.0, formula=formula, batched=batched))(LATENTS, T)
        for batched in (True, False)
    )
    wanted_c, wanted_u = (Counting()(LATENTS, T, part) for part in (conditions.conditional, conditions.null))
    wanted = wanted_u + 3 * (wanted_c - wanted_u) + (formula == "official") * (wanted_c - wanted_u)
    assert torch.allclose(one, two, atol=1e-6)
    assert torch.allclose(two, wanted, atol=1e-5)


def test_missing_null_branch_is_refused_unless_it_is_not_needed() -> None:
    alone = GuidedConditions(conditional=both().conditional)
    with pytest.raises(UsageError, match="needs an unconditional branch"):
        GuidedDenoiser(Counting(), alone, Guidance(scale=3.0))
    assert GuidedDenoiser(Counting(), alone, Guidance(scale=1.0))(LATENTS, T).shape == LATENTS.shape


@pytest.mark.parametrize("scale", [-1.0, float("nan"), float("inf")])
def test_bad_scales_are_refused(scale: float) -> None:
    with pytest.raises(UsageError, match="0 or more"):
        Guidance(scale=scale)


def test_unknown_formula_is_refused() -> None:
    with pytest.raises(UsageError, match="use standard or official"):
        Guidance(scale=1.0, formula="rescaled")  # type: ignore[arg-type]
