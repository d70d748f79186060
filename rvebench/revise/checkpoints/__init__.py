"""Checkpoints of the ReViSE model: what a folder is, whether it is sound, and the way from one layout to another.

Layouts: the released one, Wan's and diffusers' for the base model, and ours (see docs/revise/checkpoints.md). Torch is
imported when tensors are asked for, not before.
"""
