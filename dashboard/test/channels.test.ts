import { describe, expect, it } from "vitest";
import type { Target } from "../src/api";
import { light } from "../src/channels.svelte";

const target = (name: string, part: Partial<Target> = {}): Target => ({
  target: `discord:${name}`,
  lane: `discord:${name}`,
  enabled: true,
  disabled: null,
  shadow: false,
  pending: {},
  sending: 0,
  unknown: 0,
  oldest: null,
  ...part,
});

describe("the light of a channel", () => {
  it("is good where nobody needs anything", () => {
    expect(light("discord", [target("general"), target("staff", { shadow: true })])).toEqual({
      channel: "discord",
      tone: "good",
      told: "in order",
    });
  });

  it("names who needs somebody", () => {
    const dead = target("general", { enabled: false });
    const failing = target("staff", { breaker: "open" });
    expect(light("discord", [dead, target("deals"), failing]).told).toBe("general, staff: needs attention");
  });

  it("says nothing where nothing is sent", () => {
    expect(light("discord", [target("general", { shadow: true })])).toMatchObject({ tone: "off" });
  });
});
