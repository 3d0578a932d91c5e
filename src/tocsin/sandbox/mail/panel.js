// Draws mailboxes. What a mail says is hostile: its subject and text become text nodes, its HTML stands in a frame that
// runs nothing and has rules of its own.

import { element } from "/element.js";

export const heading = "Mailboxes";

const drawn = new Map();
const look = { scheme: "light", width: "wide" };
let order = null;

export function start(give) {
  order = give;
}

export function places(told) {
  return told.mailboxes.map((box) => ({
    key: `mail:${box.address}`,
    name: box.address,
    className: "mailbox",
    ids: box.mails.map((mail) => mail.id),
    title: box.address,
    where: "mailbox",
    look: "mailbox",
    items: () => entries(box),
  }));
}

export function targets() {
  return [];
}

// Whoever looks into a mailbox finds the newest mail open; what comes meanwhile waits.
function entries(box) {
  const isFirstLook = !box.mails.some((mail) => drawn.has(mail.id));
  return box.mails.map((mail, number) => entry(mail, isFirstLook && number === box.mails.length - 1));
}

// The same node for the same mail: a frame that is moved would load again.
function entry(mail, newest) {
  const known = drawn.get(mail.id);
  if (known) {
    known.fate.textContent = fate(mail);
    return known.node;
  }
  const told = element("small", {}, fate(mail));
  const body = element("div", { className: "opened" });
  const node = element("li", {}, element("details", { className: "mail", open: newest },
    element("summary", {}, element("span", { className: "subject" }, mail.subject), told), body));
  const details = node.firstChild;
  const show = () => { if (details.open && !body.children.length) body.append(...opened(mail)); };
  details.addEventListener("toggle", show);
  show();
  drawn.set(mail.id, { node, fate: told });
  return node;
}

function opened(mail) {
  const frame = element("iframe", { title: `HTML of: ${mail.subject}`, loading: "lazy", sandbox: "allow-popups allow-popups-to-escape-sandbox" });
  const text = element("pre", { tabIndex: 0, ariaLabel: "Plain text" }, mail.text);
  const show = () => {
    frame.className = `${look.width} ${look.scheme}`;
    const address = `/mail/${encodeURIComponent(mail.id)}?scheme=${look.scheme}`;
    if (frame.getAttribute("src") !== address) frame.src = address;
  };
  show();
  return [
    element("p", { className: "note" }, `From ${mail.from}`),
    element("div", { className: "row" },
      toggle("scheme", "light", "dark", "Dark", show), toggle("width", "wide", "narrow", "Narrow", show),
      mail.button ? does("Unsubscribe", mail, "unsubscribe") : "", does("Spam", mail, "spam")),
    element("div", { className: "sides" }, frame, text),
  ];
}

function toggle(what, off, on, name, show) {
  const button = element("button", { type: "button", ariaPressed: String(look[what] === on) }, name);
  button.addEventListener("click", () => {
    look[what] = look[what] === on ? off : on;
    button.ariaPressed = String(look[what] === on);
    show();
  });
  return button;
}

function does(name, mail, what) {
  const button = element("button", { type: "button" }, name);
  button.addEventListener("click", async () => {
    if (await order("POST", "/mails", { mail: mail.id, do: what })) button.replaceWith(element("span", { className: "note" }, `${name}: done`));
  });
  return button;
}

function fate(mail) {
  const time = new Date(mail.at).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  return `${time} \u2022 ${mail.status}`;
}
