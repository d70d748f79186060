// The screens around the trials: welcome, stranger, end, help.

import { make, toast } from "/dom.js";

const paragraphs = (texts) => texts.map((text) => make("p", {}, text));

/** About how long a session takes, in minutes: a guess that is told as one. */
export function minutesFor(screens, questions, clips) {
  return Math.max(1, Math.round((screens * (9 + 5 * questions * Math.max(1, clips - 1) ** 0.6)) / 60));
}

export function strangerScreen(title) {
  return make("section", { class: "paper", "data-screen": "stranger" },
    make("h1", {}, title),
    make("p", {}, "This study is open to people with a link of their own. Please open the whole link you were given, or ask the people who sent you here."));
}

export function failureScreen(text, again) {
  return make("section", { class: "paper", "data-screen": "failure" },
    make("h1", {}, "That did not work"),
    make("p", {}, text),
    make("button", { type: "button", class: "primary", onclick: again }, "Try again"));
}

/** The welcome with consent; `begin` is called once both are given. */
export function welcomeScreen(state, begin) {
  const { study } = state;
  const box = make("input", { type: "checkbox", id: "agree" });
  const start = make("button", { type: "button", class: "primary", id: "start", disabled: true }, "Start");
  box.addEventListener("change", () => { start.disabled = !box.checked; });
  start.addEventListener("click", async () => {
    start.disabled = true;
    await begin();
    start.disabled = !box.checked;
  });
  const facts = [];
  if (state.total) facts.push(`${state.total} screens`);
  if (state.total) facts.push(`about ${minutesFor(state.total, study.questions.length, study.design === "ranking" ? 5 : 2)} minutes, in as many sittings as you like`);
  return make("section", { class: "paper", "data-screen": "welcome" },
    make("h1", {}, study.title),
    facts.length ? make("p", { class: "soft" }, facts.join(" \u00b7 ")) : null,
    ...paragraphs(study.introduction),
    make("div", { class: "asked" }, make("h2", {}, study.questions.length === 1 ? "The question" : "The questions"),
      make("ul", {}, ...study.questions.map((question) => make("li", {}, make("b", {}, question.title), make("span", {}, question.text))))),
    make("div", { class: "consent" }, make("h2", {}, "Before you begin"), ...paragraphs(study.consent),
      make("label", { class: "agree", for: "agree" }, box, make("span", {}, "I have read this and want to take part."))),
    start);
}

/** The end, with room for words; `send(text)` resolves to whether they arrived. */
export function endScreen(state, send) {
  const text = make("textarea", { id: "remark", rows: 4, maxlength: 4000 });
  const button = make("button", { type: "button", id: "send-remark" }, "Send");
  const thanks = make("p", { class: "soft", role: "status" });
  button.addEventListener("click", async () => {
    if (text.value.trim() === "") { text.focus(); return; }
    button.disabled = true;
    if (await send(text.value.trim())) {
      text.value = "";
      thanks.textContent = "Thank you, that has arrived.";
    }
    button.disabled = false;
  });
  return make("section", { class: "paper", "data-screen": "end" },
    make("p", { class: "tick", "aria-hidden": "true" }, "\u2713"),
    make("h1", {}, "Done. Thank you!"),
    make("p", {}, `All ${state.total} answers are stored. You may close this page.`),
    make("div", { class: "remark" },
      make("label", { for: "remark" }, "Is there anything we should know? (if you like)"), text, button, thanks));
}

/** Opens help: how it works, the keys, and how to go on later. */
export function openHelp(state, hint) {
  const old = document.querySelector("dialog");
  if (old) old.remove();
  const keys = [
    ["Space", "play and pause"], ["\u2190 \u2192", "one frame back, one on"], ["R", "from the start"], ["S", "half speed"],
    ["V", "enlarge a clip beside the original; again for the next"], ["1 \u2026", hint], ["Enter", "next question, next screen"],
  ];
  if (state.study.design !== "likert") keys[5][0] = "A B \u2026";
  const close = make("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Back to the study");
  const resume = state.resume ? `${location.origin}/#${state.resume}` : null;
  const dialog = make("dialog", { "aria-labelledby": "help-title" },
    make("h2", { id: "help-title" }, "Help and pause"),
    make("p", {}, "Every answer is stored at once. You may close this page at any time; when you open it again you are where you stopped."),
    resume ? make("p", {}, "To go on in another browser, use this link, and keep it to yourself: ",
      make("button", { type: "button", class: "quiet", onclick: async () => {
        try { await navigator.clipboard.writeText(resume); toast("The link is copied."); } catch { toast(resume, 20000); }
      } }, "Copy my link")) : null,
    ...state.study.introduction.slice(1).map((text) => make("p", { class: "soft" }, text)),
    make("h3", {}, "Keys"),
    make("dl", { class: "keys" }, ...keys.flatMap(([key, what]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, what)])),
    close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
