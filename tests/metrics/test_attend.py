"""Attention by products and MLPs in shares give what the plain ways give."""

import pytest

torch = pytest.importorskip("torch")

from rvebench.metrics.backbones import attention  # noqa: E402
from rvebench.metrics.backbones.amt_layers import Prelu  # noqa: E402
from rvebench.metrics.backbones.attend import attend, attend_by_products  # noqa: E402


def _heads(videos: int = 3, heads: int = 2, tokens: int = 37) -> "list[torch.Tensor]":
    """Returns queries, keys and values as a transformer cuts them out of one product."""
    drawn = torch.randn(videos, tokens, 3, heads, 16, generator=torch.Generator().manual_seed(tokens))
    return list(drawn.permute(2, 0, 3, 1, 4))


def _exact(q: "torch.Tensor", k: "torch.Tensor", v: "torch.Tensor") -> "torch.Tensor":
    q, k, v = q.double(), k.double(), v.double()
    weights = torch.exp(q @ k.transpose(2, 3) / 4)
    return ((weights / weights.sum(-1, keepdim=True)) @ v).transpose(1, 2).reshape(len(q), q.shape[2], -1)


@pytest.mark.parametrize("scores", [1, 37 * 5, 37 * 37, 2 * 37 * 37, 5 * 37 * 37, 1 << 20])
def test_attention_by_products_is_attention_however_little_may_be_written_down(scores: int) -> None:
    heads = _heads()
    assert (attend_by_products(*heads, scores=scores).double() - _exact(*heads)).abs().max() < 1e-6


def test_attention_by_products_takes_fewer_queries_than_keys() -> None:
    q, k, v = _heads()
    for scores in (1, 1 << 20):
        found = attend_by_products(q[:, :, :5], k, v, scores=scores)
        assert (found.double() - _exact(q, k, v)[:, :5]).abs().max() < 1e-6


@pytest.mark.parametrize("causal", [False, True])
def test_attention_in_bfloat16_is_that_of_float32_but_for_its_rounding(causal: bool) -> None:
    heads = [part.bfloat16() for part in _heads()]
    exact = attend(*(part.float() for part in heads), causal=causal)
    found = attend(*heads, causal=causal)
    assert found.dtype == torch.bfloat16
    assert (found.float() - exact).abs().max() < 0.02


def test_only_bfloat16_without_a_mask_is_computed_by_products(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("rvebench.metrics.backbones.attend._BF16_PRODUCTS", True)
    monkeypatch.setattr("rvebench.metrics.backbones.attend.attend_by_products", lambda *heads: asked.append(heads))
    heads = _heads()
    attend(*heads)
    attend(*(part.bfloat16() for part in heads), causal=True)
    attend(heads[0][:, :, :1].bfloat16(), heads[1].bfloat16(), heads[2].bfloat16())
    assert not asked
    attend(*(part.bfloat16() for part in heads))
    assert len(asked) == 1


@pytest.mark.parametrize("activation", ["gelu", "quick_gelu"])
def test_an_mlp_gives_every_token_the_same_in_any_shares(
    activation: attention.Activation, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    mlp = attention.Mlp(32, activation).requires_grad_(False)
    x = torch.randn(3, 7, 32)
    whole = mlp(x)
    assert whole.shape == x.shape
    for rows in (1, 4, 20):
        monkeypatch.setattr(attention, "_ROWS", rows)
        assert (mlp(x) - whole).abs().max() < 1e-6


@pytest.mark.parametrize("slopes", [(-0.5, 0.0, 0.25, 1.0), (-0.5, 0.0, 0.25, 1.5)])
def test_the_activation_of_amt_keeps_the_bits_of_torchs_in_bfloat16(slopes: tuple[float, ...]) -> None:
    act, theirs = Prelu(4), torch.nn.PReLU(4)
    for layer in (act, theirs):
        layer.bfloat16().requires_grad_(False).weight.copy_(torch.tensor(slopes))
    x = torch.randn(2, 4, 5, 6, generator=torch.Generator().manual_seed(0)).bfloat16()
    assert torch.equal(act(x), theirs(x))
