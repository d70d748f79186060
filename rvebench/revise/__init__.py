"""The ReViSE core: model, conditions, sampling, checkpoints."""
