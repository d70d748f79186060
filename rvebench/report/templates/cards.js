// One card a sample: what was asked, what came out, what was said of it.

/** The player of a card that has one. */
const playerOf = new WeakMap();

/** Returns the card of the sample at a place in the split's order. */
function makeCard(index) {
  const sample = run.samples[index];
  const { problem, rows } = sample.preview;
  const player = rows ? new Player(index, sample) : null;
  const card = make("li", { class: "card", id: `sample-${index}`, tabindex: -1, "aria-label": `Sample ${sample.id}` },
    makeHead(sample),
    words("p", sample.instruction, { class: "instruction" }),
    sample.reason ? words("p", sample.reason, { class: "trouble" }) : null,
    player?.element ?? (problem ? make("p", { class: "no-preview" }, `Nothing to play: ${problem}.`) : null),
    makeColumns(sample),
    makeParts(sample),
    makeNumbers(sample));
  if (player !== null) playerOf.set(card, player);
  return card;
}

function makeHead(sample) {
  const score = sample.overall === null
    ? make("span", { class: "card-score none" }, run.judged ? "no score" : "not judged")
    : make("span", { class: "card-score" }, writeScore(sample.overall), make("small", {}, " of 10"));
  return make("div", { class: "card-head" },
    words("h3", sample.id, { class: "card-id" }),
    make("span", { class: "card-kind" }, `${sample.subsetName}, ${sample.typeName.toLowerCase()}`),
    make("span", { class: "status", "data-status": sample.status }, sample.status),
    score);
}

function makeColumns(sample) {
  const asked = make("div", { class: "asked" },
    block("Expected outcome", sample.expected),
    sample.preserve.length === 0 ? null : make("div", { class: "block" },
      make("h4", {}, "Must stay as it was"),
      make("ul", { class: "preserve" }, ...sample.preserve.map((text) => words("li", text)))),
    block("Said outright", sample.literal),
    block("Frames the editor consumed", sample.window));
  const judged = make("div", { class: "judged" }, ...sample.criteria.map(makeCriterion));
  const columns = [asked, judged].filter((column) => column.childElementCount > 0);
  return columns.length === 0 ? null : make("div", { class: "columns" }, ...columns);
}

function block(title, text) {
  return text ? make("div", { class: "block" }, make("h4", {}, title), words("p", text)) : null;
}

function makeCriterion(entry) {
  const bar = makeSvg("svg", { "aria-hidden": "true" },
    makeSvg("rect", { class: "bar-track", width: "100%", height: 8, rx: 4 }));
  if (entry.score !== null) bar.append(makeSvg("rect", { class: "bar-fill", width: `${entry.score * 10}%`, height: 8, rx: 4 }));
  return make("div", { class: "criterion" },
    make("div", { class: "criterion-head" }, make("span", {}, entry.label), bar, make("b", {}, writeScore(entry.score))),
    entry.why ? words("p", entry.why) : null);
}

/** Returns what each judge of a panel said; it stands open where they disagree. */
function makeParts({ parts, deviation, disagree }) {
  if (parts.length === 0) return null;
  const answered = parts.filter((part) => part.reason === "").length;
  const apart = deviation === null ? "" : `, SD between judges up to ${deviation.toFixed(2)}`;
  return make("details", { class: "parts", open: disagree },
    make("summary", {}, `What each judge said: ${answered} of ${parts.length} answered${apart}`),
    make("ul", {}, ...parts.map(makePart)));
}

function makePart({ judge, repeat, reason, scores }) {
  return make("li", { class: "part" },
    words("h4", repeat > 0 ? `${judge} (repeat ${repeat})` : judge, { class: "code" }),
    reason ? words("p", `Did not answer: ${reason}`, { class: "trouble" }) : null,
    ...scores.map(([name, score, why]) => make("div", { class: "said" },
      make("span", {}, name), make("b", {}, writeScore(score)), words("p", why))));
}

function makeNumbers(sample) {
  const tables = [];
  if (sample.metrics.length > 0) {
    const rows = sample.metrics.map(([name, edit, source, change, problem, note]) => make("tr", {},
      make("th", { scope: "row", class: "code" }, name, note ? words("small", note, { class: "note" }) : null),
      ...(problem
        ? [words("td", problem, { colspan: 3 })]
        : [edit, source, change].map((text) => make("td", { class: "num" }, text)))));
    tables.push(table(["Metric", "Edit", "Source", "Edit \u2212 source"], rows));
  }
  if (sample.measures.length > 0) {
    const rows = sample.measures.map(([name, value]) => make("tr", {},
      make("th", { scope: "row", class: "code" }, name), make("td", { class: "num" }, value)));
    tables.push(table(["Measure behind the scores", "Value"], rows));
  }
  if (tables.length === 0) return null;
  return make("details", {}, make("summary", {}, sample.measures.length > 0 ? "Metrics and measures" : "Metrics"), ...tables);
}

function table(names, rows) {
  const heads = names.map((name, place) => make("th", { scope: "col", class: place > 0 ? "num" : null }, name));
  return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": names[0] },
    make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)));
}
