// Lists the receivers of signed webhooks: what each took, dropped and refused, its secret, and the last body that it got.

import { element } from "/element.js";

const hooks = element("ul", { id: "hooks" });

export const heading = "";
export const card = element("section", { id: "hooks-card", hidden: true },
  element("h2", {}, "Signed webhooks"), hooks);

export function draw(told) {
  card.hidden = !told.hooks.length;
  hooks.replaceChildren(...told.hooks.map((hook) => element("li", { className: hook.gone ? "dead" : "" },
    element("strong", {}, hook.name),
    ` ${hook.received} received, ${hook.dropped} repeats dropped, ${hook.refused} refused`,
    element("code", {}, hook.secret),
    hook.last ? element("code", { tabIndex: 0 }, JSON.stringify(hook.last, null, 1)) : "")));
}

export function places() {
  return [];
}

export function targets(told) {
  return told.hooks.map((hook) => [`signed: ${hook.name}`, `webhook:${hook.name}`]);
}
