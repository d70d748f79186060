// The grid of samples: filters, pages, and contact sheets whose frames the pointer or a slider runs through.

const PAGE_SIZE = 48;
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const state = { found: [], page: 0 };

/** Returns a new element; texts are set as text, so that nothing in a submission is ever read as markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

const words = (tag, text, attributes = {}) => make(tag, { dir: "auto", ...attributes }, text);

function readSheet(index) {
  const text = atob(byId(`media-${index}`).textContent);
  return new Blob([Uint8Array.from(text, (letter) => letter.charCodeAt(0))], { type: "image/webp" });
}

/** Source, edit and target beside each other at one moment, drawn from the sample's contact sheet. */
class Stage {
  constructor(index, sample) {
    this.index = index;
    this.sheet = sample.sheet;
    this.bitmap = null;
    const { rows, width, height, columns } = this.sheet;
    this.frame = Math.floor(columns / 2);
    this.contexts = [];
    const figures = rows.map((name) => {
      const canvas = make("canvas", { width, height, role: "img", "aria-label": `${name} of ${sample.id}` });
      this.contexts.push(canvas.getContext("2d"));
      return make("figure", {}, canvas, make("figcaption", {}, name));
    });
    this.slider = make("input", { type: "range", class: "time", min: 1, max: columns, value: this.frame + 1, "aria-label": `Frame of ${sample.id}` });
    this.slider.addEventListener("input", () => this.show(Number(this.slider.value) - 1));
    const stage = make("div", { class: "stage", "data-state": "idle" }, ...figures);
    stage.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch") return;
      const box = stage.getBoundingClientRect();
      // Each view is run through once from its own left to its right.
      const part = (((event.clientX - box.left) / box.width) * rows.length) % 1;
      this.show(Math.min(columns - 1, Math.floor(part * columns)));
    });
    this.stage = stage;
    this.element = make("div", {}, stage, columns > 1 ? this.slider : null);
  }

  show(frame) {
    this.frame = frame;
    this.slider.value = frame + 1;
    if (this.bitmap === null) return;
    const { width, height } = this.sheet;
    this.contexts.forEach((context, row) => {
      context.drawImage(this.bitmap, frame * width, row * height, width, height, 0, 0, width, height);
    });
  }

  async load() {
    if (this.stage.dataset.state !== "idle") return;
    this.stage.dataset.state = "loading";
    try {
      this.bitmap = await createImageBitmap(readSheet(this.index));
      this.stage.dataset.state = "ready";
      this.show(this.frame);
    } catch {
      this.stage.dataset.state = "broken";
      this.element.replaceChildren(make("p", { class: "nothing lost" }, "The contact sheet is damaged and cannot be shown."));
    }
  }

  unload() {
    if (this.bitmap === null) return;
    this.bitmap.close();
    this.bitmap = null;
    this.stage.dataset.state = "idle";
  }
}

const stages = new Map();
const nearby = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) stages.get(entry.target).load();
    else stages.get(entry.target).unload();
  }
}, { rootMargin: "600px 0px" });

function makeTile(index) {
  const sample = data.samples[index];
  const tile = make("li", { class: "tile", id: `sample-${index}` });
  if (sample.sheet) {
    const stage = new Stage(index, sample);
    stages.set(tile, stage);
    tile.append(stage.element);
  } else {
    tile.append(words("p", sample.missing, { class: sample.lost ? "nothing lost" : "nothing" }));
  }
  const told = sample.score === null ? "no score" : sample.score.toFixed(2);
  const criteria = sample.criteria
    .map(([name, value]) => make("span", { title: data.labels[name] }, `${name} `, make("b", {}, value.toFixed(1))));
  const why = sample.why.map(([name, text]) => words("p", `${name}: ${text}`));
  tile.append(make("div", { class: "tile-text" },
    make("div", { class: "tile-head" },
      make("span", { class: "tile-kind" }, data.labels[sample.type]),
      make("b", { class: sample.lost ? "lost" : null }, told)),
    words("p", sample.instruction),
    sample.reason === "" ? null : words("p", `${data.labels[sample.status]}: ${sample.reason}`, { class: "tile-kind" }),
    make("div", { class: "criteria-line" }, ...criteria),
    why.length === 0 ? null : make("details", {}, make("summary", {}, "The judge's reasons"), ...why),
    make("div", { class: "criteria-line" },
      make("span", { class: "code" }, sample.id),
      sample.video === "" ? null : make("a", { href: sample.video }, "Video"))));
  return tile;
}

const ORDERS = {
  split: () => 0,
  low: (a, b) => (a.score ?? Infinity) - (b.score ?? Infinity),
  high: (a, b) => (b.score ?? -1) - (a.score ?? -1),
  id: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
};

function showPage(page) {
  const pages = Math.max(1, Math.ceil(state.found.length / PAGE_SIZE));
  state.page = Math.min(Math.max(page, 0), pages - 1);
  for (const stage of stages.values()) stage.unload();
  stages.clear();
  nearby.disconnect();
  const tiles = state.found.slice(state.page * PAGE_SIZE, (state.page + 1) * PAGE_SIZE).map(makeTile);
  byId("cards").replaceChildren(...tiles);
  byId("cards").start = state.page * PAGE_SIZE + 1;
  for (const tile of stages.keys()) nearby.observe(tile);
  byId("pager").hidden = pages === 1;
  byId("page-back").disabled = state.page === 0;
  byId("page-on").disabled = state.page === pages - 1;
  byId("page-name").textContent = `Page ${state.page + 1} of ${pages}`;
}

function refresh() {
  const needles = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const [type, status] = [byId("type").value, byId("status").value];
  const order = ORDERS[byId("sort").value];
  const keeps = (sample) => (type === "" || sample.type === type) && (status === "" || sample.status === status) &&
    needles.every((needle) => `${sample.id}\n${sample.instruction}\n${sample.reason}`.toLowerCase().includes(needle));
  const compare = (a, b) => {
    const by = order(data.samples[a], data.samples[b]);
    return Number.isNaN(by) || by === 0 ? a - b : by;
  };
  state.found = [...data.samples.keys()].filter((index) => keeps(data.samples[index])).sort(compare);
  const [found, all] = [state.found.length, data.samples.length];
  byId("shown").textContent = found === 0 ? "No sample matches" : `${found} of ${all} ${all === 1 ? "sample" : "samples"}`;
  showPage(0);
}

function turn(by) {
  showPage(state.page + by);
  byId("samples").scrollIntoView({ behavior: "instant" });
}

byId("filters").addEventListener("input", refresh);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("reset", () => setTimeout(refresh));
byId("page-back").addEventListener("click", () => turn(-1));
byId("page-on").addEventListener("click", () => turn(1));
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", refresh, { once: true });
else refresh();
