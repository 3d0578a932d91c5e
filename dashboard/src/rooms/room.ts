// What a room is given, and what the page may ask of it.

import type { Api } from "../api";
import type { Channels } from "../channels.svelte";
import type { Conditions } from "../conditions.svelte";
import type { Live } from "../live.svelte";
import type { Monitors } from "../monitors.svelte";
import type { Rights } from "../rights.svelte";

export interface RoomProps {
  api: Api;
  rights: Rights;
  live: Live;
  channels: Channels;
  monitors: Monitors;
  conditions: Conditions;
  /** The query of the address: where in the room one is. */
  search: string;
  /** `further`: back leads from there to here. */
  go(search: string, further: boolean): void;
  /** Follows a link within the page; one that asks for another tab is the browser's. */
  follow(event: MouseEvent): void;
  /** Opens the details of an alert. */
  choose(id: string): void;
}

export interface Inside {
  walk?(step: 1 | -1): void;
  back?(): void;
}
