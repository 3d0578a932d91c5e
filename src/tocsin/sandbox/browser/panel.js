// Draws notifications as a browser shows them. What they say is hostile: it becomes text nodes, and pictures are of https.

import { element } from "/element.js";

export const heading = "Browsers";

export function places(told) {
  return told.browsers.map((browser) => ({
    key: `browser:${browser.name}`,
    name: browser.name,
    className: browser.gone ? "dead" : "phone",
    ids: browser.notifications.map((shown) => shown.id),
    title: browser.name,
    where: state(browser),
    look: "phone",
    items: () => browser.notifications.map(card),
  }));
}

export function targets(told) {
  return [["push to any browser", "browser:"], ...told.browsers.map(({ name }) => [`push: ${name}`, `browser:${name}`])];
}

function state(browser) {
  if (browser.gone) return "browser, its permission taken back";
  if (browser.online) return "browser";
  return browser.waiting ? `browser, shut: ${browser.waiting} wait` : "browser, shut";
}

function card(shown) {
  const picture = safe(shown.image);
  return element("li", { className: shown.data?.over ? "bubble failed" : "bubble" },
    element("strong", {}, shown.title ?? ""),
    element("div", {}, shown.body ?? ""),
    picture ? element("img", { src: picture, alt: "", width: 240 }) : "",
    element("small", {}, fate(shown)));
}

function fate(shown) {
  const time = new Date(shown.at).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  const buttons = (shown.actions ?? []).map((action) => `[${action.title}]`);
  return [time, shown.urgency, shown.silent ? "quiet" : "", ...buttons].filter(Boolean).join(" \u2022 ");
}

function safe(address) {
  return typeof address === "string" && address.startsWith("https:") && URL.canParse(address) ? address : "";
}
