// The rooms of the page. Each has an address of its own, so that it can be kept, shared and gone back to.

import { plainCommas } from "./filters";
import type { Scope } from "./rights.svelte";

export const ROOMS = ["now", "watch", "statistics", "channels", "people", "settings", "operations"] as const;
export type Room = (typeof ROOMS)[number];

/** What stands within another room, as a view of it with an address of its own. */
const WITHIN: Partial<Record<Room, Room>> = { watch: "now" };

/** The room that a room is a view of; else itself. */
export function houseOf(room: Room): Room {
  return WITHIN[room] ?? room;
}

/** The views of a room; one alone is none. */
export function viewsOf(room: Room): readonly Room[] {
  const views = ROOMS.filter((one) => houseOf(one) === houseOf(room));
  return views.length > 1 ? views : [];
}

/** Whoever may not enter a room does not see that there is one. */
export const NEEDS: Record<Room, Scope> = {
  now: "read",
  watch: "read",
  statistics: "read",
  channels: "read",
  people: "contacts",
  settings: "admin",
  operations: "read",
};

const ROOM = "room";
const ALERT = "alert";

/** The room that an address leads to; `now` where it names none that there is. */
export function roomIn(search: string): Room {
  const named = new URLSearchParams(search).get(ROOM);
  return ROOMS.find((room) => room === named) ?? "now";
}

/** The query of a room's own address. */
export function entrance(room: Room): string {
  return room === "now" ? "" : `?${ROOM}=${room}`;
}

/** The alert whose details an address asks for. */
export function alertIn(search: string): string | null {
  return new URLSearchParams(search).get(ALERT);
}

/** The same place with the details of an alert open, or of none. */
export function withAlert(search: string, id: string | null): string {
  const query = new URLSearchParams(search);
  if (id) query.set(ALERT, id);
  else query.delete(ALERT);
  return plainCommas(query);
}
