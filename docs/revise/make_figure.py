"""Draws docs/revise/architecture.svg and writes the tables of docs/revise/architecture.md.

Every shape in both is read off tensors that the package's own modules return on the meta device at full size; nothing
is loaded or computed. Run: `python docs/revise/make_figure.py`, and look at the figure before committing it.

The figure carries its own background, light or dark as the reader's system has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import torch

from rvebench.revise.conditions import Conditions, GuidedConditions
from rvebench.revise.config import ReviseConfig, Size, preset
from rvebench.revise.model import Denoiser, VideoVae, build_connector, build_dit, build_vae
from rvebench.revise.model.context import ContextParts, Tags, join_context
from rvebench.revise.model.context_plan import ContextPlan
from rvebench.revise.model.vae import frames_to_signal, signal_to_frames
from rvebench.revise.sampling.guidance import GuidedDenoiser
from rvebench.revise.sampling.sampler import Sampler, seeded_noise
from rvebench.revise.vlm.preprocess import siglip_pixels
from rvebench.revise.vlm.tiny import random_text_encoder, random_vila
from rvebench.revise.vlm.vila import downsample

HERE = Path(__file__).resolve().parent
TEXT_TOKENS = 40
"""Of the instruction in the tables; it enters at its real length, at most 512."""
WORD_TOKENS = 71
"""Of the VLM's prompt beside the picture, as in the release's own sample of 267 states."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One tensor on the way."""

    key: str
    what: str
    shape: tuple[int, ...]
    axes: str
    where: str

    @property
    def text(self) -> str:
        """The shape for readers."""
        return f"({', '.join(map(str, self.shape))})" if len(self.shape) > 1 else f"({self.shape[0]},)"


class Traced(NamedTuple):
    """All tensors of one edit in their order, and the layout of its context."""

    rows: tuple[Row, ...]
    context: ContextPlan

    def shape(self, key: str) -> str:
        """The shape of a tensor, as text."""
        return next(row.text for row in self.rows if row.key == key)


class _Notes:
    """Tensors as they come by."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def __call__(self, key: str, what: str, tensor: Any, axes: str, where: str) -> Any:
        """Writes a tensor down, and returns it."""
        self.rows.append(Row(key=key, what=what, shape=tuple(tensor.shape), axes=axes, where=where))
        return tensor


@torch.no_grad()  # type: ignore[untyped-decorator]
def trace(
    config: ReviseConfig, *, frames: int, size: Size, words: int = WORD_TOKENS, text: int = TEXT_TOKENS
) -> Traced:
    """Runs one edit's modules on the meta device.

    Args:
        config: a model of strategy `revise` with a VILA-style VLM.
        frames: of the clip, 4n + 1.
        size: of its frames.
        words: tokens of the VLM's prompt beside those of the picture.
        text: tokens of the instruction for umT5.
    """
    note = _Notes()
    vae, connector = VideoVae(build_vae(config, "meta")), build_connector(config, "meta")
    source = torch.empty(frames, size.height, size.width, 3, dtype=torch.uint8, device="meta")
    note("frames", "source frames, uint8", source, "T H W C", "`edit.ReviseRequest`")
    signal = note("signal", "signal in -1..1, fp32", frames_to_signal(source), "B C T H W", "`model.vae`")
    latents = note("latents", "source latents, normalised, fp32", vae.encode(signal), "B C T H W", "`model.vae`")
    tokens = connector.source_tokens(latents)
    note("source", "source tokens", tokens, "B T H W D", "`connector.VisualContextAdapter`")
    states = _vlm(note, config, source[:1], words)
    assert connector.ar_vision_head is not None, "strategy revise has one"
    note("vision", "vision vectors", connector.ar_vision_head(states), "B V D", "`connector.VisionHead`")
    told = connector.interpret(states, latent_frames=latents.shape[2])
    note("told", "VLM tokens", told, "B L D", "`connector.ContextAdapter`")
    embedded = note("text", f"text at its real length, here {text}", _text(config, text), "L D", "`text.TextEncoder`")
    tags = Tags(tensors={name: torch.empty(shape, device="meta") for name, shape in Tags.shapes(config).items()})
    parts = ContextParts(interpreted_LD=told[0], text_LD=embedded, source_THWD=tokens[0])
    context, plan = join_context(parts, tags, config)
    note("context", f"context, `padding: {config.compat.padding}`", context, "B L D", "`model.context`")
    guided = _step(note, config, context, tuple(latents.shape[1:]))
    signal = note("decoded", "decoded signal, fp32", vae.decode(guided), "B C T H W", "`model.vae`")
    note("edit", "frames of the edit, uint8", signal_to_frames(signal)[0], "T H W C", "`stages`")
    return Traced(tuple(note.rows), plan)


def _vlm(note: _Notes, config: ReviseConfig, frame: torch.Tensor, words: int) -> torch.Tensor:
    assert config.vlm.backend == "vila", "the figure is of the released layout"
    vlm = random_vila(config.vlm, device="meta")
    # one black frame on the CPU: the resizing switches autocast off, which torch has none of on meta
    pixels = siglip_pixels(torch.zeros_like(frame, device="cpu"), vlm.settings.pixels).to("meta")
    note("pixels", "first frame, squeezed, normalised", pixels, "N C H W", "`vlm.preprocess`")
    features = vlm.tower(pixels, output_hidden_states=True).hidden_states[vlm.settings.select_layer]
    note("tower", f"SigLIP, layer {vlm.settings.select_layer}", features, "N L D", "`vlm.vila`")
    squares = downsample(features, vlm.settings.square_order)
    note("squares", "2x2 squares side by side", squares, "N L D", "`vlm.vila`")
    visual = note("visual", "picture tokens, by the projector", vlm.projector(squares), "N L D", "`vlm.vila`")
    length = visual.shape[1] + words
    prompt = torch.empty(1, length, config.vlm.dim, device="meta")
    states = vlm.llm.model(inputs_embeds=prompt, attention_mask=_all_seen(length), use_cache=False).last_hidden_state
    seen: torch.Tensor = note("states", f"VLM states: picture and {words} words", states, "B L D", "`vlm.vila`")
    return seen


def _text(config: ReviseConfig, length: int) -> torch.Tensor:
    assert config.text is not None, "strategy revise has a text encoder"
    encoder = random_text_encoder(config.text, device="meta")
    ids = torch.zeros(1, length, dtype=torch.long, device="meta")
    rows: torch.Tensor = encoder.model(input_ids=ids, attention_mask=_all_seen(length)).last_hidden_state[0]
    return rows


def _all_seen(length: int) -> torch.Tensor:
    """A mask of four axes, which transformers takes as it is: it would look into any other, and meta holds nothing."""
    return torch.ones(1, 1, length, length, dtype=torch.bool, device="meta")


def _step(note: _Notes, config: ReviseConfig, context: torch.Tensor, shape: tuple[int, int, int, int]) -> torch.Tensor:
    """One pass of both branches through the transformer; the null branch's context is as long as the other."""
    noise = note("noise", "noise of one seed, fp32", seeded_noise([0], shape), "B C T H W", "`sampling.sampler`")
    dit = build_dit(config, "meta")
    seen: dict[str, torch.Tensor] = {}
    dit.patch_embedding.register_forward_hook(lambda _m, inputs, out: seen.update(noisy=inputs[0], patches=out))
    dit.condition_embedder.text_embedder.register_forward_hook(lambda _m, _i, out: seen.update(context=out))
    dit.register_forward_hook(lambda _m, _i, out: seen.update(velocity=out[0]))
    branch = Conditions(context_BLD=context)
    sampler = Sampler.of(config.sampling, config.compat)
    denoise = GuidedDenoiser(Denoiser(dit), GuidedConditions(conditional=branch, null=branch), sampler.guidance)
    guided: torch.Tensor = denoise(noise.to("meta"), torch.empty(1, device="meta"))
    note("noisy", "both branches' input", seen["noisy"], "B C T H W", "`sampling.guidance`")
    note("patches", "video tokens, patches (1, 2, 2)", seen["patches"].flatten(2).mT, "B L D", "`model.dit`")
    note("projected", "context as cross-attention reads it", seen["context"], "B L D", "`model.dit`")
    note("velocity", "velocity of both branches", seen["velocity"], "B C T H W", "`model.dit`")
    note("guided", "guided velocity, fp32", guided, "B C T H W", "`sampling.guidance`")
    return guided


PUBLISHED = ("wan1.3b", 17, Size(width=640, height=352))
TINY = ("tiny-random", 17, Size(width=96, height=64))


def traced(setting: tuple[str, int, Size]) -> Traced:
    """Returns the trace of a preset's clip."""
    name, frames, size = setting
    found: Traced = trace(preset(name), frames=frames, size=size)
    return found


def shapes_table(full: Traced, tiny: Traced) -> str:
    """Returns the table of tensors."""
    lines = ["| tensor | axes | `wan1.3b`, 640x352 | `tiny-random`, 96x64 | from |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.what} | {row.axes} | {row.text} | {small.text} | {row.where} |"
        for row, small in zip(full.rows, tiny.rows, strict=True)
    ]
    return "\n".join(lines)


def context_table(full: Traced, tiny: Traced) -> str:
    """Returns the table of the context's rows."""

    def name(text: str) -> str:
        return f"`{text}`" if text.startswith("<") else text.split(" (")[0]

    lines = ["| rows of the context, in order | `wan1.3b` | `tiny-random` |", "|---|---|---|"]
    lines += [
        f"| {name(row.name)} | {row.tokens} | {small.tokens} |"
        for row, small in zip(full.context.rows, tiny.context.rows, strict=True)
    ]
    zeros = [each.context.limit - each.context.total for each in (full, tiny)]
    lines.append(f"| zeros, attended to (`padding: attend`) | {zeros[0]} | {zeros[1]} |")
    lines.append(f"| **all** | **{full.context.limit}** | **{tiny.context.limit}** |")
    lines.append(f"| all with `padding: mask` | {full.context.total} | {tiny.context.total} |")
    return "\n".join(lines)


def fill(text: str, name: str, table: str) -> str:
    """Puts a table between its two marks."""
    before, start, rest = text.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- end {name} -->")
    assert start and end, f"the page lacks the marks of {name}"
    return f"{before}{start}{table}\n{end}{after}"


def page(text: str, full: Traced, tiny: Traced) -> str:
    """Returns the page with tables of today."""
    return fill(fill(text, "shapes", shapes_table(full, tiny)), "context", context_table(full, tiny))


WIDTH, HEIGHT = 960, 932
_STYLE = """
svg{font-family:ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif;font-size:13px;
--card:#fbfaf7;--ink:#1d1d1f;--quiet:#5d5d66;--edge:#b9b7b0;--soft:#ecebe5;--a:#1f5fae;--b:#a84a06;--c:#2f7d3b;
--paper:#fff}
@media (prefers-color-scheme:dark){svg{--card:#1b1c1f;--ink:#ececee;--quiet:#a9a9b2;--edge:#55565e;--soft:#2a2b30;
--a:#7db4ff;--b:#ffab66;--c:#7fd08b;--paper:#232428}}
text{fill:var(--ink)}.quiet{fill:var(--quiet)}.small{font-size:11px}.bold{font-weight:600}
.shape{font-family:ui-monospace,'SFMono-Regular',Menlo,Consolas,monospace;font-size:11.5px}
.card{fill:var(--card);stroke:var(--edge)}.box{fill:var(--paper);stroke:var(--edge)}.own{fill:var(--soft);
stroke:var(--ink);stroke-width:1.4}.line{fill:none;stroke:var(--quiet);stroke-width:1.3}.dash{stroke-dasharray:5 4}
.sa{fill:var(--a)}.sb{fill:var(--b)}.sc{fill:var(--c)}.tag{fill:var(--ink)}.zero{fill:var(--soft);stroke:var(--edge)}
.head{fill:var(--quiet)}.la{stroke:var(--a)}.lb{stroke:var(--b)}.lc{stroke:var(--c)}
"""


class Sheet:
    """A picture under construction; all places are in pixels from the upper left corner."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def text(self, x: float, y: float, text: str, kind: str = "", *, at: str = "middle") -> None:
        """Writes a line."""
        self.parts.append(f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{at}">{escape(text)}</text>')

    def box(self, x: float, y: float, w: float, h: float, title: str, note: str = "", *, own: bool = False) -> None:
        """Draws a module around a middle at `x`; those of ReViSE's own have a strong edge."""
        kind = "own" if own else "box"
        self.rect(x - w / 2, y, w, h, kind, round_=7)
        middle = y + h / 2 + 4.5
        self.text(x, middle - (8 if note else 0), title, "bold")
        if note:
            self.text(x, middle + 9, note, "small quiet")

    def rect(self, x: float, y: float, w: float, h: float, kind: str, *, round_: float = 0) -> None:
        """Draws a rectangle."""
        self.parts.append(f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{round_:g}" class="{kind}"/>')

    def arrow(self, *points: tuple[float, float], kind: str = "line") -> None:
        """Draws a line with a head at its end."""
        path = " L".join(f"{x:g} {y:g}" for x, y in points)
        self.parts.append(f'<path d="M{path}" class="{kind}" marker-end="url(#head)"/>')

    def shape(self, x: float, y: float, name: str, shape: str) -> None:
        """Names a tensor on an arrow: its name left of the line, its shape right of it."""
        self.text(x - 7, y, name, "small quiet", at="end")
        self.text(x + 7, y, shape, "shape", at="start")

    def done(self, title: str) -> str:
        """Returns the file."""
        head = '<path d="M0 0L7 3.5L0 7z" class="head"/>'
        marker = f'<marker id="head" markerWidth="7" markerHeight="7" refX="6" refY="3.5" orient="auto">{head}</marker>'
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}" role="img"><title>{escape(title)}</title><style>{_STYLE}</style><defs>{marker}</defs>\n'
            f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="10" class="card"/>\n{body}\n</svg>\n'
        )


def draw(full: Traced, config: ReviseConfig) -> str:
    """Returns the figure."""
    sheet = Sheet()
    _encoders(sheet, full)
    _context(sheet, full, config)
    _loop(sheet, full, config)
    return sheet.done("Data flow of an edit of 17 frames of 640x352 by the released ReViSE model, with every shape")


def _encoders(sheet: Sheet, full: Traced) -> None:
    a, b, c = 160, 500, 820
    sheet.text(20, 27, "once a sample", "bold", at="start")
    sheet.text(138, 27, "constant over all steps; strong edges: ReViSE's own modules", "small quiet", at="start")
    sheet.box(a, 44, 230, 34, "source video")
    sheet.box(b, 44, 230, 34, "first frame and instruction")
    sheet.box(c, 44, 200, 34, "instruction")
    down = [
        (a, 78, 134, "frames", "frames", "VAE encoder", f"signal {full.shape('signal')}", False),
        (a, 174, 348, "latents", "latents", "visual context adapter", "patches (1, 4, 4), no positions", True),
        (b, 78, 110, "pixels", "pixels", "SigLIP tower", "27 x 27 patches of 14 pixels", False),
        (b, 150, 182, "patches", "tower", "2x2 squares, projector", full.shape("squares"), False),
        (b, 222, 254, "picture", "visual", "Llama 3", "picture and words, to [GEN_VID]", False),
        (b, 294, 326, "last states", "states", "vision head", "4 learned queries", True),
        (b, 366, 398, "vectors", "vision", "context adapter", "256 queries for each of the 4", True),
    ]
    for x, top, bottom, name, key, title, note, own in down:
        sheet.arrow((x, top), (x, bottom))
        sheet.shape(x, (top + bottom) / 2 + 3, name, full.shape(key))
        sheet.box(x, bottom, 230, 40, title, note, own=own)
    sheet.arrow((c, 78), (c, 134))
    sheet.text(c + 7, 109, "at most 512 tokens", "small quiet", at="start")
    sheet.box(c, 134, 200, 40, "umT5-xxl encoder", "at its real length")


def _context(sheet: Sheet, full: Traced, config: ReviseConfig) -> None:
    left, top, width, height = 20.0, 500.0, 920.0, 26.0
    limit, x = full.context.limit, 20.0
    kinds = {"source": "sa", "VLM": "sb", "text": "sc"}
    middles: dict[str, float] = {}
    for row in full.context.rows:
        name = row.name.split(" (")[0]
        share = width * row.tokens / limit
        sheet.rect(x, top, share, height, kinds.get(name, "tag"))
        middles[name] = x + share / 2
        x += share
    sheet.rect(x, top, left + width - x, height, "zero")
    for name, key, start, bottom in (
        ("source", "source", 160, 388),
        ("VLM", "told", 500, 438),
        ("text", "text", 820, 174),
    ):
        turn = 478
        sheet.arrow((start, bottom), (start, turn), (middles[name], turn), (middles[name], top - 2))
        label = {"source": "tokens", "VLM": "tokens", "text": "states"}[name]
        sheet.shape(start, 462 if name != "text" else 320, label, full.shape(key))
    counts = {row.name.split(" (")[0]: row.tokens for row in full.context.rows}
    tags = config.conditioning.tags
    under = top + height + 16
    sheet.text(middles["source"], under, f"source {counts['source']:,}", "small")
    sheet.text(middles["VLM"], under, f"VLM {counts['VLM']:,}", "small")
    sheet.text(middles["text"], under, f"text {counts['text']}", "small")
    sheet.text((x + left + width) / 2 + 8, under, f"zeros {limit - full.context.total}, attended", "small")
    note = f"thin stripes: <img> {tags.visual}, <ipl> {tags.interpreted}, <prp> {tags.prompt} rows around each part"
    sheet.text(left, under + 20, f"context {full.shape('context')}, to scale", "bold", at="start")
    sheet.text(410, under + 20, note, "small quiet", at="start")
    other = "null branch: the same source, with VLM states and text of the empty prompt"
    sheet.text(410, under + 36, other, "small quiet", at="start")


def _loop(sheet: Sheet, full: Traced, config: ReviseConfig) -> None:
    sampling, dit = config.sampling, config.dit
    sheet.rect(20, 602, 920, 206, "line dash", round_=9)
    sheet.text(34, 624, f"at each of {sampling.steps} steps", "bold", at="start")
    y = 672
    sheet.box(112, y, 150, 60, "noisy latents", "twice: both branches")
    sheet.box(
        392,
        y,
        250,
        60,
        f"Wan DiT, {dit.layers} blocks",
        f"{dit.heads} heads of {dit.head_dim}, feed-forward {dit.ffn_dim}",
    )
    sheet.box(632, y, 120, 60, "guidance", f"c + {sampling.guidance_scale:g} (c − u)")
    sheet.box(846, y, 160, 60, "UniPC step", f"shift {sampling.shift:g}, fp32")
    sheet.arrow((187, y + 30), (265, y + 30))
    sheet.arrow((517, y + 30), (570, y + 30))
    sheet.arrow((692, y + 30), (764, y + 30))
    sheet.arrow((392, 526), (392, y - 2))
    sheet.shape(392, 652, "cross-attention", full.shape("projected"))
    sheet.text(112, y - 9, full.shape("noisy"), "shape")
    sheet.text(392, y + 76, f"tokens {full.shape('patches')}", "shape")
    sheet.text(632, y - 9, f"velocities {full.shape('velocity')}", "shape")
    sheet.text(740, y + 76, f"velocity {full.shape('guided')}", "shape")
    sheet.arrow((880, y + 60), (880, 790), (112, 790), (112, y + 62))
    sheet.text(496, 784, "latents of the next noise level", "small quiet")
    sheet.box(112, 842, 150, 40, "noise of a seed")
    sheet.arrow((60, 842), (60, y + 62))
    sheet.text(112, 900, full.shape("noise"), "shape")
    sheet.arrow((910, y + 60), (910, 862), (802, 862))
    sheet.box(712, 842, 180, 40, "VAE decoder", "fp32")
    sheet.text(712, 900, full.shape("decoded"), "shape")
    sheet.arrow((622, 862), (502, 862))
    sheet.box(412, 842, 180, 40, "edited video", "uint8")
    sheet.text(412, 900, full.shape("edit"), "shape")
    sheet.text(902, 828, "clean latents, after the last step", "small quiet", at="end")


def main() -> None:
    """Writes figure and tables."""
    full, tiny = traced(PUBLISHED), traced(TINY)
    (HERE / "architecture.svg").write_text(draw(full, preset("wan1.3b")), encoding="utf-8")
    file = HERE / "architecture.md"
    file.write_text(page(file.read_text(encoding="utf-8"), full, tiny), encoding="utf-8")


if __name__ == "__main__":
    main()
