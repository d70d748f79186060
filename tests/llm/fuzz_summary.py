"""Puts 100,000 replies to the parser and prints what became of each kind: `python -m tests.llm.fuzz_summary [N]`."""

from __future__ import annotations

import sys
import time

from tests.llm.test_structured_fuzz import tally


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    began = time.perf_counter()
    seen = tally(count, seed=2)
    took = time.perf_counter() - began
    print(f"{count} replies in {took:.1f} s: no crash, each read twice alike, every score stands in its reply")
    print(f"{'kind of reply':22}{'n':>8}{'scored':>8}  malformed, by reason")
    for kind in sorted({kind for kind, _ in seen}):
        ends = {end: n for (of, end), n in seen.items() if of == kind}
        scored = ends.pop("scored", 0)
        rest = ", ".join(f"{end} {n}" for end, n in sorted(ends.items(), key=lambda pair: -pair[1]))
        print(f"{kind:22}{scored + sum(ends.values()):8}{scored:8}  {rest}")


if __name__ == "__main__":
    main()
