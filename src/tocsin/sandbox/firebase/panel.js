// Draws the lock screen of a phone: what stands together is a stack, and what came last lies on top. What it says is
// hostile: it becomes text nodes.

import { element } from "/element.js";

export const heading = "Devices";

let order = null;

// `give(method, path, body)` has the sandbox follow an order.
export function start(give) {
  order = give;
}

export function places(told) {
  return told.devices.map((device) => ({
    key: `firebase:${device.name}`,
    name: device.name,
    className: device.by ? "device" : "device dead",
    ids: device.groups.flat().map((card) => card.name),
    title: device.name,
    where: where(device),
    look: `lock ${device.platform}`,
    newestFirst: true,
    items: () => screen(device),
  }));
}

export function targets() {
  return [["push to devices", "firebase:"]];
}

function where(device) {
  const registered = device.by ? `registered by ${device.by === "fid" ? "its FID" : "a token"}` : "the app is gone";
  return [device.platform === "ios" ? "iPhone" : "Android", registered, `rang ${device.rang} times`].join(" \u2022 ");
}

function screen(device) {
  const newest = device.groups.flat().map((card) => card.at).sort().at(-1);
  const clock = new Date(newest ?? Date.now());
  const time = clock.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  const day = clock.toLocaleDateString([], { weekday: "long", month: "long", day: "numeric" });
  const note = device.on ? "" : `Switched off: ${device.waiting} wait`;
  return [
    element("li", { className: "clock" }, element("strong", {}, time), element("span", {}, day)),
    ...device.groups.map((group) => stack(device, group)),
    element("li", { className: "orders" }, note, ...buttons(device)),
  ];
}

// iOS shows the newest of a thread with the edges of those below; Android a bundle with a line each.
function stack(device, group) {
  const [top, ...rest] = group;
  if (device.platform === "android" && rest.length) {
    return element("li", { className: "stack bundle" }, app(device, top, `${group.length} alerts`),
      ...group.map((shown) => line(shown)));
  }
  const edges = rest.length ? ` depth-${Math.min(rest.length, 2)}` : "";
  return element("li", { className: `stack${edges}` }, card(device, top),
    rest.length ? element("small", { className: "more" }, `and ${rest.length} more of this product`) : "");
}

function card(device, shown) {
  return element("article", { className: `card ${loudness(shown)}` },
    app(device, shown), element("div", { className: "words" },
      element("strong", {}, shown.title), element("span", {}, shown.body)), picture(shown), fate(shown));
}

function line(shown) {
  return element("article", { className: `row-card ${loudness(shown)}` },
    element("strong", {}, shown.title), element("span", {}, shown.body), fate(shown));
}

function app(device, shown, more) {
  const time = new Date(shown.at).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  return element("header", {}, element("i", {}, "T"), element("span", {}, "Tocsin"), element("time", {}, more ?? time));
}

function picture(shown) {
  if (!shown.image || !shown.image.startsWith("https://")) return "";
  return element("img", { src: shown.image, alt: "", loading: "lazy", referrerPolicy: "no-referrer" });
}

function loudness(shown) {
  return shown.sound ? "loud" : "quiet";
}

function fate(shown) {
  const words = [shown.sound ? `sound ${shown.sound}` : "silent", shown.channel ?? shown.level, opens(shown)];
  return element("small", {}, words.filter(Boolean).join(" \u2022 "));
}

function opens(shown) {
  const link = shown.data.link_ios || shown.data.link_android ? "the shop's app" : shown.data.link && "a link";
  return link ? `opens ${link}` : "";
}

function buttons(device) {
  const path = `/devices/${encodeURIComponent(device.name)}`;
  const button = (name, body) => {
    const made = element("button", { type: "button" }, name);
    made.addEventListener("click", () => order("POST", path, body));
    return made;
  };
  return [
    button(device.on ? "Switch off" : "Switch on", { on: !device.on }),
    button("Wipe away", { cleared: true }),
    device.by ? button("Uninstall the app", { uninstalled: true }) : "",
  ];
}
