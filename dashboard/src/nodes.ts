// The processes that share the ledger, as the service tells of them.

import type { Tone } from "./words";

/** `lanes` are what it sends, `jobs` what it does for all; `this`: the one that was asked. */
export interface Node {
  id: string;
  name: string;
  version: string;
  /** A digest: it differs where the configuration does. */
  configuration: string;
  this: boolean;
  state: string;
  /** Null where nobody else has to know: it is alone. */
  started_at: string | null;
  /** Null where it needs no lease: it is alone. */
  lease_left_s: number | null;
  lanes: string[];
  jobs: string[];
}

/** `differences`: what is not the same everywhere, and who has what. */
export interface Nodes {
  nodes: Node[];
  differences: Record<string, string>;
}

export function toneOf({ state }: Node): Tone {
  return state === "alive" ? "good" : state === "dead" ? "bad" : "busy";
}
