// Plays several clips as one: the longest leads, the others follow it frame by frame.

const HOLD_MS = 350; // how long the last frames stand before all begin anew
const FAR_S = 0.3; // a follower that is further off is set, one that is nearer is hurried or slowed
const READY = 3; // HTMLMediaElement.HAVE_FUTURE_DATA
const hasFrameCallback = "requestVideoFrameCallback" in HTMLVideoElement.prototype;

/** Returns a video element that begins to load at once. */
export function makeVideo(clip, label) {
  const video = document.createElement("video");
  video.muted = true;
  video.defaultMuted = true;
  video.playsInline = true;
  video.preload = "auto";
  video.disablePictureInPicture = true;
  video.tabIndex = -1;
  video.setAttribute("muted", "");
  video.setAttribute("playsinline", "");
  video.setAttribute("aria-label", label);
  video.width = clip.width;
  video.height = clip.height;
  video.src = clip.url;
  return video;
}

/** Tells whether a video can go on from where it is. */
const isReady = (video) => video.ended || video.readyState >= READY;

export class Deck {
  /** `clips` as the server tells them, `videos` made of them, in the same order. */
  constructor(clips, videos, onChange) {
    this.videos = videos;
    this.lengths = clips.map((clip) => clip.frames / clip.fps);
    this.lasts = clips.map((clip) => (clip.frames - 0.5) / clip.fps);
    this.leader = this.lengths.indexOf(Math.max(...this.lengths));
    this.fps = Math.max(...clips.map((clip) => clip.fps));
    this.onChange = onChange;
    this.rate = 1;
    this.wanted = false; // somebody wants it to play
    this.running = false; // it does
    this.watchedMs = 0;
    this.replays = 0;
    this.rounds = 0; // how often all were seen to the end
    this.shown = clips.map(() => 0); // media time of the frame on the screen
    this.closed = false;
    this.turn = 0; // of begin(): an older one gives way
    this.lastTick = 0;
    this.timer = 0;
    this.videos.forEach((video, index) => {
      video.addEventListener("waiting", () => this.hold());
      video.addEventListener("error", () => this.report());
      video.addEventListener("canplay", () => this.report());
      if (index === this.leader) video.addEventListener("ended", () => this.finishRound());
      if (hasFrameCallback) this.follow(video, index);
    });
    this.tick = this.tick.bind(this);
    requestAnimationFrame(this.tick);
  }

  get duration() { return this.lengths[this.leader]; }
  get time() { return Math.min(this.videos[this.leader].currentTime, this.duration); }
  get ready() { return this.videos.every((video) => video.readyState >= READY); }
  get broken() { return this.videos.map((video) => video.error !== null); }
  get watchedS() { return this.watchedMs / 1000; }

  /** Notes which frame is on the screen; browsers without frame callbacks are asked for the time instead. */
  follow(video, index) {
    const note = (_now, frame) => {
      if (this.closed) return;
      this.shown[index] = frame.mediaTime;
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  }

  /** Returns the largest distance between two frames on the screen, in seconds; clips at their end are left out. */
  drift() {
    const times = this.videos
      .map((video, index) => (hasFrameCallback ? this.shown[index] : video.currentTime))
      .filter((_time, index) => !this.videos[index].ended);
    return times.length < 2 ? 0 : Math.max(...times) - Math.min(...times);
  }

  tick(now) {
    if (this.closed) return;
    if (this.running) {
      // A page in the background is not looked at, and a long gap was no watching either.
      if (!document.hidden) this.watchedMs += Math.min(now - this.lastTick, 250) * this.rate;
      this.keepTogether();
      this.onChange();
    }
    this.lastTick = now;
    requestAnimationFrame(this.tick);
  }

  keepTogether() {
    const lead = this.videos[this.leader].currentTime;
    this.videos.forEach((video, index) => {
      if (index === this.leader || video.ended || video.seeking || lead >= this.lasts[index]) return;
      const ahead = video.currentTime - lead;
      let rate = this.rate;
      if (Math.abs(ahead) > FAR_S) video.currentTime = lead;
      else if (Math.abs(ahead) > 0.25 / this.fps) rate = this.rate * (1 - Math.max(-0.2, Math.min(0.2, ahead * 3)));
      if (Math.abs(video.playbackRate - rate) > 0.005) video.playbackRate = rate;
    });
  }

  /** Plays on from where the leader is. Resolves when all run, or when the browser does not let them. */
  async play() {
    this.wanted = true;
    await this.begin(this.videos[this.leader].ended ? 0 : this.time);
  }

  async begin(at) {
    const turn = ++this.turn;
    clearTimeout(this.timer);
    this.stopAll();
    await this.place(at);
    while (!this.closed && this.wanted && turn === this.turn && !this.videos.every(isReady)) {
      if (this.broken.some(Boolean)) break;
      await new Promise((resolve) => { setTimeout(resolve, 40); });
    }
    if (this.closed || !this.wanted || turn !== this.turn) return;
    this.videos.forEach((video) => { video.playbackRate = this.rate; });
    const started = await Promise.allSettled(this.videos.filter((video) => !video.ended).map((video) => video.play()));
    if (this.closed || turn !== this.turn) return;
    if (started.some((result) => result.status === "rejected" && result.reason.name === "NotAllowedError")) {
      this.pause();
      return;
    }
    this.running = this.wanted;
    this.lastTick = performance.now();
    this.report();
  }

  /** Sets every clip to a time (clips that are shorter, to their last frame), and waits until they are there. */
  async place(at) {
    await Promise.all(this.videos.map((video, index) => {
      const time = Math.max(0, Math.min(at, this.lasts[index]));
      if (Math.abs(video.currentTime - time) < 0.001 || video.error !== null) return null;
      return new Promise((resolve) => {
        const done = () => { clearTimeout(patience); video.removeEventListener("seeked", done); resolve(); };
        const patience = setTimeout(done, 3000);
        video.addEventListener("seeked", done);
        video.currentTime = time;
      });
    }));
  }

  stopAll() {
    this.running = false;
    this.videos.forEach((video) => { if (!video.paused) video.pause(); });
  }

  pause() {
    this.wanted = false;
    this.turn += 1;
    clearTimeout(this.timer);
    this.stopAll();
    this.report();
  }

  toggle() {
    if (this.wanted) this.pause();
    else this.play();
  }

  /** One clip ran dry: all wait for it, so that none runs ahead. */
  hold() {
    if (this.running && this.wanted) this.begin(this.time);
  }

  finishRound() {
    this.rounds += 1;
    this.running = false;
    this.report();
    if (!this.wanted) return;
    this.timer = setTimeout(() => { if (this.wanted) this.begin(0); }, HOLD_MS);
  }

  replay() {
    this.replays += 1;
    this.wanted = true;
    return this.begin(0);
  }

  /** Stands still, some frames on or back. */
  async step(frames) {
    this.pause();
    const number = Math.round(this.time * this.fps - 0.5) + frames;
    const count = Math.max(1, Math.round(this.duration * this.fps));
    await this.seek((((number % count) + count) % count + 0.5) / this.fps);
  }

  async seek(at) {
    await this.place(Math.max(0, Math.min(at, this.duration)));
    this.report();
    if (this.wanted) await this.begin(this.time);
  }

  setRate(rate) {
    this.rate = rate;
    this.videos.forEach((video) => { video.playbackRate = rate; });
    this.report();
  }

  /** Loads clips again that would not load. */
  retry() {
    this.videos.forEach((video) => { if (video.error !== null) video.load(); });
    this.play();
  }

  report() {
    if (!this.closed) this.onChange();
  }

  close() {
    this.pause();
    this.closed = true;
    this.videos.forEach((video) => { video.removeAttribute("src"); video.load(); });
  }
}
