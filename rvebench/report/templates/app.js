// Filters, order, pages and keys: which cards are there, and which one is meant.

const PAGE_SIZE = 50;
const list = byId("cards");
const filters = byId("filters");
const state = { found: [], page: 0, current: null };

const haystacks = run.samples.map((sample) => {
  let text = null;
  return () => {
    text ??= [sample.id, sample.instruction, sample.literal, sample.expected, sample.reason, ...sample.preserve,
      ...sample.criteria.map((entry) => entry.why),
      ...sample.parts.flatMap((part) => [part.judge, part.reason, ...part.scores.map(([, , why]) => why)])].join("\n").toLowerCase();
    return text;
  };
});

const ORDERS = {
  split: () => 0,
  low: (a, b) => last(a.overall, Infinity) - last(b.overall, Infinity),
  high: (a, b) => last(b.overall, -1) - last(a.overall, -1),
  disagreement: (a, b) => disagreement(b) - disagreement(a),
  id: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
};

/** Samples without a score come last whichever way the list runs. */
function last(score, value) {
  return score === null ? value : score;
}

function find() {
  const needles = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const [subset, type, status] = ["subset", "type", "status"].map((id) => byId(id).value);
  // Only a page of a panel has this one.
  const judging = byId("judging")?.value ?? "";
  const low = byId("low").value === "" ? 0 : Number(byId("low").value);
  const high = byId("high").value === "" ? 10 : Number(byId("high").value);
  const ranged = low > 0 || high < 10;
  const order = ORDERS[byId("sort").value];
  const keeps = (sample, index) =>
    (subset === "" || sample.subset === subset) &&
    (type === "" || sample.type === type) &&
    (status === "" || sample.status === status) &&
    (judging !== "disagree" || sample.disagree) &&
    (judging !== "silent" || sample.parts.some((part) => part.reason !== "")) &&
    (!ranged || (sample.overall !== null && sample.overall >= low && sample.overall <= high)) &&
    needles.every((needle) => haystacks[index]().includes(needle));
  const compare = (a, b) => {
    const by = order(run.samples[a], run.samples[b]);
    return Number.isNaN(by) || by === 0 ? a - b : by;
  };
  return [...run.samples.keys()].filter((index) => keeps(run.samples[index], index)).sort(compare);
}

const nearby = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const player = playerOf.get(entry.target);
    if (entry.isIntersecting) player.load();
    else player.unload();
  }
}, { rootMargin: "400px 0px" });

function showPage(page) {
  const pages = Math.max(1, Math.ceil(state.found.length / PAGE_SIZE));
  state.page = Math.min(Math.max(page, 0), pages - 1);
  state.current = null;
  for (const card of list.children) playerOf.get(card)?.unload();
  nearby.disconnect();
  const from = state.page * PAGE_SIZE;
  const cards = state.found.slice(from, from + PAGE_SIZE).map(makeCard);
  list.replaceChildren(...cards);
  list.start = from + 1;
  for (const card of cards) if (playerOf.has(card)) nearby.observe(card);
  byId("pager").hidden = pages === 1;
  byId("page-back").disabled = state.page === 0;
  byId("page-on").disabled = state.page === pages - 1;
  byId("page-name").textContent = `Page ${state.page + 1} of ${pages}`;
}

function refresh() {
  state.found = find();
  const [found, all] = [state.found.length, run.samples.length];
  byId("shown").textContent = found === 0 ? "No sample matches" : `${found} of ${all} ${all === 1 ? "sample" : "samples"}`;
  showPage(0);
}

function turn(by) {
  showPage(state.page + by);
  byId("samples").scrollIntoView({ behavior: "instant" });
}

/** Makes a card the one that keys speak to. */
function choose(card, { move = false } = {}) {
  state.current?.removeAttribute("aria-current");
  state.current = card;
  card.setAttribute("aria-current", "true");
  if (!move) return;
  card.focus({ preventScroll: true });
  // At once: a key pressed during a smooth scroll would speak to a card on the way.
  card.scrollIntoView({ block: "start", behavior: "instant" });
}

function isInView(card) {
  const { top, bottom } = card.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** Returns the card that keys speak to: the chosen one, or the first in view; null when none is in view. */
function meant() {
  if (state.current !== null && isInView(state.current)) return state.current;
  return [...list.children].find(isInView) ?? null;
}

function moveBy(by) {
  const cards = [...list.children];
  const here = state.current === null ? -1 : cards.indexOf(state.current);
  const next = here === -1 ? cards.find(isInView) ?? cards[0] : cards[here + by];
  if (next !== undefined) {
    choose(next, { move: true });
    return;
  }
  const before = state.page;
  showPage(state.page + by);
  if (state.page !== before) choose(by > 0 ? list.firstElementChild : list.lastElementChild, { move: true });
  else if (cards.length > 0) choose(list.children[here], { move: true });
}

function playAll(on) {
  clock.all = on;
  byId("play-all").textContent = on ? "Pause all" : "Play all";
  byId("play-all").setAttribute("aria-pressed", on);
  for (const player of [...list.children].map((card) => playerOf.get(card))) {
    if (player === undefined) continue;
    if (!on) player.pause();
    else if (player.bitmap !== null) player.play();
  }
}

function showDifference(on) {
  difference.shown = on;
  byId("difference").checked = on;
  for (const card of list.children) playerOf.get(card)?.draw();
}

function focusSearch() {
  byId("search").focus();
  byId("search").select();
}

const KEYS = {
  j: () => moveBy(1),
  k: () => moveBy(-1),
  a: () => playAll(!clock.all),
  d: () => showDifference(!difference.shown),
  "/": focusSearch,
};

const PLAYER_KEYS = {
  " ": (player) => player.toggle(),
  ArrowLeft: (player) => player.step(-1),
  ArrowRight: (player) => player.step(1),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const { target, key } = event;
  const isTyping = target.matches("select, textarea, input:not([type=checkbox], [type=range])");
  if (isTyping) {
    if (key === "Escape") target.blur();
    return;
  }
  const act = KEYS[key];
  if (act !== undefined) {
    event.preventDefault();
    act();
    return;
  }
  const actOnPlayer = PLAYER_KEYS[key];
  // These keys mean something of their own on a button, a slider, a link or a region that scrolls.
  if (actOnPlayer === undefined || target.closest("button, input, a, summary, .scroll") !== null) return;
  const card = meant();
  const player = card === null ? undefined : playerOf.get(card);
  if (player === undefined) return;
  event.preventDefault();
  choose(card);
  actOnPlayer(player);
}

let refreshing = 0;
function refreshSoon() {
  cancelAnimationFrame(refreshing);
  refreshing = requestAnimationFrame(refresh);
}

/** Shows the sample that the address names (`#sample-12`), whatever is filtered out. */
function followAddress() {
  const match = /^#sample-(\d+)$/.exec(location.hash);
  const index = match === null ? -1 : Number(match[1]);
  if (index < 0 || index >= run.samples.length) return;
  if (!state.found.includes(index)) {
    filters.reset();
    cancelAnimationFrame(refreshing);
    refresh();
  }
  showPage(Math.floor(state.found.indexOf(index) / PAGE_SIZE));
  choose(byId(`sample-${index}`), { move: true });
}

filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("input", refreshSoon);
filters.addEventListener("reset", refreshSoon);
byId("play-all").addEventListener("click", () => playAll(!clock.all));
byId("difference").addEventListener("change", (event) => showDifference(event.target.checked));
byId("speed").addEventListener("change", (event) => { clock.framesPerSecond = Number(event.target.value); });
byId("page-back").addEventListener("click", () => turn(-1));
byId("page-on").addEventListener("click", () => turn(1));
list.addEventListener("focusin", (event) => choose(event.target.closest(".card")));
list.addEventListener("pointerdown", (event) => { if (event.target.closest(".card")) choose(event.target.closest(".card")); });
document.addEventListener("keydown", onKey);
addEventListener("hashchange", followAddress);
refresh();
followAddress();
