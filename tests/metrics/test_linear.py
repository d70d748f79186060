"""The linear layers: whichever library multiplies, they give torch's own product."""

import pytest

torch = pytest.importorskip("torch")

from rvebench.metrics.backbones.attention import Block  # noqa: E402
from rvebench.metrics.backbones.linear import Linear, PackedLinear, has_onednn, packed  # noqa: E402

ONEDNN_BF16 = has_onednn() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
needs_bf16 = pytest.mark.skipif(not ONEDNN_BF16, reason="this machine has no products in bfloat16")


def _drawn(*shape: int) -> "torch.Tensor":
    return torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape)))


def _layer(inputs: int = 96, outputs: int = 160) -> Linear:
    torch.manual_seed(0)
    return Linear(inputs, outputs).requires_grad_(False)


def test_a_product_with_gelu_is_gelu_of_the_product() -> None:
    layer, x = _layer(), 3 * _drawn(2, 37, 96)
    exact = torch.nn.functional.gelu(torch.nn.functional.linear(x.double(), layer.weight.double(), layer.bias.double()))
    assert (layer.gelu(x).double() - exact).abs().max() < 5e-6


def test_gradients_flow_through_a_layer_that_learns() -> None:
    layer, x = Linear(8, 8), _drawn(3, 8)
    layer.gelu(layer(x)).sum().backward()
    assert layer.weight.grad is not None and layer.weight.grad.abs().sum() > 0


@needs_bf16
def test_weights_laid_out_beforehand_give_the_same_bfloat16_numbers() -> None:
    layer = _layer().bfloat16()
    x = _drawn(2, 37, 96).bfloat16()
    laid_out = PackedLinear(layer)
    assert torch.equal(laid_out(x), layer(x))
    assert (laid_out.gelu(x).float() - layer.gelu(x).float()).abs().max() < 0.02


@needs_bf16
def test_only_bfloat16_layers_are_laid_out_and_a_network_computes_as_before() -> None:
    torch.manual_seed(0)
    block = Block(128, 2, "quick_gelu", eps=1e-5).requires_grad_(False)
    assert not any(isinstance(part, PackedLinear) for part in packed(block).modules())
    block = block.bfloat16()
    x = _drawn(1, 9, 128).bfloat16()
    before = block(x)
    laid_out = packed(block)
    assert sum(isinstance(part, PackedLinear) for part in laid_out.modules()) == 4
    assert torch.equal(laid_out(x), before)
