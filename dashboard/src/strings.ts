// Everything that the page itself says, in English. What stands here is text; what depends on numbers or names is a
// function of them. A translation is another object of the same type, and nothing else.

const few = (count: number, one: string, many = `${one}s`): string => (count === 1 ? one : many);

export const english = {
  rooms: {
    all: "Rooms",
    now: "Now",
    channels: "Channels",
    people: "People",
    operations: "Operations",
    trouble: (count: number) => `${count} in trouble`,
    didNotCome: "The room did not come. Is the service running?",
    closed: (room: string, scope: string) => `${room}: shown to links with the scope ${scope}; yours has less.`,
  },
  channels: {
    lead: "Every place that alerts leave for: how it stands, and what waits there.",
    disabled: "Disabled",
    shadow: "Shadow: shown, not sent",
    open: "Open",
    nothingWaits: "nothing waits",
    waiting: (bands: string, oldest: string) => `${bands} waiting${oldest ? `, the oldest for ${oldest}` : ""}`,
    needsAdmin: "To test, enable and disable, open the page by a link with the scope admin.",
    held: "Held",
    heldWhy: "These lanes are not in the configuration any more. What waits there is kept.",
    test: "Test",
    enable: "Enable",
    disable: "Disable",
    lastTrouble: "Last trouble:",
    putOff: "put off, and tried again",
    lostAnswers: (count: string) => `${count} with a lost answer`,
    none: "No channel leads outside yet: this page and the sockets get everything. Targets are added under alerts.channels in the configuration.",
    enabledAgain: (target: string) => `${target} is enabled again`,
    disabledNow: (target: string) => `${target} is disabled`,
  },
  operations: {
    lead: "What needs somebody, and who watches the shops.",
    attention: "Needs attention",
    nothingNeeded: "Nothing needs you.",
    monitors: "Monitors",
    noMonitors: "No monitor is registered. A detector that says it lives is missed when it falls silent.",
    lost: "Lost",
    active: "Active",
    lastHeard: "last heard",
    promised: (span: string) => `promised every ${span}`,
    skus: (count: string, exactly: number) => `${count} ${few(exactly, "SKU")}`,
  },
  device: {
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
  },
};

export type Strings = typeof english;

export const strings: Strings = english;
