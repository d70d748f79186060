"""Sampling: noise levels, solvers, guidance, the loop, windows of long clips, frame sizes, memory plans.

`memory`, `sizing` and `windows` plan without torch; import them by their module. The rest needs torch and diffusers.
"""
