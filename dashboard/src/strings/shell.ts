// What stands around the rooms: the head, the way in, the sound, the keys, the palette.

import { few } from "./plural";

export const program = "Tocsin";

export const page = {
  again: "Try again",
  close: "Close",
  closeEsc: "Close (Esc)",
  cancel: "Cancel",
  save: "Save",
  showMore: "Show more",
  copied: "Copied",
  notCopied: "The browser did not allow it",
  unreachable: "The service does not answer. Is it running?",
  answered: (status: number) => `The service answered ${status}.`,
  needsAdmin: "This needs a link with the scope admin; yours has less.",
  silent: "The service does not answer.",
  staleSince: (clock: string) => `Stale since ${clock}:`,
  staleFrom: "what you see is from then.",
  tryNow: "Try now",
};

export const rooms = {
  all: "Rooms",
  now: "Now",
  watch: "Watch list",
  /** The first view of a room that has several. */
  views: { now: "Alerts", watch: "Watch list" } as Partial<Record<string, string>>,
  more: "More",
  moreRooms: " rooms",
  statistics: "Statistics",
  channels: "Channels",
  people: "People",
  settings: "Settings",
  operations: "Operations",
  trouble: (count: number) => `${count} in trouble`,
  didNotCome: "The room did not come. Is the service running?",
  closed: (room: string, scope: string) => `${room}: shown to links with the scope ${scope}; yours has less.`,
};

export const door = {
  headings: {
    none: "You need your link",
    lacks: "This link may not read",
    wrong: "This link does not open the door",
  },
  /** What stands between backticks is code. */
  reasons: {
    none: "Tocsin shows alerts only to who holds a token with the scope `read`, and this tab has none.",
    lacks:
      "Tocsin shows alerts only to who holds a token with the scope `read`, and the one of this tab is for other things.",
    wrong:
      "Tocsin shows alerts only to who holds a token with the scope `read`, and this tab has one that is not valid.",
  },
  ways: [
    "On your own machine, `tocsin serve` prints the link when it starts.",
    "Whoever runs it makes one for you with `tocsin token create guest --scope read --link`.",
  ],
  label: "Link or token",
  open: "Open",
};

export const head = {
  mark: "Tocsin, all alerts",
  connections: { waiting: "Reconnecting", refused: "Not let in", connecting: "Connecting" },
  live: "Live",
  paused: "Paused",
  in: (seconds: number) => ` in ${seconds} s`,
  pause: "Pause",
  pauseName: "Pause the feed",
  pauseTitle: "Pause (p)",
  goOn: "Go on",
  goOnTitle: "Go on (p)",
  channels: "Channels",
  channelsName: (troubles: number) => (troubles ? `Channels, ${troubles} in trouble:` : "Channels:"),
  noChannels: "none",
  notKnown: "not known now",
  needsAttention: (targets: string) => `${targets}: needs attention`,
  inShadow: "in shadow, nothing is sent",
  inOrder: "in order",
  times: "Times",
  timesNow: { age: "Times: ages", clock: "Times: clock" },
  otherTimes: { age: "Ages. Press t for clock times", clock: "Clock times. Press t for ages" },
  theme: "Theme",
  themeNow: (theme: string) => `Theme: ${theme}`,
  keys: "Keys",
  keysTitle: "Keys (?)",
  more: "More",
  shadow: "Shadow",
  shadowWhy: "Everything is decided, recorded and shown as if; `mode` in the configuration says so.",
  shadowAll: "nothing is sent",
  shadowSome: (count: number) => `${count > 1 ? "send" : "sends"} nothing`,
};

export const vitals = {
  alerts: "Alerts/min",
  alertsWhy: "Accepted in the last minute",
  half: "Half",
  most: "99 of 100",
  meaning: (share: string, sent: string | null, waiting: string) =>
    `${share} of ${sent === null ? "the deliveries of the last minute" : `the ${sent} deliveries sent in the last minute`}` +
    `${waiting ? ` and the ${waiting} that wait, for as long as they have so far` : ""}` +
    " took no longer, from detection to the provider's answer",
  objective: "Objective",
  queue: "Queue",
  band: (band: string) => `${band} band`,
};

export const objective = {
  windows: { "5m": "5 min", "30m": "30 min", "1h": "1 h", "6h": "6 h" } as Record<string, string>,
  aim: (of: number, within: number) => `${of} % of deliveries are to be told within ${within} s of their detection.`,
  burns: (rate: string, window: string) => `${rate} in ${window}`,
  line: (channel: string, pace: string, missed: number, ended: number, rates: string) =>
    `${channel}: ${pace}, ${missed} of ${ended} missed it in the last hour; burn rate ${rates}`,
  meaning: "A burn rate of 1 misses just as many as that allows.",
  tooLate: "Too late",
  slipping: "Slipping",
  inTime: "In time",
};

export const conditions = {
  heading: "Needs attention",
  several: (count: number) => `${count} things need you`,
  gist: (count: number, headlines: string) => `${count} things need you: ${headlines}`,
  hide: "Hide",
  how: "How to mend",
  putAway: "Put away",
  dismiss: (headline: string) => `Dismiss: ${headline}`,
  since: "Since",
};

export const sound = {
  heading: "Sound",
  off: "Sound: off",
  on: "Sound: on",
  waiting: "Click for sound",
  waitingWhy: "The browser lets nothing be heard before a click or a key",
  band: "Band",
  bell: "Bell",
  desktop: "Desktop",
  bellFor: (band: string) => `Bell for the ${band} band`,
  desktopFor: (band: string) => `Desktop notifications of the ${band} band`,
  volume: "Volume",
  mute: "Mute for an hour",
  unmute: "Unmute",
  mutedKey: (clock: string) => `Muted until ${clock} (m)`,
  mutedUntil: (clock: string) => `Muted until ${clock}.`,
  muted: "Muted for an hour",
  unmuted: "Sound is on again",
  lead: "Notifications come while you look at something else. Everything they say, and the bell, is on the page too.",
  /** Why a notification that was chosen does not come. */
  hindrances: {
    granted: "",
    default: "The browser has not been given leave yet: choose a band again.",
    denied: "The browser has been told to show none of this page: its settings for this site change that.",
    impossible:
      "This browser shows none for this page: it takes https or this machine, and on phones an installed app.",
  },
};

export const device = {
  heading: "This device",
  lead: "Alerts of everything that you want to hear of come here, also while this page is shut.",
  tell: "Tell me on this device",
  forget: "Tell me here no more",
  told: "You are told on this device.",
  off: "Browsers are told nothing here: alerts.channels.push is not enabled, or its web is off.",
  denied: "The browser was told to show nothing of this page: its settings for this site change that.",
  impossible:
    "This browser shows nothing for this page: it takes https or this machine, and on an iPhone the page on its Home Screen.",
  failed: "That did not work. Is there a network?",
};

export const announced = {
  one: (title: string, type: string, retailer: string) => `${title}: ${type} at ${retailer}`,
  several: (count: number, high: number) => `${count} new alerts${high ? `, ${high} of the high band` : ""}`,
  last: (title: string, retailer: string) => `The last: ${title} at ${retailer}`,
  headline: (type: string, title: string) => `${type}: ${title}`,
  place: (price: string, retailer: string) => `${price ? `${price} ` : ""}at ${retailer}`,
};

export const keys = {
  heading: "Keys",
  next: "Next alert",
  previous: "Previous alert",
  search: "Search",
  pause: "Pause, go on",
  mute: "Mute for an hour, unmute",
  times: "Clock times, ages",
  help: "This help",
  back: "Close, leave the search",
  enter: "Enter",
  details: "Details of the alert in focus",
  palette: "Ctrl K",
  find: "Find anything",
  escape: "Esc",
};

export const palette = {
  name: "Find anything",
  placeholder: "Rooms, products, alerts, people …",
  nothing: "Nothing is called so.",
  room: "Room",
  command: "Command",
  product: "Product",
  alert: "Alert",
  person: "Person",
  nameless: "Nameless",
  pause: "Pause the feed, go on",
  theme: "Change the theme",
  times: "Clock times, ages",
  mute: "Mute for an hour, unmute",
  keys: "Keys",
  open: "Find",
  title: "Find anything (Ctrl+K)",
};

/** Behind a number. */
export const units = { ms: "ms", s: "s", min: "min", h: "h", d: "d" };
export const justNow = "now";

export const problems = (count: number): string => `${count} ${few(count, "problem")}`;
