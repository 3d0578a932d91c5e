// What needs a human now, as the service tells it.

import { strings } from "./strings";

/** `about` is a target, a lane, a monitor, …; `over_at` is null for as long as it lasts. */
export interface Condition {
  what: string;
  about: string;
  headline: string;
  detail: string;
  mend: string;
  began_at: string;
  over_at: string | null;
}

/** The list after one of them began, changed or ended, in the order they began. */
export function after(list: readonly Condition[], news: Condition): Condition[] {
  const others = list.filter((known) => subject(known) !== subject(news));
  if (news.over_at !== null) return others;
  return [...others, news].sort((one, other) => one.began_at.localeCompare(other.began_at));
}

/** Those that the reader has not put away. One that begins again is news. */
export function remaining(list: readonly Condition[], dismissed: ReadonlySet<string>): Condition[] {
  return list.filter((condition) => !dismissed.has(spell(condition)));
}

/** What somebody is told who does not see the list. */
export function gist(list: readonly Condition[]): string {
  const headlines = list.map((condition) => condition.headline).join("; ");
  return list.length > 1 ? strings.conditions.gist(list.length, headlines) : headlines;
}

/** One condition from its beginning to its end. */
export function spell(condition: Condition): string {
  return `${subject(condition)} ${condition.began_at}`;
}

function subject(condition: Condition): string {
  return `${condition.what} ${condition.about}`;
}
