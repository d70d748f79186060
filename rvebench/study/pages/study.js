// A rater's session: asks the server where one is, shows that, and sends what is answered until it is stored.

import { announce, byId, freshKey, toast } from "/dom.js";
import { endScreen, failureScreen, openHelp, strangerScreen, welcomeScreen } from "/screens.js";
import { TrialScreen } from "/trial.js";

let state = null;
let screen = null; // the trial on show
const ahead = new Map(); // video elements that load before they are needed, by address

/** Asks the server; on `ok: false`, `error` is a sentence and `again` says whether the same can be sent once more. */
async function call(path, body) {
  const request = body === undefined ? {} : {
    method: "POST",
    headers: { "content-type": "application/json", "x-study-csrf": state ? state.csrf : "" },
    body: JSON.stringify(body),
  };
  try {
    const response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...request });
    const value = await response.json();
    if (response.ok) return { ok: true, value };
    return { ok: false, status: response.status, again: response.status >= 500, error: value.error };
  } catch {
    return { ok: false, status: 0, again: true, error: "The connection is lost." };
  }
}

/** Sends until it is taken or refused; one key makes that safe. */
async function deliver(path, body) {
  for (let wait = 500, tries = 0; ; wait = Math.min(wait * 1.6, 8000), tries += 1) {
    const answer = await call(path, body);
    if (answer.ok) {
      if (tries > 0) toast("Connected again. Your answer is stored.");
      return answer;
    }
    if (answer.status === 403 && tries === 0) {
      // The server was started anew and signs otherwise: ask for the new signature, once.
      const fresh = await call("/api/state");
      if (fresh.ok) state.csrf = fresh.value.csrf;
    } else if (!answer.again) return answer;
    else toast("The connection is lost. Your answer is kept here and sent again \u2026", 0);
    await new Promise((resolve) => { setTimeout(resolve, answer.again ? wait : 0); });
  }
}

function put(element, name) {
  if (screen !== null) { screen.close(); screen = null; }
  byId("screen").replaceChildren(element);
  document.body.dataset.screen = name;
  scrollTo(0, 0);
}

function showProgress() {
  const { done = 0, total = 0, consented = false } = state;
  byId("progress").hidden = !consented;
  byId("help").hidden = !consented || state.finished;
  byId("count").textContent = state.finished ? `${total} of ${total}` : `${done + 1} of ${total}`;
  byId("fill").style.width = `${total ? (100 * done) / total : 0}%`;
  byId("track").setAttribute("aria-valuemax", total);
  byId("track").setAttribute("aria-valuenow", done);
}

function show() {
  document.title = state.study.title;
  byId("title").textContent = state.study.title;
  showProgress();
  if (!state.entered && !state.open) put(strangerScreen(state.study.title), "stranger");
  else if (!state.consented) put(welcomeScreen(state, begin), "welcome");
  else if (state.finished) put(endScreen(state, remark), "end");
  else showTrial();
}

function showTrial() {
  put(document.createDocumentFragment(), "trial");
  screen = new TrialScreen(state, { take: takeVideo, send });
  byId("screen").replaceChildren(screen.element);
  screen.start();
  announce(`Screen ${state.done + 1} of ${state.total}`);
  byId("screen").focus({ preventScroll: true });
  const half = Math.round(state.total / 2);
  if (state.done > 0 && state.done === half && state.total >= 10) toast("Half-way. Good time for a break: your place is kept.", 6000);
  else if (state.done > 0 && state.total - state.done === 1) toast("The last one.");
}

/** Returns the video of an address, the one that is loading already if there is one. */
function takeVideo(clip, makeNew) {
  const found = ahead.get(clip.url);
  ahead.delete(clip.url);
  return found || makeNew();
}

/** Loads the next screen's clips once this one's are there. */
function loadAhead(makeNew) {
  for (const clip of state.next ? [state.next.source, ...state.next.clips] : []) {
    if (!ahead.has(clip.url)) ahead.set(clip.url, makeNew(clip));
  }
}

async function begin() {
  const answer = await deliver("/api/consent", { key: freshKey() });
  if (answer.ok) { state = answer.value; show(); } else toast(answer.error, 0);
}

/** Sends an answer and shows what comes next; returns a sentence when the answer was refused. */
async function send(body) {
  const answer = await deliver("/api/answer", { key: freshKey(), ...body });
  if (answer.ok) {
    state = answer.value;
    show();
    return "";
  }
  if (answer.status === 409) {
    // Answered already, in another window say: go where the server is.
    toast(answer.error);
    await load();
    return "";
  }
  return answer.error;
}

async function remark(text) {
  const answer = await deliver("/api/remark", { key: freshKey(), text });
  if (!answer.ok) toast(answer.error, 8000);
  return answer.ok;
}

async function load() {
  const token = location.hash.slice(1);
  let answer;
  if (/^[A-Za-z0-9_-]{16,200}$/.test(token)) {
    // The token leaves the address bar before anything else: histories and screenshots keep what stands there.
    history.replaceState(null, "", location.pathname);
    answer = await call("/api/enter", { token });
  } else answer = await call("/api/state");
  if (answer.ok) { state = answer.value; show(); } else put(failureScreen(answer.error, load), "failure");
}

byId("help").addEventListener("click", () => {
  if (screen !== null) screen.deck.pause();
  openHelp(state, screen === null ? "" : screen.answers.hint());
});

document.addEventListener("keydown", (event) => {
  if (screen === null || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (screen.key(event)) event.preventDefault();
});

document.addEventListener("study:loaded", (event) => loadAhead(event.detail));
addEventListener("hashchange", load);
load();
