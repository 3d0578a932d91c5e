// The sandbox's page: asks for what arrived since the last entry it saw, and draws the rooms anew when there is news.

import { element, message } from "/discord.js";
import { bubble } from "/twilio.js";

const FAULTS = {
  "status": ["code", "503"], "too_many": ["retry_after", "2"], "ban": null, "slow": ["seconds", "5"], "hang": null,
  "reset": ["at", "after_reading"], "lost": ["how", "hang"], "redirect": ["to", "http://127.0.0.1/"],
  "garbage": ["what", "html"], "drip": ["seconds", "1"], "endless": ["part", "body"], "close_idle": null,
};
const JOURNAL_SHOWN = 200;
const PAUSE_MS = 150;
const byId = (id) => document.getElementById(id);
const seen = new Map();
let rooms = [];
let hooks = [];
let phones = [];
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
  rooms = told.rooms;
  hooks = told.hooks;
  phones = told.phones;
  if (told.arrived < last) forget();
  if (!places().includes(current)) current = places()[0] ?? "";
  byId("count").textContent = told.arrived ? `(${told.arrived})` : "";
  drawRooms();
  drawPhones();
  drawPlace();
  drawInbound(told.texts_go_to);
  drawHooks();
  drawFaults(faults);
}

function places() {
  return [...rooms.map((room) => room.name), ...phones.map((phone) => phone.number)];
}

function open(place) {
  current = place;
  drawRooms();
  drawPhones();
  drawPlace();
}

// The sandbox was started anew: its journal begins again.
function forget() {
  last = 0;
  byId("journal").replaceChildren();
}

function drawRooms() {
  byId("rooms").replaceChildren(...rooms.map((room) => {
    if (room.name === current) seen.set(room.name, room.messages.at(-1)?.id ?? 0);
    const unread = unseen(room);
    const button = element("button", { type: "button", className: room.dead ? "dead" : "" },
      element("span", { className: "name" }, room.name),
      unread ? element("span", { className: "count" }, String(unread)) : "");
    button.setAttribute("aria-current", String(room.name === current));
    button.addEventListener("click", () => open(room.name));
    return element("li", {}, button);
  }));
  const chosen = byId("target").value;
  byId("target").replaceChildren(new Option("any", "discord:"),
    ...rooms.map((room) => new Option(room.name, `discord:${room.name}`)),
    ...hooks.map((hook) => new Option(`signed: ${hook.name}`, `webhook:${hook.name}`)),
    new Option("texts", "twilio:"));
  byId("target").value = chosen || "discord:";
}

function unseen(room) {
  const mark = BigInt(seen.get(room.name) ?? 0);
  return room.messages.filter((one) => BigInt(one.id) > mark).length;
}

function drawPhones() {
  byId("phones").replaceChildren(...phones.map((phone) => {
    if (phone.number === current) seen.set(phone.number, phone.texts.length);
    const unread = phone.texts.length - (seen.get(phone.number) ?? 0);
    const button = element("button", { type: "button", className: "phone" },
      element("span", { className: "name" }, phone.number),
      unread > 0 ? element("span", { className: "count" }, String(unread)) : "");
    button.setAttribute("aria-current", String(phone.number === current));
    button.addEventListener("click", () => open(phone.number));
    return element("li", {}, button);
  }));
}

function drawPlace() {
  const room = rooms.find((one) => one.name === current);
  const phone = phones.find((one) => one.number === current);
  byId("writing").hidden = !phone;
  byId("messages").className = phone ? "phone" : "";
  if (room) drawMessages(room);
  if (phone) drawTexts(phone);
}

function drawMessages(room) {
  byId("title").textContent = `# ${room.channel}`;
  byId("where").textContent = room.dead ? `webhook ${room.name}, deleted` : `webhook ${room.name}`;
  fill(room.messages.map((one) => message(one, room.threads[one.channel_id])));
}

function drawTexts(phone) {
  byId("title").textContent = phone.number;
  byId("where").textContent = "phone";
  fill(phone.texts.map(bubble));
}

function fill(drawn) {
  const list = byId("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  list.replaceChildren(...drawn);
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function drawInbound(url) {
  byId("texts-card").hidden = !phones.length;
  if (document.activeElement !== byId("inbound-url")) byId("inbound-url").value = url;
}

async function told(method, path, body, place) {
  const headers = { "Content-Type": "application/json" };
  try {
    await ask(path, { method, headers, body: JSON.stringify(body) });
    byId("refusal").textContent = "";
    if (place) place.value = "";
    await refresh();
  } catch (error) {
    byId("refusal").textContent = error.message;
  }
}

function offerPhones() {
  byId("writing").addEventListener("submit", (event) => {
    event.preventDefault();
    told("POST", "/texts", { number: current, text: byId("text").value }, byId("text"));
  });
  byId("inbound").addEventListener("submit", (event) => {
    event.preventDefault();
    told("PUT", "/texts/address", { url: byId("inbound-url").value });
  });
}

function drawHooks() {
  byId("hooks-card").hidden = !hooks.length;
  byId("hooks").replaceChildren(...hooks.map((hook) => element("li", { className: hook.gone ? "dead" : "" },
    element("strong", {}, hook.name),
    ` ${hook.received} received, ${hook.dropped} repeats dropped, ${hook.refused} refused`,
    element("code", {}, hook.secret),
    hook.last ? element("code", { tabIndex: 0 }, JSON.stringify(hook.last, null, 1)) : "")));
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
offerPhones();
follow();
