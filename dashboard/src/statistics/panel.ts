// What each panel of the statistics is given.

import type { Listed } from "./listing";
import type { Part, Told } from "./statistics.svelte";
import type { Table } from "./table";

/** A row of figures, or what else knows of which alerts it is. */
export interface Asked {
  query: Record<string, string>;
}

export interface PanelProps {
  told: Told;
  /** The address of what a figure of a row counts; none where it counts nothing. */
  listed(figure: Listed, many: number, row: Asked, reason?: string): string | null;
  /** Follows a link within the page. */
  follow(event: MouseEvent): void;
  /** Saves an answer of the service as it is, or what a panel made of it. */
  keep(name: string, what: Part | Table): void;
}
