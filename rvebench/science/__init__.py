"""The science pack: pre-registered studies of the training objectives on rendered worlds, from pixels to a page.

Importing this package imports nothing heavy; a study is read without torch, its stages need it.
"""

from __future__ import annotations
