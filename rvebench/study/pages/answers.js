// The three ways to answer. Each keeps one list of numbers a criterion, by clip from left to right.

import { announce, letterOf, make, ordinal } from "/dom.js";

/** Returns the answering part of a screen. */
export function makeAnswers(design, settings) {
  const kinds = { ranking: Ranking, pairwise: Pairwise, likert: Likert };
  return new kinds[design](settings);
}

class Answers {
  /** `questions` of this screen, number of `clips`, `scale` and `words` of marks; `onChange(advance)` after each act. */
  constructor({ questions, clips, scale, words, onChange }) {
    this.questions = questions;
    this.clips = clips;
    this.scale = scale;
    this.words = words;
    this.changed = onChange;
    this.now = 0;
    this.element = make("div", { class: "answer", role: "group" });
    this.setUp();
    this.draw();
  }

  get letters() { return Array.from({ length: this.clips }, (_none, index) => letterOf(index)); }
  get complete() { return this.questions.every((_question, index) => this.isAnswered(index)); }

  show(index) {
    this.now = Math.max(0, Math.min(index, this.questions.length - 1));
    this.draw();
    this.changed();
  }

  /** The first question without an answer, after this one and then from the front; -1 when there is none. */
  open() {
    const order = this.questions.map((_question, index) => (this.now + 1 + index) % this.questions.length);
    const found = order.find((index) => !this.isAnswered(index));
    return found === undefined ? -1 : found;
  }

  values() {
    return Object.fromEntries(this.questions.map((question, index) => [question.id, this.numbers(index)]));
  }

  bothBad() { return []; }

  /** Draws again, and puts the focus back where it was, or on the next thing to do. */
  redraw(fallback) {
    const held = this.element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.draw();
    if (held === null) return;
    const all = [...this.element.querySelectorAll("button")];
    const next = all.find((button) => button.dataset.key === held && !button.disabled)
      || all.find((button) => button.dataset.key === fallback) || all[0];
    if (next) next.focus();
  }

  button(key, attributes, act, ...children) {
    return make("button", { type: "button", "data-key": key, onclick: act, ...attributes }, ...children);
  }
}

class Pairwise extends Answers {
  setUp() {
    this.picked = this.questions.map(() => null);
    this.choices = [
      { key: "a", label: "A is better", short: "A", rest: "is better", numbers: [1, 2] },
      { key: "t", label: "Equally good", short: "=", rest: "Equally good", numbers: [1, 1] },
      { key: "n", label: "Both bad", short: "\u00d7", rest: "Both bad", numbers: [1, 1], bad: true },
      { key: "b", label: "B is better", short: "B", rest: "is better", numbers: [2, 1] },
    ];
  }

  isAnswered(index) { return this.picked[index] !== null; }
  numbers(index) { return this.picked[index].numbers; }
  bothBad() { return this.questions.filter((_q, index) => this.picked[index].bad === true).map((question) => question.id); }
  hint() { return "A or B picks the better one, T: equally good, N: both bad"; }

  badges() {
    const choice = this.picked[this.now];
    if (choice === null) return [null, null];
    if (choice.bad) return [{ text: "\u00d7", tone: "bad" }, { text: "\u00d7", tone: "bad" }];
    return choice.numbers.map((place) => (place === 1 ? { text: choice.numbers[0] === choice.numbers[1] ? "=" : "\u2713", tone: "best" } : null));
  }

  pick(choice) {
    this.picked[this.now] = choice;
    announce(`${this.questions[this.now].title}: ${choice.label}`);
    this.redraw(choice.key);
    this.changed(true);
  }

  choose(clip) { this.pick(this.choices[clip === 0 ? 0 : 3]); }

  key(name) {
    const choice = this.choices.find((one) => one.key === name || (name === "=" && one.key === "t"));
    if (choice) this.pick(choice);
    return choice !== undefined;
  }

  draw() {
    this.element.replaceChildren(make("div", { class: "choices" }, ...this.choices.map((choice) =>
      this.button(choice.key, {
        class: `choice choice-${choice.key}`,
        "aria-pressed": this.picked[this.now] === choice,
        "aria-keyshortcuts": choice.key,
        "aria-label": choice.label,
      }, () => this.pick(choice), make("span", { class: "choice-mark" }, choice.short), make("span", {}, choice.rest)))));
  }
}

class Ranking extends Answers {
  setUp() {
    // Best first; `tied` says that a clip shares the place of the one before it.
    this.orders = this.questions.map(() => []);
  }

  isAnswered(index) { return this.orders[index].length === this.clips; }
  hint() { return "Letters place clips from best to worst, = ties the last two, Backspace takes one back"; }

  places(index) {
    let place = 1;
    const found = new Map();
    this.orders[index].forEach((item, rank) => {
      if (!(item.tied && rank > 0)) place = rank + 1;
      found.set(item.clip, place);
    });
    return found;
  }

  numbers(index) {
    const places = this.places(index);
    return this.letters.map((_letter, clip) => places.get(clip));
  }

  badges() {
    const places = this.places(this.now);
    return this.letters.map((_letter, clip) => (places.has(clip) ? { text: ordinal(places.get(clip)), tone: places.get(clip) === 1 ? "best" : "placed" } : null));
  }

  get order() { return this.orders[this.now]; }

  choose(clip) {
    const at = this.order.findIndex((item) => item.clip === clip);
    if (at >= 0) this.remove(at);
    else {
      this.order.push({ clip, tied: false });
      const left = this.letters.map((_letter, index) => index).filter((index) => !this.order.some((item) => item.clip === index));
      // The last one can only stand last (a tie is still one press away).
      if (left.length === 1 && this.clips > 1) this.order.push({ clip: left[0], tied: false });
      announce(`${letterOf(clip)} is ${ordinal(this.places(this.now).get(clip))}`);
    }
    this.after();
  }

  remove(at) {
    this.order.splice(at, 1);
    if (at === 0 && this.order.length > 0) this.order[0].tied = false;
    this.after();
  }

  tie(at) {
    if (at < 1) return;
    this.order[at].tied = !this.order[at].tied;
    announce(`${letterOf(this.order[at - 1].clip)} and ${letterOf(this.order[at].clip)}: ${this.order[at].tied ? "same place" : "in order"}`);
    this.after();
  }

  after() {
    this.redraw("left-0");
    this.changed();
  }

  key(name) {
    if (name === "backspace") {
      if (this.order.length === 0) return false;
      // The last was placed by itself: both go, or nothing could be changed.
      if (this.order.length === this.clips && this.clips > 1) this.order.pop();
      this.remove(this.order.length - 1);
      return true;
    }
    if (name === "=") { this.tie(this.order.length - 1); return true; }
    const clip = this.letters.findIndex((letter) => letter.toLowerCase() === name);
    if (clip < 0) return false;
    this.choose(clip);
    return true;
  }

  draw() {
    const places = this.places(this.now);
    const placed = this.order.flatMap((item, rank) => {
      const letter = letterOf(item.clip);
      const chip = this.button(`clip-${item.clip}`, { class: "chip placed", "aria-label": `${letter}, ${ordinal(places.get(item.clip))}; take back` }, () => this.remove(rank),
        make("small", {}, ordinal(places.get(item.clip))), letter);
      if (rank === 0) return [chip];
      const before = letterOf(this.order[rank - 1].clip);
      return [this.button(`tie-${rank}`, { class: "tie", "aria-pressed": item.tied, "aria-label": `${before} and ${letter} equally good`, title: item.tied ? "Equally good" : "Press if these two are equally good" }, () => this.tie(rank), item.tied ? "=" : "\u203a"), chip];
    });
    const waiting = this.letters.map((letter, clip) => ({ letter, clip })).filter(({ clip }) => !places.has(clip));
    const tray = waiting.map(({ letter, clip }, index) => this.button(index === 0 ? "left-0" : `clip-${clip}`, { class: "chip", "aria-label": `Place ${letter} as ${ordinal(this.order.length + 1)}` }, () => this.choose(clip), letter));
    this.element.replaceChildren(
      make("div", { class: "order", "data-empty": placed.length === 0 }, ...(placed.length ? placed : [make("span", { class: "soft" }, "Press the best clip first, then the next best \u2026")])),
      make("div", { class: "tray" }, ...tray),
    );
  }
}

class Likert extends Answers {
  setUp() {
    this.marks = this.questions.map(() => Array.from({ length: this.clips }, () => null));
    this.active = 0;
  }

  isAnswered(index) { return this.marks[index].every((mark) => mark !== null); }
  numbers(index) { return this.marks[index]; }
  hint() { return `${this.scale[0]} to ${this.scale[1]} give a mark${this.clips > 1 ? ", a letter goes to a clip" : ""}`; }
  badges() { return this.marks[this.now].map((mark) => (mark === null ? null : { text: String(mark), tone: "placed" })); }

  show(index) {
    super.show(index);
    this.active = Math.max(0, this.marks[this.now].indexOf(null));
    this.draw();
  }

  choose(clip) { this.active = clip; this.redraw(`mark-${clip}-${this.scale[0]}`); this.changed(); }

  give(clip, mark) {
    this.marks[this.now][clip] = mark;
    announce(`${letterOf(clip)}: ${mark}`);
    const open = this.marks[this.now].indexOf(null);
    this.active = open < 0 ? clip : open;
    this.redraw(`mark-${clip}-${mark}`);
    this.changed(this.isAnswered(this.now));
  }

  key(name) {
    if (/^\d$/.test(name)) {
      const mark = Number(name);
      if (mark < this.scale[0] || mark > this.scale[1]) return false;
      this.give(this.active, mark);
      return true;
    }
    const clip = this.letters.findIndex((letter) => letter.toLowerCase() === name);
    if (clip < 0) return false;
    this.choose(clip);
    return true;
  }

  draw() {
    const [low, high] = this.scale;
    const marks = Array.from({ length: high - low + 1 }, (_none, index) => low + index);
    const rows = this.letters.map((letter, clip) => make("div", { class: "marks", role: "group", "aria-label": `Clip ${letter}`, "data-active": this.clips > 1 && clip === this.active },
      this.clips > 1 ? make("span", { class: "marks-letter", "aria-hidden": "true" }, letter) : null,
      ...marks.map((mark) => this.button(`mark-${clip}-${mark}`, { class: "mark", "aria-pressed": this.marks[this.now][clip] === mark,
        "aria-label": `${letter}: ${mark}${mark === low ? `, ${this.words[0]}` : mark === high ? `, ${this.words[1]}` : ""}` }, () => this.give(clip, mark), String(mark)))));
    this.element.replaceChildren(
      make("div", { class: "mark-rows" }, ...rows),
      make("p", { class: "scale-words soft", "aria-hidden": "true" }, make("span", {}, this.words[0]), make("span", {}, this.words[1])),
    );
  }
}
