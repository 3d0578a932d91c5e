import { describe, expect, it } from "vitest";
import { after, type Condition, gist, remaining, spell } from "../src/conditions";

function condition(about: string, minute: number, part: Partial<Condition> = {}): Condition {
  const began_at = `2026-11-23T12:0${minute}:00.000Z`;
  return { what: "target_disabled", about, headline: about, detail: "", mend: "", began_at, over_at: null, ...part };
}

const first = condition("discord:general", 1);
const second = condition("discord:staff", 2);
const over = { ...first, over_at: "2026-11-23T12:09:00.000Z" };

describe("what needs attention", () => {
  it("is told in one sentence", () => {
    expect([[], [first], [first, second]].map(gist)).toEqual([
      "",
      "discord:general",
      "2 things need you: discord:general; discord:staff",
    ]);
  });

  it("stands in the order it began, each once", () => {
    expect(after([second], first)).toEqual([first, second]);
    expect(after([first, second], { ...first, detail: "again" }).map((one) => one.detail)).toEqual(["again", ""]);
  });

  it("goes when it is over, known or not", () => {
    expect(after([first, second], over)).toEqual([second]);
    expect(after([second], over)).toEqual([second]);
  });

  it("of another kind about the same target stays", () => {
    expect(after([first], { ...over, what: "lane_failing" })).toEqual([first]);
  });

  it("is not shown once it was dismissed, until it begins again", () => {
    const dismissed = new Set([spell(first)]);
    expect(remaining([first, second], dismissed)).toEqual([second]);
    const again = condition("discord:general", 3);
    expect(remaining([again], dismissed)).toEqual([again]);
  });
});
