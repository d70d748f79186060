"""What the real VBench computed, and how to compute it again (README.md in this folder)."""
