"""From a training to a model: averaged weights in the layout that pipelines and editors load."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save_file

from rvebench.errors import StorageError
from rvebench.revise.assembly import Parts, save_parts
from rvebench.revise.folder import ModelFolder
from rvebench.revise.model.connector import build_connector
from rvebench.revise.model.dit import build_dit, restore_buffers
from rvebench.revise.training.loop import Trainer
from rvebench.revise.training.lora import adapter_tensors, merged_tensors

__all__ = ["ADAPTER_NAME", "export_model"]

ADAPTER_NAME = "pytorch_lora_weights.safetensors"


def export_model(trainer: Trainer, parts: Parts, folder: Path) -> ModelFolder | None:
    """Writes a training's model, whole or not at all, and returns it on the first rank; all ranks call it.

    Averages stand in the place of weights where the training keeps any. Low-rank factors are merged into the
    transformer, and are written by themselves too, beside the folder, for diffusers' `load_lora_adapter`.

    Args:
        trainer: the training.
        parts: the model it began with: autoencoder, VLM and text encoder are taken from it.
        folder: where; what is there is replaced.

    Raises:
        StorageError: it cannot be written; what was there stays.
    """
    weights = trainer.weights()
    if not trainer.world.first:
        trainer.world.barrier()
        return None
    config = trainer.policy.config
    transformer, connector = (
        {name.removeprefix(part): tensor for name, tensor in weights.items() if name.startswith(part)}
        for part in ("transformer.", "connector.")
    )
    lora = trainer.config.lora
    dit = build_dit(config, "meta")
    dit.load_state_dict(transformer if lora is None else merged_tensors(transformer, lora), assign=True)
    restore_buffers(dit)
    joined = build_connector(config, "meta")
    joined.load_state_dict(connector, assign=True)
    draft = folder.with_name(f".{folder.name}.tmp")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        made = save_parts(replace(parts, dit=dit, connector=joined), draft)
        if lora is not None:
            save_file(
                {name: tensor.contiguous() for name, tensor in adapter_tensors(transformer, lora).items()},
                folder.with_name(ADAPTER_NAME),
                metadata={"format": "pt"},
            )
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    except OSError as error:
        raise StorageError(f"cannot write the model: {error.strerror or error}", where=folder) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    trainer.world.barrier()
    return replace(made, path=folder)
