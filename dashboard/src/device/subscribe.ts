// A browser lets itself be told, also while no page of ours is open: it asks its owner, and subscribes with our key.

/** Why it does not: its owner said no, it cannot at all, or something failed on the way. */
export type Hindrance = "denied" | "impossible" | "failed";

export class NotSubscribed extends Error {
  constructor(readonly why: Hindrance) {
    super(why);
  }
}

// What the service worker needs to renew a subscription while no page is open. The same words stand in `sw.js`.
const PLACE = "tocsin-device";
const NOTE = "subscription";

/** For want of https, of a browser that can, or on an iPhone of a place on its Home Screen. */
export function isPossible(): boolean {
  return window.isSecureContext && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

/** `root` is where the service is, with a slash at the end. */
export async function watch(root: string): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register(new URL("sw.js", root), { scope: root, updateViaCache: "none" });
  return navigator.serviceWorker.ready;
}

/** Call this from a click: it may ask for leave. Throws NotSubscribed. */
export async function subscribe(key: string, root: string): Promise<PushSubscription> {
  if (!isPossible()) throw new NotSubscribed("impossible");
  if ((await Notification.requestPermission()) !== "granted") throw new NotSubscribed("denied");
  try {
    const { pushManager } = await watch(root);
    const before = await pushManager.getSubscription();
    // One that was made with another key is of no use to anybody.
    if (before && keyOf(before) !== key) await before.unsubscribe();
    const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    await remember(made, key);
    return made;
  } catch {
    throw new NotSubscribed("failed");
  }
}

async function remember(subscription: PushSubscription, key: string): Promise<void> {
  const note = JSON.stringify({ key, subscription: subscription.toJSON() });
  await (await caches.open(PLACE)).put(NOTE, new Response(note));
}

/** In base64url, as the service names it. */
function keyOf(subscription: PushSubscription): string {
  const bytes = new Uint8Array(subscription.options.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
