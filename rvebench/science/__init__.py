"""The science pack: pre-registered studies of the training objectives on rendered worlds, from pixels to a page.

Importing this package imports nothing heavy: studies are read, and what is left of one is listed, without torch.
"""

from __future__ import annotations
