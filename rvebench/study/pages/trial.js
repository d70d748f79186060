// One trial: the instruction, the clips, their controls, and the questions.

import { letterOf, make } from "/dom.js";
import { makeAnswers } from "/answers.js";
import { Deck, makeVideo } from "/player.js";

const clock = (seconds) => `${seconds.toFixed(1)} s`;

export class TrialScreen {
  /** `take(clip, makeNew)` gives a video that may be loading already; `send(body)` resolves to a sentence when refused. */
  constructor(state, { take, send }) {
    this.trial = state.trial;
    this.study = state.study;
    this.sendAnswer = send;
    this.sending = false;
    this.enlarged = -1;
    this.announcedLoaded = false;
    const all = [this.trial.source, ...this.trial.clips];
    const names = ["Original", ...this.trial.clips.map((_clip, index) => letterOf(index))];
    const videos = all.map((clip, index) => take(clip, () => makeVideo(clip, names[index])));
    videos.forEach((video, index) => video.setAttribute("aria-label", index === 0 ? "The original video" : `Edit ${names[index]}`));
    this.deck = new Deck(all, videos, () => this.refresh());
    const questions = this.trial.questions.map((id) => this.study.questions.find((question) => question.id === id));
    this.answers = makeAnswers(this.study.design, {
      questions,
      clips: this.trial.clips.length,
      scale: this.study.scale,
      words: this.study.scale_words,
      onChange: (advance = false) => this.answered(advance),
    });
    this.questions = questions;
    this.views = all.map((clip, index) => this.makeView(clip, names[index], index));
    // On a phone, with more than two edits, the original stands among them, so that all are seen at once.
    this.stage = make("div", { class: this.trial.clips.length > 2 ? "stage many" : "stage" }, ...this.views.map((view) => view.figure));
    this.controls = this.makeControls();
    this.panel = this.makePanel();
    this.element = make("section", { class: "trial", "data-screen": "trial", "data-trial": this.trial.id },
      make("div", { class: "instruction" }, make("p", { class: "kicker" }, "The instruction"), make("p", { class: "instruction-text" }, this.trial.instruction)),
      make("div", { class: "theatre" }, this.stage, this.controls),
      this.panel);
    // A pressed button would keep the keys for itself: Space plays and Enter goes on, unless one came there by Tab.
    this.element.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button !== null && event.detail > 0) button.blur();
    }, true);
    this.slider.addEventListener("pointerup", () => this.slider.blur());
    this.resize = () => this.arrange();
    addEventListener("resize", this.resize);
    this.drawQuestion();
    this.refresh();
  }

  start() {
    this.arrange();
    this.deck.play();
  }

  close() {
    removeEventListener("resize", this.resize);
    this.deck.close();
  }

  makeView(clip, name, index) {
    const badge = make("span", { class: "badge", hidden: true });
    const busy = make("span", { class: "busy" }, "Loading \u2026");
    const again = make("button", { type: "button", class: "again", hidden: true, onclick: () => this.deck.retry() }, "This clip does not load. Try again");
    const frame = make("div", { class: "frame" }, this.deck.videos[index], badge, busy, again);
    const enlarge = make("button", { type: "button", class: "enlarge", "aria-label": index === 0 ? "Enlarge the original" : `Enlarge ${name} beside the original`, title: "Enlarge" }, "\u2922");
    const caption = make("figcaption", {}, make("span", { class: "name" }, name), enlarge);
    const figure = make("figure", { class: index === 0 ? "view source" : "view edit", "data-clip": name }, frame, caption);
    frame.style.aspectRatio = `${this.trial.source.width} / ${this.trial.source.height}`;
    enlarge.addEventListener("click", (event) => { event.stopPropagation(); this.enlarge(this.enlarged === index ? -1 : index); });
    if (index > 0 && !(this.study.design === "likert" && this.trial.clips.length === 1)) {
      // A press on the picture is for the mouse and the finger; the same stands as a button in the panel.
      frame.classList.add("pressable");
      frame.addEventListener("click", (event) => { if (event.target !== again) this.answers.choose(index - 1); });
    } else frame.addEventListener("click", (event) => { if (event.target !== again) this.deck.toggle(); });
    return { figure, frame, badge, busy, again, clip };
  }

  makeControls() {
    const button = (label, text, name, act) => make("button", { type: "button", class: name, "aria-label": label, title: label, onclick: act }, text);
    this.playButton = button("Pause", "\u275a\u275a", "play", () => this.deck.toggle());
    this.slowButton = button("Half speed", "\u00bd\u00d7", "slow", () => this.slow());
    this.slowButton.setAttribute("aria-pressed", "false");
    this.slider = make("input", { type: "range", min: 0, max: 1000, value: 0, step: 1, "aria-label": "Place in the clips" });
    this.slider.addEventListener("input", () => {
      this.deck.pause();
      this.deck.seek((Number(this.slider.value) / 1000) * this.deck.duration);
    });
    this.place = make("output", { class: "place" });
    return make("div", { class: "controls" },
      this.playButton,
      button("From the start", "\u21ba", "replay", () => this.deck.replay()),
      button("One frame back", "\u2039", "back", () => this.deck.step(-1)),
      button("One frame on", "\u203a", "on", () => this.deck.step(1)),
      this.slider, this.place, this.slowButton);
  }

  makePanel() {
    this.steps = make("ol", { class: "steps", "aria-label": "Questions of this screen" });
    this.question = make("p", { class: "question", id: "question" });
    this.answers.element.setAttribute("aria-labelledby", "question");
    this.next = make("button", { type: "button", class: "primary next", id: "next", onclick: () => this.goOn() });
    this.fault = make("p", { class: "fault", role: "alert", hidden: true });
    return make("div", { class: "panel" }, this.steps, this.question, this.answers.element, this.fault, this.next);
  }

  /** Chooses the number of columns that makes the clips largest. */
  arrange() {
    const shown = this.views.filter((view) => !view.figure.hidden).length;
    const ratio = this.trial.source.width / this.trial.source.height;
    const width = this.stage.clientWidth;
    const narrow = innerWidth < 720;
    const room = narrow ? Infinity : Math.max(260, innerHeight - this.panel.offsetHeight - this.element.firstChild.offsetHeight - 56 - this.controls.offsetHeight - 48);
    let best = { columns: 1, side: 0 };
    for (let columns = 1; columns <= shown; columns += 1) {
      const rows = Math.ceil(shown / columns);
      const side = Math.min((width - 12 * (columns - 1)) / columns, (room / rows - 40) * ratio);
      if (side > best.side * 1.02) best = { columns, side };
    }
    if (narrow) {
      this.stage.style.removeProperty("--columns");
      this.stage.style.removeProperty("--side");
      return;
    }
    this.stage.style.setProperty("--columns", best.columns);
    this.stage.style.setProperty("--side", `${Math.floor(best.side)}px`);
  }

  /** Shows one clip large beside the original; -1 shows all again. */
  enlarge(index) {
    this.enlarged = index;
    this.views.forEach((view, place) => {
      view.figure.hidden = index >= 0 && place !== index && place !== 0;
      const pressed = index >= 0 && place === index;
      view.figure.classList.toggle("enlarged", pressed);
      view.figure.querySelector(".enlarge").setAttribute("aria-pressed", pressed ? "true" : "false");
    });
    this.stage.classList.toggle("is-enlarged", index >= 0);
    this.arrange();
  }

  slow() {
    const slow = this.deck.rate === 1;
    this.deck.setRate(slow ? 0.5 : 1);
    this.slowButton.setAttribute("aria-pressed", slow ? "true" : "false");
  }

  answered(advance) {
    this.fault.hidden = true;
    this.drawQuestion();
    if (!advance) return;
    // One question after another without a press in between, but never past the last.
    const open = this.answers.open();
    if (open >= 0) setTimeout(() => { if (this.answers.open() === open) this.answers.show(open); }, 260);
  }

  drawQuestion() {
    const { now } = this.answers;
    const question = this.questions[now];
    this.question.textContent = question.text;
    this.steps.hidden = this.questions.length < 2;
    // Rebuilt only when it changes, so that the focus stays.
    const look = JSON.stringify([now, this.questions.map((_question, index) => this.answers.isAnswered(index))]);
    if (look !== this.look) {
      this.look = look;
      const held = this.steps.contains(document.activeElement) ? [...this.steps.querySelectorAll("button")].indexOf(document.activeElement) : -1;
      this.steps.replaceChildren(...this.questions.map((one, index) => make("li", {},
        make("button", { type: "button", class: "step", "aria-current": index === now ? "step" : null, "data-done": this.answers.isAnswered(index), onclick: () => this.answers.show(index) },
          make("span", { class: "step-mark", "aria-hidden": "true" }, this.answers.isAnswered(index) ? "\u2713" : String(index + 1)), make("span", { class: "step-title" }, one.title)))));
      if (held >= 0) this.steps.querySelectorAll("button")[held].focus();
    }
    this.answers.badges().forEach((badge, index) => {
      const element = this.views[index + 1].badge;
      element.hidden = badge === null;
      if (badge !== null) { element.textContent = badge.text; element.dataset.tone = badge.tone; }
    });
    this.refresh();
  }

  get waitS() { return Math.max(0, this.study.min_watch_s - this.deck.watchedS); }

  /** What stands on the button, and whether it can be pressed. */
  nextStep() {
    if (this.sending) return { text: "Storing \u2026", can: false };
    const { now } = this.answers;
    if (!this.answers.isAnswered(now)) return { text: this.questions.length > 1 ? "Next question" : "Next", can: false };
    if (!this.answers.complete) return { text: "Next question", can: true };
    if (this.waitS > 0) return { text: this.deck.wanted ? `Watch a little more (${Math.ceil(this.waitS)} s)` : "Play the clips first", can: false };
    return { text: "Next", can: true };
  }

  refresh() {
    if (!this.next) return;
    const { deck } = this;
    const { text, can } = this.nextStep();
    if (this.next.textContent !== text) this.next.textContent = text;
    if (this.next.disabled === can) this.next.disabled = !can;
    const label = deck.wanted ? "Pause" : "Play";
    if (this.playButton.getAttribute("aria-label") !== label) {
      this.playButton.setAttribute("aria-label", label);
      this.playButton.title = label;
      this.playButton.textContent = deck.wanted ? "\u275a\u275a" : "\u25b6";
    }
    if (document.activeElement !== this.slider || deck.running) this.slider.value = Math.round((1000 * deck.time) / deck.duration);
    this.slider.setAttribute("aria-valuetext", clock(deck.time));
    this.place.textContent = `${clock(deck.time)} of ${clock(deck.duration)}`;
    this.views.forEach((view, index) => {
      const broken = deck.broken[index];
      view.again.hidden = !broken;
      view.busy.hidden = broken || deck.videos[index].readyState >= 2;
    });
    this.element.dataset.running = deck.running;
    this.element.dataset.rounds = deck.rounds;
    this.element.dataset.driftMs = Math.round(1000 * deck.drift());
    if (deck.ready && !this.announcedLoaded) {
      this.announcedLoaded = true;
      document.dispatchEvent(new CustomEvent("study:loaded", { detail: (clip) => makeVideo(clip, "") }));
    }
  }

  async goOn() {
    if (!this.nextStep().can) return;
    if (!this.answers.complete) {
      this.answers.show(this.answers.open());
      return;
    }
    this.sending = true;
    this.refresh();
    const fault = await this.sendAnswer({
      trial: this.trial.id,
      ticket: this.trial.ticket,
      values: this.answers.values(),
      both_bad: this.answers.bothBad(),
      watched_s: this.deck.watchedS,
      replays: this.deck.replays,
    });
    this.sending = false;
    if (fault) {
      this.fault.textContent = fault;
      this.fault.hidden = false;
    }
    if (!this.deck.closed) this.refresh();
  }

  /** Acts on a key; returns whether it meant something. */
  key(event) {
    const name = event.key.toLowerCase();
    const onButton = event.target instanceof HTMLButtonElement;
    const onSlider = event.target === this.slider;
    if (name === "enter" && !onButton) { this.goOn(); return true; }
    if (name === " " && !onButton) { this.deck.toggle(); return true; }
    if ((name === "arrowleft" || name === "arrowright") && !onSlider) {
      this.deck.step(name === "arrowleft" ? -1 : 1);
      return true;
    }
    if (name === "r") { this.deck.replay(); return true; }
    if (name === "s") { this.slow(); return true; }
    if (name === "v") { this.enlarge(this.enlarged + 1 < this.views.length ? Math.max(1, this.enlarged + 1) : -1); return true; }
    if (name === "escape" && this.enlarged >= 0) { this.enlarge(-1); return true; }
    return this.answers.key(name);
  }
}
