"""The page of a study, from its findings: a pure function from one JSON object to Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rvebench.science.cells import (
    ABSENT,
    cell_text,
    measured_text,
    p_text,
    percent,
    sign_word,
    signed_number,
    table,
)
from rvebench.science.measures import MEASURES, measure_named
from rvebench.science.paper import CRITERIA, TABLE_4, TABLE_5, TABLE_6, TEXT_NOTES, PaperRow
from rvebench.science.rows import BASE, FLOPS_MARK

__all__ = ["claims_made", "render_page"]

_SHOWN = ("ea_progress", "ea_success", "pc_error", "gn_error", "gr_sharpness", "p_yes")
_JUDGE = ("judge_ea", "judge_pc", "judge_gn", "judge_gr", "judge_overall")

Findings = Mapping[str, Any]


def claims_made(findings: Findings) -> list[str]:
    """Returns the sentences that may be claimed, in the study's order."""
    return [each["claim"] for each in findings["contrasts"] if each["claim"]]


def render_page(findings: Findings, *, pictures: str) -> str:
    """Returns the page.

    Args:
        findings: what :func:`rvebench.science.findings.findings_of` gave.
        pictures: the folder of its figures, relative to the page.
    """
    parts = [
        _head(findings),
        _claims(findings),
        _beside_the_paper(findings),
        _table_4(findings, pictures),
        _equal_operations(findings),
        _table_5(findings, pictures),
        _table_6(findings, pictures),
        _extras(findings),
        _figure_4(findings, pictures),
        _hacking(findings),
        _trainings(findings),
        _protocol(findings),
    ]
    return "\n\n".join(part for part in parts if part).rstrip() + "\n"


def _head(findings: Findings) -> str:
    study, scale = findings["study"], findings["scale"]
    lines = [
        f"# {study['title']}",
        "",
        f"Made by `rvebench reproduce {study['name']} --scale {scale['name']}`; do not edit. Study registered "
        f"{study['registered']}, digest `{study['digest'][:16]}`; scale `{scale['name']}`: {scale['summary']}. "
        "How it is done and read: [docs/revise/science.md](../revise/science.md).",
    ]
    if not scale["claims"]:
        lines += ["", "**A rehearsal: no number here says anything about the method.**"]
    facts = findings["facts"]
    missing = facts.get("missing") or []
    if missing:
        lines += ["", f"Not run yet: {', '.join(missing)}. What is missing is not in the tables."]
    return "\n".join(lines)


def _claims(findings: Findings) -> str:
    study, made = findings["study"], claims_made(findings)
    rule = (
        f"A difference is claimed where its 95 % interval (families and training seeds resampled, "
        f"{study['resamples']:,} times) excludes zero and every seed has its sign, for the registered measures "
        f"({', '.join(measure_named(name).title for name in study['claim_measures'])}) and sets "
        f"({', '.join(study['claim_sets'])}). All else is shown and not claimed."
    )
    asked = [each for each in findings["contrasts"] if each["measure"] in study["claim_measures"]]
    refused = len(asked) - len(made)
    told = [f"- {text}" for text in made] or ["- nothing"]
    return "\n".join(
        ["## What may be claimed", "", rule, "", *told, "", f"Registered differences that are not claimed: {refused}."]
    )


def _beside_the_paper(findings: Findings) -> str:
    chosen = (*findings["study"]["claim_measures"], "judge_overall")
    rows = [
        each
        for each in findings["contrasts"]
        if each["reading"] != "no such number" and each["column"] == "steps" and each["measure"] in chosen
    ]
    if not rows:
        return ""
    counts = {word: sum(each["reading"] == word for each in rows) for word in ("agrees", "contradicts", "not shown")}
    lines = [
        "## Beside the paper",
        "",
        "Every order of two rows that the paper reports, with ours. *contradicts* means that our interval excludes "
        "zero on the other side; *not shown* that it includes zero, or that seeds differ in sign. A lower error is "
        "better. Differences in the judge's single criteria are in the JSON file.",
        "",
        f"{counts['agrees']} agree, **{counts['contradicts']} contradict**, {counts['not shown']} are not shown.",
        "",
    ]
    lines += table(
        ("table", "contrast", "set", "measure", "ours [95 %]", "p (Holm)", "paper's criterion", "paper", "reading"),
        [
            (
                each["table"],
                f"{each['better']} − {each['than']}",
                each["set"],
                measure_named(each["measure"]).title,
                cell_text(each, signed=True),
                p_text(each["p_holm"]),
                measure_named(each["measure"]).criterion,
                signed_number(each["paper_difference"]),
                f"**{each['reading']}**" if each["reading"] == "contradicts" else each["reading"],
            )
            for each in rows
        ],
    )
    lines += ["", "The paper on itself:", "", *[f"- {text}" for text in TEXT_NOTES]]
    return "\n".join(lines)


def _table_4(findings: Findings, pictures: str) -> str:
    if not (names := _arms_of(findings, "4")):
        return ""
    lines = ["## Table 4: objectives", ""]
    lines += _paper_rows(TABLE_4)
    lines += _means(findings, [BASE, *names])
    lines += [f"![Differences of Table 4]({pictures}/differences.svg)", "", f"![Edits]({pictures}/sheet.webp)"]
    return "\n".join(lines)


def _equal_operations(findings: Findings) -> str:
    names = [name for name in _all_arms(findings) if name.endswith(FLOPS_MARK)]
    if not names:
        return ""
    reference = findings["study"]["reference"]
    lines = [
        "## Table 4 at equal operations",
        "",
        f"The same arms trained for as many floating-point operations as `{reference}` takes in its steps.",
        "",
        *_means(findings, [*names, reference]),
        *_contrast_table(findings, lambda each: each["column"] == "flops" and each["measure"] in _SHOWN),
    ]
    return "\n".join(lines)


def _table_5(findings: Findings, pictures: str) -> str:
    if not (names := _arms_of(findings, "5")):
        return ""
    lines = ["## Table 5: weight of the reason loss", "", *_paper_rows(TABLE_5)]
    lines += _means(findings, names)
    lines += [f"![By lambda]({pictures}/lambda.svg)", ""]
    if not _arms_of(findings, "4"):
        lines += [f"![Edits]({pictures}/sheet.webp)", ""]
    lines += _contrast_table(findings, lambda each: each["table"] == "5" and each["measure"] in _SHOWN)
    return "\n".join(lines)


def _table_6(findings: Findings, pictures: str) -> str:
    calibration = findings["calibration"]
    lines = [
        "## Table 6: noise of the estimate",
        "",
        "Pearson of the critic's P(yes) on one-step estimates, made from an edit at noise level tau by the base model, "
        "with the EA progress of that edit. *own* is with the progress of the estimate itself. Trigger rates: closed "
        "form, seen in training, the paper's.",
        "",
    ]
    rows = [
        (
            f"{each['tau']:g}",
            measured_text(each["pearson"]),
            measured_text(each["pearson_models"]),
            measured_text(each["pearson_own"]),
            f"{each['paper_pearson']:.3f}" if each["paper_pearson"] is not None else ABSENT,
            percent(each["trigger_closed"]),
            percent(each["trigger_seen"]),
            percent(each["paper_trigger"]),
        )
        for each in calibration["taus"]
    ]
    lines += table(
        ("tau", "all edits", "models' edits", "own", "paper", "trigger, closed form", "seen", "paper's"), rows
    )
    clean = calibration["clean_pearson"]
    lines += ["", *(f"Finished edits, {name}: {measured_text(cell)}." for name, cell in clean.items()), ""]
    lines += table(
        ("from", "to", "change of Pearson [95 %]"),
        [
            ("finished" if each["from"] is None else f"{each['from']:g}", f"{each['to']:g}", measured_text(each))
            for each in calibration["tau_steps"]
        ],
    )
    falls = [
        each for each in calibration["tau_steps"] if each["from"] is not None and each["ci95"] and each["ci95"][1] < 0
    ]
    rises = [
        each for each in calibration["tau_steps"] if each["from"] is not None and each["ci95"] and each["ci95"][0] > 0
    ]
    lines += [
        "",
        f"The paper's Pearson falls at each of its {len(TABLE_6) - 1} steps. Of ours {len(falls)} are shown to fall "
        f"and {len(rises)} to rise{' (**contradicts**)' if rises else ''}.",
        "",
        f"![By tau]({pictures}/tau.svg)",
    ]
    if names := _arms_of(findings, "6"):
        lines += ["", "Trained with each tau:", "", *_means(findings, names)]
        lines += _contrast_table(findings, lambda each: each["table"] == "6" and each["measure"] in _SHOWN)
    return "\n".join(lines)


def _extras(findings: Findings) -> str:
    names = _arms_of(findings, "extra")
    if not names:
        return ""
    lines = [
        "## What the paper does not ablate",
        "",
        *[f"- `{name}`: {_training(findings, name)['title']}" for name in names],
        "",
        *_means(findings, [BASE, "uso", "rwr", *names]),
        *_contrast_table(findings, lambda each: each["table"] == "extra" and each["measure"] in _SHOWN),
    ]
    return "\n".join(lines)


def _figure_4(findings: Findings, pictures: str) -> str:
    calibration = findings["calibration"]
    kinds = ", ".join(f"{name} {count}" for name, count in calibration["kinds"].items())
    lines = [
        "## Figure 4: soft against hard reading",
        "",
        f"Edits of mixed quality: {kinds}. Quality is EA progress, exact, where the paper has people's ratings of 800 "
        "edits. Constructed edits are of kinds that the critic was trained on; the models' edits are not.",
        "",
    ]
    rows = []
    for name, each in calibration["readings"].items():
        for kind in ("spearman", "pearson"):
            gap = each[f"difference_{kind}"]
            rows.append(
                (
                    name,
                    str(each["n"]),
                    kind.capitalize(),
                    measured_text(each[f"soft_{kind}"]),
                    measured_text(each[f"hard_{kind}"]),
                    measured_text(gap),
                    sign_word(gap["ci95"], "soft is above", "**hard is above**"),
                )
            )
    lines += table(("edits", "n", "coefficient", "soft, P(yes)", "hard, yes or no", "soft − hard", "reading"), rows)
    lines += ["", "Is P(yes) the chance of success?", ""]
    lines += table(
        ("edits", "expected calibration error", "Brier score"),
        [
            (name, measured_text(each["ece"]), measured_text(each["brier"]))
            for name, each in calibration["reliability"].items()
        ],
    )
    lines += ["", f"![Reliability]({pictures}/reliability.svg)"]
    return "\n".join(lines)


def _hacking(findings: Findings) -> str:
    lines = ["## Is the critic gamed?", ""]
    rows = [(each["arm"], each["than"], each["column"], each["set"], each["edits"]) for each in findings["hacking"]]
    if not rows:
        lines.append("In no contrast with SFT is the critic's P(yes) shown to differ.")
    else:
        lines += ["Where P(yes) is shown to be higher than another arm's, and whether the edits are better too:", ""]
        lines += table(("higher P(yes)", "than", "column", "set", "edits"), rows)
    return "\n".join(lines)


def _trainings(findings: Findings) -> str:
    def row(each: Mapping[str, Any]) -> tuple[str, ...]:
        per_step, whole = each["flops_per_step"], each["flops"]
        return (
            each["name"],
            each["title"],
            f"{each['steps']:,}",
            str(each["batch"]),
            str(each["seeds"]),
            ABSENT if per_step is None else f"{per_step / 1e9:,.1f}",
            ABSENT if whole is None else f"{whole / 1e12:,.2f}",
            f"{each['wall_s'] / 60:,.1f}",
        )

    return "\n".join(
        [
            "## Trainings",
            "",
            *table(
                ("arm", "what", "steps", "batch", "seeds", "GFLOP a step", "TFLOP a training", "minutes, all seeds"),
                [row(each) for each in findings["trainings"]],
            ),
        ]
    )


def _protocol(findings: Findings) -> str:
    study, facts = findings["study"], findings["facts"]
    noise = study["noise"]
    lines = [
        "## Data, models, machine",
        "",
        f"- Spoilt targets of the training data: {noise['unchanged']:.0%} unchanged, {noise['wrong']:.0%} by another "
        f"law, {noise['half']:.0%} half-way (seed {noise['seed']}); the critic was trained on unspoilt ones.",
    ]
    lines += [f"- {name}: {value}" for name, value in facts.get("told", {}).items()]
    lines += ["", "Measures:", "", *[f"- {each.title}: {each.summary}" for each in MEASURES]]
    return "\n".join(lines)


def _arms_of(findings: Findings, which: str) -> list[str]:
    tables: Mapping[str, Sequence[str]] = findings["facts"]["tables"]
    return list(tables.get(which, ()))


def _all_arms(findings: Findings) -> list[str]:
    return [each["name"] for each in findings["trainings"]]


def _training(findings: Findings, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(each for each in findings["trainings"] if each["name"] == name)
    return found


def _means(findings: Findings, names: Iterable[str]) -> list[str]:
    """Returns a table for each set: measures at the model's size, then the judge's."""
    lines: list[str] = []
    names = list(dict.fromkeys(names))
    for which, arms in findings["means"].items():
        there = [name for name in names if name in arms]
        if not there:
            continue
        for chosen in (_SHOWN, _JUDGE):
            measures = [name for name in chosen if any(name in arms[arm] for arm in there)]
            if not measures:
                continue
            n = max(cell["n"] for arm in there for cell in arms[arm].values())
            rows = [(f"`{arm}`", *(cell_text(arms[arm].get(name)) for name in measures)) for arm in there]
            lines += [f"Ours on {which} ({n} samples):", ""]
            lines += [*table(("arm", *(measure_named(name).title for name in measures)), rows), ""]
    return lines


def _contrast_table(findings: Findings, wanted: Callable[[Mapping[str, Any]], bool]) -> list[str]:
    rows = [
        (
            f"`{each['better']}` − `{each['than']}`",
            each["set"],
            measure_named(each["measure"]).title,
            cell_text(each, signed=True),
            p_text(each["p"]),
            p_text(each["p_holm"]),
            "claimed" if each["claim"] else each["why"] if each["verdict"] == "not shown" else "shown, not registered",
        )
        for each in findings["contrasts"]
        if wanted(each)
    ]
    if not rows:
        return []
    return [*table(("contrast", "set", "measure", "difference [95 %]", "p", "p (Holm)", "reading"), rows), ""]


def _paper_rows(rows: Sequence[PaperRow]) -> list[str]:
    return [
        "The paper (RAVE, GPT-4o, 0..10; ViCLIP is a cosine, which is not measured at this size):",
        "",
        *table(
            ("row", "beside", "ViCLIP", *CRITERIA),
            [
                (row.label, f"`{row.arm}`", f"{row.viclip:.4f}", *(f"{row.scores[name]:.4f}" for name in CRITERIA))
                for row in rows
            ],
        ),
        "",
    ]
