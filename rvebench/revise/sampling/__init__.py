"""Sampling: noise levels, solvers, guidance, the loop, windows of long clips, frame sizes, memory plans.

Import from the modules: `windows` and `sizing` plan without torch, the others need torch and diffusers.
"""
