// Source, edit and target side by side, always at the same paired frame, drawn from one contact sheet.

/** One clock for all: players that play advance together, so that samples of one length stay in step. */
const clock = {
  framesPerSecond: 8,
  frame: 0,
  all: false,
  playing: new Set(),
  request: 0,
  last: 0,
  start(player) {
    this.playing.add(player);
    if (this.request === 0) {
      this.last = performance.now();
      this.request = requestAnimationFrame((now) => this.tick(now));
    }
  },
  tick(now) {
    this.request = 0;
    if (this.playing.size === 0) return;
    const steps = Math.floor(((now - this.last) * this.framesPerSecond) / 1000);
    if (steps > 0) {
      this.last += (steps * 1000) / this.framesPerSecond;
      this.frame += steps;
      for (const player of this.playing) player.show(player.frame + steps);
    }
    this.request = requestAnimationFrame((next) => this.tick(next));
  },
};

const difference = { shown: false, full: 96, ramp: makeRamp() };

/** Returns 256 RGB triples from black over purple and orange to pale yellow; lightness rises all the way. */
function makeRamp() {
  const stops = [[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]];
  const ramp = new Uint8ClampedArray(256 * 3);
  for (let level = 0; level < 256; level += 1) {
    const place = (level / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    for (let channel = 0; channel < 3; channel += 1) {
      ramp[level * 3 + channel] = stops[low][channel] + (stops[low + 1][channel] - stops[low][channel]) * (place - low);
    }
  }
  return ramp;
}

/** Returns the bytes of a sample's sheet; null while the page is still arriving. */
function readMedia(index) {
  const holder = byId(`media-${index}`);
  if (holder === null) return null;
  const text = atob(holder.textContent);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  return bytes;
}

const arrived = new Promise((resolve) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve, { once: true });
  else resolve();
});

class Player {
  constructor(index, sample) {
    this.index = index;
    this.sheet = sample.preview;
    this.frame = 0;
    this.near = false;
    this.bitmap = null;
    this.element = make("div", { class: "player", "data-state": "idle" });
    this.views = this.sheet.rows.map((name) => this.makeView(name));
    this.map = this.makeView("Difference");
    this.map.figure.hidden = true;
    this.map.caption.append(make("span", { class: "legend", title: `black: none; pale: ${difference.full} of 255 or more` }));
    const figures = [...this.views.map((view) => view.figure), this.map.figure];
    this.element.append(make("div", { class: "views" }, ...figures), this.makeControls(sample.id));
    this.report();
  }

  makeView(name) {
    const { width, height } = this.sheet;
    const canvas = make("canvas", { width, height, role: "img", "aria-label": `${name} frame` });
    const caption = make("figcaption", {}, name);
    const figure = make("figure", { class: "view", "data-view": name.toLowerCase() }, canvas, caption);
    // A portrait video is limited by its height, a wide one by its width.
    figure.style.maxWidth = `${Math.min(34, (24 * width) / height).toFixed(2)}rem`;
    return { figure, caption, context: canvas.getContext("2d", { willReadFrequently: true }) };
  }

  makeControls(id) {
    const button = (label, text, className, act) => {
      const element = make("button", { type: "button", class: className, "aria-label": label }, text);
      element.addEventListener("click", act);
      return element;
    };
    this.playButton = button(`Play ${id}`, "Play", "play", () => this.toggle());
    this.slider = make("input", { type: "range", min: 1, max: this.sheet.columns, value: 1, step: 1, "aria-label": "Frame" });
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value) - 1));
    this.place = make("output");
    return make("div", { class: "controls" },
      button("One frame back", "\u2190", "back", () => this.step(-1)),
      this.playButton,
      button("One frame on", "\u2192", "on", () => this.step(1)),
      this.slider,
      this.place);
  }

  get isPlaying() {
    return clock.playing.has(this);
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  play() {
    if (clock.all) this.show(clock.frame);
    clock.start(this);
    this.report();
  }

  pause() {
    clock.playing.delete(this);
    this.report();
  }

  step(by) {
    this.seek(this.frame + by);
  }

  seek(frame) {
    this.pause();
    this.show(frame);
  }

  /** Shows a paired frame; past either end it goes round. */
  show(frame) {
    const { columns } = this.sheet;
    this.frame = ((frame % columns) + columns) % columns;
    this.draw();
    this.report();
  }

  report() {
    const number = this.frame + 1;
    this.slider.value = number;
    this.slider.setAttribute("aria-valuetext", `frame ${number} of ${this.sheet.columns}`);
    this.place.textContent = `${number} / ${this.sheet.columns}`;
    const text = this.isPlaying ? "Pause" : "Play";
    if (this.playButton.textContent !== text) {
      this.playButton.textContent = text;
      this.playButton.setAttribute("aria-label", text);
    }
  }

  draw() {
    if (this.bitmap === null) return;
    const { width, height } = this.sheet;
    this.views.forEach((view, row) => {
      view.context.drawImage(this.bitmap, this.frame * width, row * height, width, height, 0, 0, width, height);
    });
    this.map.figure.hidden = !difference.shown;
    if (difference.shown) this.drawDifference(width, height);
    this.element.dataset.frame = this.frame;
  }

  /** Paints the largest channel difference of each pixel; `difference.full` and more is the top of the ramp. */
  drawDifference(width, height) {
    const source = this.views[0].context.getImageData(0, 0, width, height).data;
    const edit = this.views[1].context.getImageData(0, 0, width, height).data;
    const image = this.map.context.createImageData(width, height);
    const { data } = image;
    for (let place = 0; place < data.length; place += 4) {
      const largest = Math.max(
        Math.abs(source[place] - edit[place]),
        Math.abs(source[place + 1] - edit[place + 1]),
        Math.abs(source[place + 2] - edit[place + 2]));
      const level = Math.min(255, Math.round((largest * 255) / difference.full)) * 3;
      data[place] = difference.ramp[level];
      data[place + 1] = difference.ramp[level + 1];
      data[place + 2] = difference.ramp[level + 2];
      data[place + 3] = 255;
    }
    this.map.context.putImageData(image, 0, 0);
  }

  /** Decodes the sheet when the card comes near the viewport. */
  async load() {
    this.near = true;
    if (this.bitmap !== null || this.element.dataset.state === "loading") return;
    this.element.dataset.state = "loading";
    try {
      if (byId(`media-${this.index}`) === null) await arrived;
      const bitmap = await createImageBitmap(new Blob([readMedia(this.index)], { type: "image/webp" }));
      if (!this.near) {
        bitmap.close();
        this.element.dataset.state = "idle";
        return;
      }
      this.bitmap = bitmap;
      this.element.dataset.state = "ready";
      this.draw();
      if (clock.all) this.play();
    } catch {
      this.element.dataset.state = "broken";
      this.element.replaceChildren(words("p", "The preview of this sample is damaged and cannot be shown.", { class: "no-preview" }));
    }
  }

  /** Frees the decoded sheet when the card is far away; what was drawn last stays. */
  unload() {
    this.near = false;
    this.pause();
    if (this.bitmap === null) return;
    this.bitmap.close();
    this.bitmap = null;
    this.element.dataset.state = "idle";
  }
}
