"""Makes the example ratings and verdicts beside this file: `python -m tests.scoring.agreement.make_example`.

The data are made up by this program: no person rated anything. Twelve samples of six sources, three editors, three
raters on 1..5 (some ratings missing), one judge on 0..10 with a soft reading beside the hard one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "example"
EDITORS = {"copy": -1.2, "wan-edit": 0.0, "revise": 0.9}
CATEGORIES = ("temporal", "spatial", "physical_causality", "semantic_inference")


def main() -> None:
    rng = np.random.default_rng(7)
    ratings = [
        "# made-up data: written by tests/scoring/agreement/make_example.py, no person rated anything",
        "# scale: 1 5",
        "sample_id,editor,rater,criterion,score,cluster,category",
    ]
    verdicts = ["# made-up data, as above", "sample_id,editor,judge,reading,criterion,score"]
    for index in range(12):
        sample, cluster, category = f"s{index:02}", f"source-{index // 2}", CATEGORIES[index % 4]
        taste = rng.normal(scale=0.5)
        for editor, skill in EDITORS.items():
            for criterion in ("EA", "PC"):
                # A copy preserves everything and edits nothing.
                quality = (1.5 if editor == "copy" else -0.2) if criterion == "PC" else skill
                quality += taste + rng.normal(scale=0.7)
                for rater, lenience in (("anna", 0.3), ("ben", -0.3), ("chen", 0.0)):
                    score = int(np.clip(round(3 + quality + lenience + rng.normal(scale=0.6)), 1, 5))
                    if rng.random() > 0.1:
                        ratings.append(f"{sample},{editor},{rater},{criterion},{score},{cluster},{category}")
                seen = quality + rng.normal(scale=0.5)
                soft = 1 / (1 + np.exp(-1.5 * seen))
                hard = int(np.clip(round(5 + 2.5 * seen), 0, 10))
                verdicts.append(f"{sample},{editor},gpt-4o,hard,{criterion},{hard}")
                verdicts.append(f"{sample},{editor},gpt-4o,soft,{criterion},{soft:.3f}")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "ratings.csv").write_text("\n".join(ratings) + "\n", encoding="utf-8")
    (FOLDER / "verdicts.csv").write_text("\n".join(verdicts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
