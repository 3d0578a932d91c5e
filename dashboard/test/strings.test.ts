import { describe, expect, it } from "vitest";
import { proseIn } from "./prose";

const SOURCES = import.meta.glob<string>("../src/**/*.{ts,svelte}", { eager: true, import: "default", query: "?raw" });

/** The same in every language: names of keys and of what browsers have, a header, a command for a shell. */
const NO_PROSE = /^(Escape|Enter|Notification)$|^(curl|Bearer) $|^ -H "Authorization/;

describe("what people read", () => {
  it.each(Object.entries(SOURCES).filter(([name]) => !name.includes("/strings/")))(
    "stands with the strings, and not in %s",
    (name, source) => {
      expect(proseIn(name, source).filter((text) => !NO_PROSE.test(text))).toEqual([]);
    },
  );

  it.each([
    ["<p>Load older</p>", ["Load older"]],
    ["<p>{count} left</p>", ["left"]],
    ['<button title="Close">{text.close}</button>', ["Close"]],
    ['<Dialog heading="All keys" />', ["All keys"]],
    ['<p>{open ? "Hide" : text.show}</p>', ["Hide"]],
    ["<p title={`${band} band`}></p>", [" band"]],
    ['{#if many}<b>{"so many"}</b>{:else}None{/if}', ["so many", "None"]],
    ['{#each ["Tags", text.zone] as name (name)}{name}{/each}', ["Tags"]],
    ["{#snippet act(word)}<p>Press {word}</p>{/snippet}", ["Press"]],
    ['<script lang="ts">\nconst told = "It is on its way";\n</script>\n<p>{told}</p>', ["It is on its way"]],
    ['<p class="muted number" data-row="x" style:top="{top}px" bind:this={box}>{text.lead} – 1 ×</p>', []],
    ["<style>\np { color: var(--bad); }\n</style>", []],
  ])("is found in %s", (source, found) => {
    expect(proseIn("Some.svelte", source)).toEqual(found);
  });

  it.each([
    ["const WORDS = { sent: `Sent` };", ["Sent"]],
    ["say(`${name} is erased`);", [" is erased"]],
    ['type Kind = "In stock";\nimport x from "./some file";\ncall("/api/v1/alerts?", "in_stock", "tocsin.sound");', []],
  ])("is found in %s", (source, found) => {
    expect(proseIn("some.ts", source)).toEqual(found);
  });
});
