// The sandbox's page: asks for what arrived since the last entry it saw, and draws the rooms anew when there is news.

import { element, message } from "/discord.js";

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
  if (told.arrived < last) forget();
  if (!rooms.some((room) => room.name === current)) current = rooms[0]?.name ?? "";
  byId("count").textContent = told.arrived ? `(${told.arrived})` : "";
  drawRooms();
  drawMessages();
  drawHooks();
  drawFaults(faults);
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
    button.addEventListener("click", () => { current = room.name; drawRooms(); drawMessages(); });
    return element("li", {}, button);
  }));
  const chosen = byId("target").value;
  byId("target").replaceChildren(new Option("any", "discord:"),
    ...rooms.map((room) => new Option(room.name, `discord:${room.name}`)),
    ...hooks.map((hook) => new Option(`signed: ${hook.name}`, `webhook:${hook.name}`)));
  byId("target").value = chosen || "discord:";
}

function unseen(room) {
  const mark = BigInt(seen.get(room.name) ?? 0);
  return room.messages.filter((one) => BigInt(one.id) > mark).length;
}

function drawMessages() {
  const room = rooms.find((one) => one.name === current);
  if (!room) return;
  const list = byId("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  byId("title").textContent = `# ${room.channel}`;
  byId("where").textContent = room.dead ? `webhook ${room.name}, deleted` : `webhook ${room.name}`;
  list.replaceChildren(...room.messages.map((one) => message(one, room.threads[one.channel_id])));
  if (atEnd) list.scrollTop = list.scrollHeight;
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
follow();
