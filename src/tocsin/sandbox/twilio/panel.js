// Draws a text as a phone shows it. What it says is hostile: it becomes text nodes, and only http addresses are links.

import { element } from "/element.js";

const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]/g;

export const heading = "Phones";

const address = element("input", {
  id: "inbound-url", name: "url", placeholder: "http://…/hooks/twilio/inbound", autocomplete: "off",
});
const inbound = element("form", { id: "inbound" },
  element("label", {}, "Address ", address),
  element("div", { className: "row" }, element("button", {}, "Set")));

// Where the texts go that phones write.
export const card = element("section", { id: "texts-card", hidden: true },
  element("h2", {}, "Texts of phones go to"), inbound);

let order = null;

// `give(method, path, body)` has the sandbox follow an order.
export function start(give) {
  order = give;
  inbound.addEventListener("submit", (event) => {
    event.preventDefault();
    give("PUT", "/texts/address", { url: address.value });
  });
}

export function draw(told) {
  card.hidden = !told.phones.length;
  if (document.activeElement !== address) address.value = told.texts_go_to;
}

export function places(told) {
  return told.phones.map((phone) => ({
    key: `twilio:${phone.number}`,
    name: phone.number,
    className: "phone",
    ids: phone.texts.map((text) => text.sid),
    title: phone.number,
    where: "phone",
    look: "phone",
    items: () => phone.texts.map(bubble),
    write: (text) => order("POST", "/texts", { number: phone.number, text }),
  }));
}

export function targets() {
  return [["texts", "twilio:"]];
}

function bubble(shown) {
  const failed = ["failed", "undelivered"].includes(shown.status);
  const classes = ["bubble", shown.mine ? "mine" : "", failed ? "failed" : ""].filter(Boolean).join(" ");
  return element("li", { className: classes }, ...linked(shown.body), element("small", {}, fate(shown)));
}

function fate(shown) {
  const time = new Date(shown.at).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  const size = `${shown.segments} ${shown.segments === 1 ? "segment" : "segments"}`;
  const status = shown.error ? `${shown.status} ${shown.error}` : shown.status;
  return [time, shown.mine ? "sent by this phone" : status, size].join(" \u2022 ");
}

function linked(text) {
  const made = [];
  let start = 0;
  for (const found of text.matchAll(ADDRESS)) {
    made.push(text.slice(start, found.index), link(found[0]));
    start = found.index + found[0].length;
  }
  return [...made, text.slice(start)];
}

function link(href) {
  return URL.canParse(href) ? element("a", { href, target: "_blank", rel: "noreferrer noopener" }, href) : href;
}
