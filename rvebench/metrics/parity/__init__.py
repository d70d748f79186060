"""Comparison with the real VBench, which runs in an environment of its own."""
