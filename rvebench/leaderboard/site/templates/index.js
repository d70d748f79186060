// Order, filters, and who is not told apart from whom. Rows are moved and hidden, never written: no text is made here.

const settled = (text) => text.normalize("NFKD").toLowerCase();

class Board {
  constructor(section) {
    this.table = section.querySelector(".ranking");
    this.body = this.table.tBodies[0];
    this.form = section.querySelector(".filters");
    this.shown = section.querySelector(".shown");
    this.none = section.querySelector(".none");
    this.rows = [...this.body.rows].map((element, place) => ({
      element,
      place,
      words: settled(element.querySelector("th").textContent),
      groups: new Set(element.dataset.groups.split(" ").filter(Boolean)),
    }));
    this.heads = [...this.table.tHead.rows[0].cells];
    this.heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => this.sort(column)));
    this.form.addEventListener("input", () => this.filter());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("reset", () => setTimeout(() => this.filter()));
    this.none.querySelector("button").addEventListener("click", () => this.form.reset());
    this.body.addEventListener("pointerover", (event) => this.mean(event.target.closest("tr")));
    this.body.addEventListener("pointerleave", () => this.mean(null));
    this.body.addEventListener("focusin", (event) => this.mean(event.target.closest("tr")));
    this.body.addEventListener("focusout", () => this.mean(null));
    this.filter();
  }

  /** Sorts by a column; a second time the other way. Rows without a value stay last either way. */
  sort(column) {
    const head = this.heads[column];
    const other = { ascending: "descending", descending: "ascending" };
    const way = head.hasAttribute("aria-sort") ? other[head.getAttribute("aria-sort")] : head.dataset.first;
    for (const one of this.heads) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way);
    const number = head.dataset.kind === "number";
    const value = (row) => row.element.cells[column].dataset.value;
    const sign = way === "ascending" ? 1 : -1;
    const compare = (a, b) => {
      const [one, two] = [value(a), value(b)];
      if (one === "" || two === "") return (one === "") - (two === "") || a.place - b.place;
      const by = number ? Number(one) - Number(two) : settled(one) < settled(two) ? -1 : settled(one) > settled(two) ? 1 : 0;
      return sign * by || a.place - b.place;
    };
    this.rows.sort(compare);
    this.body.append(...this.rows.map((row) => row.element));
  }

  filter() {
    const field = (name) => this.form.elements.namedItem(name);
    const needles = settled(field("words").value).split(/\s+/).filter(Boolean);
    const [tier, weights] = [field("tier")?.value ?? "", field("weights").value];
    let count = 0;
    for (const row of this.rows) {
      const data = row.element.dataset;
      const kept = needles.every((needle) => row.words.includes(needle)) &&
        (tier === "" || data.tier === tier) &&
        (weights === "" || data.weights === weights) &&
        (field("controls").checked || data.place !== "control");
      row.element.hidden = !kept;
      count += kept ? 1 : 0;
    }
    this.shown.textContent = `${count} of ${this.rows.length} ${this.rows.length === 1 ? "row" : "rows"}`;
    this.none.hidden = count > 0;
    this.table.hidden = count === 0;
  }

  /** Marks the rows that share a letter with the one that is meant. */
  mean(element) {
    const meant = this.rows.find((row) => row.element === element) ?? null;
    for (const row of this.rows) {
      const like = meant !== null && row !== meant && [...row.groups].some((group) => meant.groups.has(group));
      row.element.classList.toggle("like", like);
      row.element.classList.toggle("meant", row === meant);
    }
  }
}

for (const section of document.querySelectorAll(".track")) {
  if (section.querySelector(".ranking") !== null) new Board(section);
}
