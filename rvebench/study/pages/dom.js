// Builds elements. Texts always go in as text, never as markup.

/** Returns an element; null and undefined attributes are left out, and false ones other than aria-* and data-*. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    const spelled = name.startsWith("aria-") || name.startsWith("data-");
    if (value === null || value === undefined || (value === false && !spelled)) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true && !spelled ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Says something to screen readers. */
export function announce(text) {
  byId("live").textContent = text;
}

let hiding = 0;

/** Shows a line at the foot of the page; it goes by itself after `forMs`, or stays when that is 0. */
export function toast(text, forMs = 4000) {
  const box = byId("toast");
  clearTimeout(hiding);
  box.textContent = text;
  box.hidden = text === "";
  if (forMs > 0 && text !== "") hiding = setTimeout(() => { box.hidden = true; }, forMs);
}

/** Returns a key that no other page makes. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const letterOf = (index) => String.fromCharCode(65 + index);

/** Returns 1st, 2nd, 3rd, 4th, ... */
export function ordinal(number) {
  return `${number}${["th", "st", "nd", "rd"][number % 10 < 4 && ![11, 12, 13].includes(number) ? number % 10 : 0]}`;
}
