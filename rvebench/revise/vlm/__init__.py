"""Vision-language models behind one interface, their differentiable front ends, and tiny ones for tests."""

from rvebench.revise.vlm.protocol import FramePolicy, VlmBackend, VlmRequest, VlmStates, chosen_frames

__all__ = ["FramePolicy", "VlmBackend", "VlmRequest", "VlmStates", "chosen_frames"]
