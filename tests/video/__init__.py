"""Tests of rvebench.video."""
