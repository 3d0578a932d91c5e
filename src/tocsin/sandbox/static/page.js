// The sandbox's page: asks for what arrived since the last entry it saw, and has the panels of the providers draw it anew.
//
// A panel exports `heading`, `places(told)` (what one looks into: `key`, `name`, `className`, `ids` of what is in it,
// `title`, `where`, `items()`, and where it differs `look`, `newestFirst` and `write(text)`) and `targets(told)` for
// faults; with a `card` beside the journal also `draw(told)`, and `start(give)` where it gives orders.

import { element } from "/element.js";
import panels from "/panels.js";

const FAULTS = {
  "status": ["code", "503"], "too_many": ["retry_after", "2"], "ban": null, "slow": ["seconds", "5"], "hang": null,
  "reset": ["at", "after_reading"], "lost": ["how", "hang"], "redirect": ["to", "http://127.0.0.1/"],
  "garbage": ["what", "html"], "drip": ["seconds", "1"], "endless": ["part", "body"], "close_idle": null,
};
const JOURNAL_SHOWN = 200;
const PAUSE_MS = 150;
const byId = (id) => document.getElementById(id);
const seen = new Map();
const lists = panels.map(() => element("ul", {}));
let shown = null;
let current = "";
let last = 0;

async function ask(path, options) {
  const response = await fetch(path, options);
  const body = await response.json();
  if (!response.ok) throw new Error(describe(body.error));
  return body;
}

function describe(error) {
  return [error.message, ...error.details.map((detail) => `${detail.path}: ${detail.message}`)].join("; ");
}

async function follow() {
  for (;;) {
    try {
      await refresh();
      connected(true);
      for (;;) await arrived((await ask(`/journal?after=${last}&wait=20`)).entries);
    } catch {
      connected(false);
      await pause(1000);
    }
  }
}

async function arrived(entries) {
  if (!entries.length) return;
  last = entries.at(-1).number;
  byId("journal").prepend(...entries.reverse().slice(0, JOURNAL_SHOWN).map(line));
  while (byId("journal").children.length > JOURNAL_SHOWN) byId("journal").lastChild.remove();
  await refresh();
  await pause(PAUSE_MS);
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

async function refresh() {
  const [told, { faults }] = await Promise.all([ask("/rooms"), ask("/faults")]);
  shown = told;
  if (told.arrived < last) forget();
  if (!places().some((place) => place.key === current)) current = places()[0]?.key ?? "";
  byId("count").textContent = told.arrived ? `(${told.arrived})` : "";
  drawPlaces();
  for (const panel of panels) panel.draw?.(told);
  offerTargets();
  drawFaults(faults);
}

function places() {
  return panels.flatMap((panel) => panel.places(shown));
}

function open(place) {
  current = place.key;
  drawPlaces();
}

// The sandbox was started anew: its journal begins again.
function forget() {
  last = 0;
  byId("journal").replaceChildren();
}

function drawPlaces() {
  panels.forEach((panel, number) => lists[number].replaceChildren(...panel.places(shown).map(entrance)));
  const place = places().find((one) => one.key === current);
  if (place) drawPlace(place);
}

function entrance(place) {
  if (place.key === current) seen.set(place.key, new Set(place.ids));
  const unread = place.ids.filter((id) => !seen.get(place.key)?.has(id)).length;
  const button = element("button", { type: "button", className: place.className },
    element("span", { className: "name" }, place.name),
    unread ? element("span", { className: "count" }, String(unread)) : "");
  button.setAttribute("aria-current", String(place.key === current));
  button.addEventListener("click", () => open(place));
  return element("li", {}, button);
}

function drawPlace(place) {
  const list = byId("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  byId("title").textContent = place.title;
  byId("where").textContent = place.where;
  byId("writing").hidden = !place.write;
  list.className = place.look ?? "";
  fill(list, place.items());
  if (place.newestFirst ? list.dataset.place !== place.key : atEnd) {
    list.scrollTop = place.newestFirst ? 0 : list.scrollHeight;
  }
  list.dataset.place = place.key;
}

// What stands there already stays: frames that are moved load again.
function fill(list, items) {
  const standing = [...list.children];
  if (standing.every((child, number) => child === items[number])) list.append(...items.slice(standing.length));
  else list.replaceChildren(...items);
}

function offerTargets() {
  const chosen = byId("target").value;
  const options = panels.flatMap((panel) => panel.targets(shown)).map(([name, value]) => new Option(name, value));
  byId("target").replaceChildren(...options);
  byId("target").value = chosen || options[0].value;
}

async function give(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  try {
    await ask(path, { method, headers, body: JSON.stringify(body) });
    byId("refusal").textContent = "";
    await refresh();
    return true;
  } catch (error) {
    byId("refusal").textContent = error.message;
    return false;
  }
}

function offerPanels() {
  panels.forEach((panel, number) => {
    byId("link").before(...(panel.heading ? [element("h2", {}, panel.heading)] : []), lists[number]);
    if (panel.card) byId("arrivals").before(panel.card);
    panel.start?.(give);
  });
  byId("writing").addEventListener("submit", async (event) => {
    event.preventDefault();
    const place = places().find((one) => one.key === current);
    if (await place.write(byId("text").value)) byId("text").value = "";
  });
}

function drawFaults(faults) {
  byId("faults").replaceChildren(...faults.map((fault) => element("li", {},
    `${fault.fault}, ${fault.target ?? "any webhook"}, ${fault.left === null ? "always" : `${fault.left} left`}`)));
}

function line(entry) {
  const what = [entry.target, entry.action].filter(Boolean).join(" ");
  return element("li", { className: entry.accepted ? "accepted" : "" },
    element("span", { className: "at" }, new Date(entry.at).toLocaleTimeString([], { hour12: false })),
    element("span", { className: "status" }, entry.status ? String(entry.status) : "none"),
    element("span", {}, what, entry.fault ? element("span", { className: "fault" }, ` ${entry.fault}`) : ""));
}

function connected(yes) {
  byId("link").className = yes ? "note on" : "note off";
  byId("link").textContent = yes ? "Live" : "Not connected";
}

function offerFaults() {
  byId("fault").replaceChildren(...Object.keys(FAULTS).map((name) => new Option(name, name)));
  byId("fault").addEventListener("change", showValue);
  byId("order").addEventListener("submit", (event) => { event.preventDefault(); change("POST", ordered()); });
  byId("clear").addEventListener("click", () => change("DELETE"));
  showValue();
}

function showValue() {
  const takes = FAULTS[byId("fault").value];
  byId("value").closest("label").hidden = !takes;
  byId("value-name").textContent = takes?.[0] ?? "";
  byId("value").value = takes?.[1] ?? "";
}

function ordered() {
  const form = new FormData(byId("order"));
  const takes = FAULTS[form.get("fault")];
  const [provider, target] = form.get("target").split(/:(.*)/);
  const order = { provider, fault: form.get("fault"), times: Number(form.get("times")) };
  if (takes) order[takes[0]] = form.get("value");
  if (target) order.target = target;
  return order;
}

async function change(method, order) {
  try {
    const headers = { "Content-Type": "application/json" };
    const { faults } = await ask("/faults", { method, headers, body: order && JSON.stringify(order) });
    byId("refusal").textContent = "";
    drawFaults(faults);
  } catch (error) {
    byId("refusal").textContent = error.message;
  }
}

offerFaults();
offerPanels();
follow();
