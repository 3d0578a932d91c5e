// Draws a message as Discord draws it. Product names are hostile: every text becomes a text node, every link is http.

import { element } from "/element.js";

const LINKS = new Set(["http:", "https:"]);
const INLINE = [
  [/\\([\\*_~`|>#\-[\]()<:@])/y, ([, plain]) => plain],
  [/\*\*([^\n]+?)\*\*/y, ([, inner]) => element("strong", {}, ...inline(inner))],
  [/~~([^\n]+?)~~/y, ([, inner]) => element("s", {}, ...inline(inner))],
  [/__([^\n]+?)__/y, ([, inner]) => element("u", {}, ...inline(inner))],
  [/\*([^\n*]+?)\*/y, ([, inner]) => element("em", {}, ...inline(inner))],
  [/`([^`\n]+)`/y, ([, inner]) => element("code", {}, inner)],
  [/\[([^\]\n]+)\]\(<?(https?:[^)\s>]+)>?\)/y, ([, inner, href]) => link(href, ...inline(inner))],
  [/<t:(-?\d+)(?::([tTdDfFR]))?>/y, ([, seconds, style]) => moment(Number(seconds), style)],
  [/<@&(\d+)>/y, ([, id]) => mention(`@role ${id.slice(-4)}`)],
  [/<@!?(\d+)>/y, ([, id]) => mention(`@user ${id.slice(-4)}`)],
  [/@(everyone|here)/y, ([whole]) => mention(whole)],
  [/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]/y, ([whole]) => link(whole, whole)],
];

export const heading = "";

// Every webhook is a place that one looks into.
export function places(told) {
  return told.rooms.map((room) => ({
    key: `discord:${room.name}`,
    name: room.name,
    className: room.dead ? "dead" : "",
    ids: room.messages.map((one) => one.id),
    title: `# ${room.channel}`,
    where: room.dead ? `webhook ${room.name}, deleted` : `webhook ${room.name}`,
    items: () => room.messages.map((one) => message(one, room.threads[one.channel_id])),
  }));
}

// What faults can be ordered for.
export function targets(told) {
  return [["any", "discord:"], ...told.rooms.map((room) => [room.name, `discord:${room.name}`])];
}

// `thread`: the name of the thread or post it stands in, if any.
function message(shown, thread) {
  const article = element("li", { className: "message" }, avatar(shown.author), element("div", {},
    byline(shown, thread),
    shown.content && element("div", { className: "text" }, ...inline(shown.content), edited(shown)),
    ...distinct(shown.embeds).map(embed),
    ...shown.components.filter((row) => row.type === 1).map(buttons),
    shown.content ? "" : edited(shown)));
  const pings = shown.mention_everyone || shown.mention_roles.length || shown.mentions.length;
  article.classList.toggle("ping", Boolean(pings));
  for (const named of pings ? [] : article.querySelectorAll(".mention")) named.classList.add("quiet");
  return article;
}

function avatar(author) {
  const url = web(author.avatar);
  return element("div", { className: "avatar" },
    url ? picture(url, "") : [...author.username][0].toUpperCase());
}

function byline(shown, thread) {
  return element("div", { className: "byline" },
    element("span", { className: "who" }, shown.author.username),
    element("span", { className: "app" }, "APP"),
    element("time", { dateTime: shown.timestamp }, clock(shown.timestamp)),
    thread && element("span", { className: "thread" }, thread));
}

function edited(shown) {
  if (!shown.edited_timestamp) return "";
  return element("span", { className: "edited", title: clock(shown.edited_timestamp) }, " (edited)");
}

// Discord shows only the first of several embeds with one url.
function distinct(embeds) {
  return embeds.filter((one, at) => !one.url || embeds.findIndex((other) => other.url === one.url) === at);
}

function embed(shown) {
  const thumbnail = web(shown.thumbnail?.url);
  const image = web(shown.image?.url);
  const box = element("div", { className: "embed" },
    element("div", { className: "main" }, author(shown.author), title(shown),
      shown.description && element("div", { className: "description" }, ...inline(shown.description)),
      fields(shown.fields)),
    thumbnail && picture(thumbnail, "thumbnail"),
    image && picture(image, "image"),
    footer(shown));
  if (Number.isInteger(shown.color)) box.style.borderLeftColor = `#${shown.color.toString(16).padStart(6, "0")}`;
  return box;
}

function author(shown) {
  if (!shown?.name) return "";
  const icon = web(shown.icon_url);
  return element("div", { className: "author" }, icon && picture(icon, ""),
    web(shown.url) ? link(shown.url, shown.name) : shown.name);
}

function title(shown) {
  if (!shown.title) return "";
  const words = inline(shown.title);
  return element("div", { className: "title" }, ...(web(shown.url) ? [link(shown.url, ...words)] : words));
}

// Inline fields stand side by side, three in a row at most; what stands alone has the row to itself.
function fields(shown) {
  if (!shown?.length) return "";
  const list = element("dl", {});
  for (const row of rows(shown)) {
    const width = { 2: "half", 3: "third" }[row.length] ?? "";
    for (const field of row) {
      list.append(element("div", { className: width },
        element("dt", {}, ...inline(field.name)), element("dd", {}, ...inline(field.value))));
    }
  }
  return list;
}

function rows(shown) {
  const found = [];
  for (const field of shown) {
    const last = found.at(-1);
    if (field.inline && last?.[0].inline && last.length < 3) last.push(field);
    else found.push([field]);
  }
  return found;
}

function footer(shown) {
  const text = [shown.footer?.text, shown.timestamp && clock(shown.timestamp)].filter(Boolean).join(" \u2022 ");
  const icon = web(shown.footer?.icon_url);
  return text && element("div", { className: "footer" }, icon && picture(icon, ""), text);
}

function buttons(row) {
  const links = row.components.filter((button) => button.type === 2 && web(button.url));
  return element("div", { className: "row buttons" },
    ...links.map((button) => link(button.url, [button.emoji?.name, button.label].filter(Boolean).join(" "))));
}

function inline(text) {
  const made = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const hit = firstHit(text, at);
    if (!hit) {
      plain += text[at++];
      continue;
    }
    if (plain) made.push(plain);
    plain = "";
    made.push(hit.node);
    at += hit.length;
  }
  return plain ? [...made, plain] : made;
}

function firstHit(text, at) {
  for (const [pattern, make] of INLINE) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return { node: make(found), length: found[0].length };
  }
  return null;
}

function mention(text) {
  return element("span", { className: "mention" }, text);
}

function moment(seconds, style) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  const words = style === "R" ? relative(date) : style === "T" ? date.toLocaleTimeString() : date.toLocaleString();
  return element("span", { className: "moment", title: date.toLocaleString() }, words);
}

function relative(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const steps = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [Infinity, "day", 86400]];
  const [, unit, length] = steps.find(([below]) => Math.abs(seconds) < below);
  return new Intl.RelativeTimeFormat("en").format(Math.round(seconds / length), unit);
}

function link(href, ...children) {
  return web(href) ? element("a", { href, target: "_blank", rel: "noreferrer noopener" }, ...children)
    : element("span", {}, ...children);
}

function picture(src, className) {
  const image = element("img", { src, className, alt: "", referrerPolicy: "no-referrer" });
  image.addEventListener("error", () => { image.hidden = true; });
  return image;
}

function web(url) {
  return url && URL.canParse(url) && LINKS.has(new URL(url).protocol) ? url : "";
}

function clock(iso) {
  const date = new Date(iso);
  const today = new Date().toDateString() === date.toDateString();
  const time = date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  return today ? `Today at ${time}` : `${date.toLocaleDateString()} ${time}`;
}
