"""A policy's net made ready to train: precision, checkpointed or compiled blocks, and shards over several GPUs.

Each transformer block is one unit of FSDP2, and the rest of the transformer another. Master weights, gradients and
optimiser are fp32; with bf16 the matrix products compute in it, by autocast, which a shard anticipates by travelling in
bf16. Two kinds of weights are not sharded but whole on every rank, their gradients summed explicitly: those that
diffusers keeps in fp32 (time embedding, modulations, the blocks' norms; 3.1 M of 1,419 M at wan1.3b), and the
connector, whose doors are methods and not `forward`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor
from torch.utils.checkpoint import checkpoint

from rvebench.revise.training.config import TrainConfig
from rvebench.revise.training.lora import add_lora
from rvebench.revise.training.policy import PolicyNet, set_trainable
from rvebench.revise.training.world import World

__all__ = ["full_tensors", "is_sharded", "kept_in_fp32", "local", "prepare_net", "reshard", "sum_whole_gradients"]


def local(tensor: torch.Tensor) -> torch.Tensor:
    """Returns the part of a tensor that this rank holds, sharing its memory; all of it where it is not sharded."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def is_sharded(tensor: torch.Tensor) -> bool:
    """Returns whether a tensor is spread over ranks."""
    return isinstance(tensor, DTensor)


def prepare_net(net: PolicyNet, config: TrainConfig, world: World) -> list[tuple[str, nn.Parameter]]:
    """Freezes, moves, checkpoints, compiles and shards a net in place, and returns what is trained, by name.

    Names are those of the plain net, whatever was done to it.

    Raises:
        UsageError: the model lacks a part that is to be trained, or LoRA's targets.
    """
    parts = [part for part in config.trainable if part != "transformer" or config.lora is None]
    set_trainable(net, parts)
    if config.lora is not None:
        add_lora(net.transformer, config.lora)
    net.to(world.device)
    transformer: Any = net.transformer
    _spare_time_embedding(transformer)
    _follow_inputs(transformer)
    draws = config.lora is not None and config.lora.dropout > 0  # the only dropout that a block has
    for block in transformer.blocks:
        if config.loop.activation_checkpointing == "block":
            block.forward = partial(checkpoint, block.forward, use_reentrant=False, preserve_rng_state=draws)
        if config.loop.compile:
            block.forward = torch.compile(block.forward)
    if world.mesh is not None:
        _shard(transformer, world, bf16=config.loop.precision == "bf16")
    return [(name, parameter) for name, parameter in net.named_parameters() if parameter.requires_grad]


def kept_in_fp32(transformer: Any) -> list[nn.Parameter]:
    """Returns the parameters that compute in fp32 whatever the precision, by diffusers' list."""
    kept = set(transformer._keep_in_fp32_modules)
    return [parameter for name, parameter in transformer.named_parameters() if not kept.isdisjoint(name.split("."))]


def _spare_time_embedding(transformer: Any) -> None:
    """Keeps autocast away from the time embedding, as inference in bf16 does."""
    embedder = transformer.condition_embedder.time_embedder
    plain = embedder.forward

    def forward(sample: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        with torch.autocast(sample.device.type, enabled=False):
            embedded: torch.Tensor = plain(sample, *args, **kwargs)
        return embedded

    embedder.forward = forward


def _follow_inputs(transformer: Any) -> None:
    """Lets the norms of queries and keys compute in their input's precision, as in inference, with its fast kernel."""
    for module in transformer.modules():
        if isinstance(module, nn.RMSNorm):

            def forward(hidden: torch.Tensor, norm: Any = module) -> torch.Tensor:
                normed: torch.Tensor = F.rms_norm(hidden, norm.normalized_shape, norm.weight.to(hidden.dtype), norm.eps)
                return normed

            module.forward = forward


def _shard(transformer: Any, world: World, *, bf16: bool) -> None:
    policy = MixedPrecisionPolicy(
        param_dtype=torch.bfloat16 if bf16 else None, reduce_dtype=torch.float32, cast_forward_inputs=False
    )
    _copy_output(transformer)
    whole = set(kept_in_fp32(transformer))
    for block in transformer.blocks:
        fully_shard(block, mesh=world.mesh, mp_policy=policy, ignored_params=whole)
    fully_shard(transformer, mesh=world.mesh, mp_policy=policy, ignored_params=whole)
    for module in transformer.modules():
        if isinstance(module, FSDPModule):
            # The loop divides each loss by the samples of all ranks, so that gradients add up to the mean's.
            module.set_gradient_divide_factor(1.0)
            module.set_force_sum_reduction_for_comms(True)


def _copy_output(transformer: Any) -> None:
    """Gives callers no view: writing into one would drop the hook that gathers weights for the backward pass."""
    plain = transformer.forward

    def forward(*args: Any, **kwargs: Any) -> tuple[torch.Tensor]:
        return (plain(*args, **kwargs)[0].clone(),)

    transformer.forward = forward


def sum_whole_gradients(parameters: Sequence[nn.Parameter], world: World) -> None:
    """Sums over all ranks the gradients of what is not sharded; a tensor that no rank has a gradient of keeps none."""
    whole = [parameter for parameter in parameters if not is_sharded(parameter)]
    if world.size == 1 or not whole:
        return
    there = torch.tensor([parameter.grad is not None for parameter in whole], dtype=torch.float32)
    flat = [
        (torch.zeros_like(parameter) if parameter.grad is None else parameter.grad).reshape(-1) for parameter in whole
    ]
    bucket = torch.cat([*flat, there.to(flat[0].device)])
    world.sum_tensor(bucket)
    *summed, known = bucket.split([*(len(each) for each in flat), len(whole)])
    for parameter, gradient, count in zip(whole, summed, known.tolist(), strict=True):
        parameter.grad = gradient.view_as(parameter) if count else None


def reshard(net: nn.Module) -> None:
    """Lets go of gathered weights, so that the next pass gathers them anew from the shards."""
    for module in net.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


def full_tensors(net: nn.Module) -> dict[str, torch.Tensor]:
    """Returns every parameter and saved buffer, whole, on the CPU; all ranks call it."""
    return {
        name: (tensor.full_tensor() if isinstance(tensor, DTensor) else tensor).detach().cpu().clone()
        for name, tensor in net.state_dict().items()
    }
