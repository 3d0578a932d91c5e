// Where the events of SendGrid go. The mails themselves are drawn with everybody's.

import { element } from "/element.js";

const address = element("input", {
  id: "events-url", name: "url", placeholder: "http://…/hooks/sendgrid/events", autocomplete: "off",
});
const listening = element("form", { id: "events" },
  element("label", {}, "Address ", address),
  element("div", { className: "row" }, element("button", {}, "Set")));

export const heading = "";

export const card = element("section", { id: "events-card", hidden: true },
  element("h2", {}, "Events of SendGrid go to"), listening);

// `give(method, path, body)` has the sandbox follow an order.
export function start(give) {
  listening.addEventListener("submit", (event) => {
    event.preventDefault();
    give("PUT", "/events/address", { url: address.value });
  });
}

export function draw(told) {
  card.hidden = !told.mails_taken;
  if (document.activeElement !== address) address.value = told.events_go_to;
}

export function places() {
  return [];
}

export function targets() {
  return [["mail by SendGrid", "sendgrid:"]];
}
