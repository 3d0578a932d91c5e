// The service worker: shows what is pushed, also while no page of ours is open, and says so where a page cannot be had.
// It keeps no data: what a page shows is asked for anew each time.

const SHELL = "tocsin-shell-1";
const PLACE = "tocsin-device"; // where the pages leave what is needed to renew a subscription
const NOTE = "subscription";
const OFFLINE = "offline.html";
const SHELL_FILES = [OFFLINE, "offline.css", "icon.svg"];
// In milliseconds: shaking and stillness, by band.
const SHAKES = { high: [200, 80, 200, 80, 400], medium: [200, 80, 200], low: [120] };

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { mode, url } = event.request;
  const { scope } = self.registration;
  // Whoever follows a link to a shop is counted as who they are: nobody stands between.
  if (url.startsWith(`${scope}r/`)) return;
  if (mode === "navigate") event.respondWith(page(event.request));
  else if (SHELL_FILES.some((name) => url === scope + name)) event.respondWith(part(event.request));
});
self.addEventListener("push", (event) => event.waitUntil(show(told(event))));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(follow(event.notification, event.action));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

async function install() {
  await (await caches.open(SHELL)).addAll(SHELL_FILES.map((name) => new Request(name, { cache: "reload" })));
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) if (![SHELL, PLACE].includes(name)) await caches.delete(name);
  await self.clients.claim();
}

async function page(request) {
  try {
    return await fetch(request);
  } catch (problem) {
    return (await offline()) ?? Promise.reject(problem);
  }
}

/** A part of what is shown offline. */
async function part(request) {
  try {
    return await fetch(request);
  } catch (problem) {
    return (await caches.match(request)) ?? Promise.reject(problem);
  }
}

/** It stands in for any page, wherever that is: what it needs is named from the root. */
async function offline() {
  const kept = await caches.match(OFFLINE);
  if (!kept) return null;
  const text = (await kept.text()).replaceAll('"./', `"${self.registration.scope}`);
  return new Response(text, { status: 503, headers: kept.headers });
}

/** What somebody else sent, or nobody could read, is shown as something at least: a push that shows nothing costs the
 * permission. */
function told(event) {
  try {
    const { notification } = event.data.json();
    return typeof notification.title === "string" ? notification : { title: "Tocsin" };
  } catch {
    return { title: "Tocsin" };
  }
}

/** One of the same tag takes the place of what stands there; a repeat of the very same does so without a sound. */
async function show({ title, navigate, actions = [], data = {}, ...rest }) {
  const standing = rest.tag ? await self.registration.getNotifications({ tag: rest.tag }) : [];
  const quiet = Boolean(rest.silent) || standing.some((shown) => data.id && shown.data?.id === data.id);
  await self.registration.showNotification(title, {
    icon: "icon-192.png",
    badge: "badge-96.png",
    ...rest,
    actions: actions.map(({ action, title }) => ({ action, title })),
    data: { ...data, navigate, places: Object.fromEntries(actions.map((one) => [one.action, one.navigate])) },
    silent: quiet,
    renotify: !quiet && Boolean(rest.tag),
    ...(quiet ? {} : { vibrate: SHAKES[data.band] ?? SHAKES.low }),
  });
  if (!quiet) await ring(data.band);
}

/** A notification has no sound of its own: an open page plays the band's, where it is let. */
async function ring(band) {
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage({ pushed: band });
}

/** "Buy", or the notification itself: to the shop by our link. "Bought it": to the page that asks. */
async function follow(notification, action) {
  const { navigate, places = {} } = notification.data ?? {};
  const place = new URL(places[action] ?? navigate ?? "./", self.registration.scope).href;
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = open.find((client) => client.url === place);
  return there ? there.focus() : self.clients.openWindow(place);
}

/** The push service has given this browser another subscription: who knows the old one's secret may say so. */
async function renew({ oldSubscription, newSubscription }) {
  const place = await caches.open(PLACE);
  const note = await place.match(NOTE).then((kept) => kept?.json());
  const old = oldSubscription?.toJSON() ?? note?.subscription;
  const made = newSubscription ?? (await subscribe(oldSubscription?.options.applicationServerKey ?? note?.key));
  if (!old || !made) return;
  await fetch("api/v1/browsers/renew", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ old: plain(old), new: plain(made.toJSON()) }),
  });
  await place.put(NOTE, new Response(JSON.stringify({ key: note?.key, subscription: made.toJSON() })));
}

function subscribe(key) {
  return key ? self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }) : null;
}

function plain({ endpoint, keys }) {
  return { endpoint, keys };
}
