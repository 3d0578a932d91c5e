// Draws a text as a phone shows it. What it says is hostile: it becomes text nodes, and only http addresses are links.

import { element } from "/discord.js";

const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]/g;

export function bubble(shown) {
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
