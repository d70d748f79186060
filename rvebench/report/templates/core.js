// What every part of the page uses: the run's data, elements made without markup, numbers written one way.

const run = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

/** Returns a new element; texts are set as text, so that nothing in a run is ever read as markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAll(element, attributes);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAll(element, attributes);
  element.append(...children);
  return element;
}

function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
}

/** Returns a text of the run in an element that finds its own direction and keeps it from its neighbours. */
const words = (tag, text, attributes = {}) => make(tag, { dir: "auto", ...attributes }, text);

const writeScore = (score) => (score === null ? "\u2013" : score.toFixed(2));

/** Returns how far apart a sample's criteria are, or -1 where fewer than two were scored. */
function disagreement(sample) {
  const scores = sample.criteria.map((entry) => entry.score).filter((score) => score !== null);
  return scores.length < 2 ? -1 : Math.max(...scores) - Math.min(...scores);
}
