import { describe, expect, it } from "vitest";
import { close, hold, join, prepend } from "../src/feed";
import { sample } from "./sample";

const ids = (rows: { id: string }[]) => rows.map((row) => row.id);

describe("prepend", () => {
  it("puts what came last on top", () => {
    expect(ids(prepend([sample(1)], [sample(2), sample(3)]))).toEqual(["id-0003", "id-0002", "id-0001"]);
  });

  it("shows no alert twice, whether it was known or came twice", () => {
    expect(ids(prepend([sample(1)], [sample(1), sample(2), sample(2)]))).toEqual(["id-0002", "id-0001"]);
  });

  it("lets the oldest go at the bound", () => {
    expect(ids(prepend([sample(2), sample(1)], [sample(3)], 2))).toEqual(["id-0003", "id-0002"]);
  });
});

describe("join", () => {
  it("puts history in its place by time, below what is newer", () => {
    expect(ids(join([sample(3)], [sample(2), sample(1)]))).toEqual(["id-0003", "id-0002", "id-0001"]);
  });

  it("takes the newer counts of a row that is known, and keeps what only the page knows", () => {
    const rows = close([sample(1)], [{ id: "id-0001", sold_out_after_s: 42 }]);
    const [row] = join(rows, [sample(1, { repeats: 3, state: "closed" })]);
    expect(row).toMatchObject({ repeats: 3, state: "closed", sold_out_after_s: 42 });
  });
});

describe("hold", () => {
  it("counts what waits once, in the order of the stream", () => {
    const waiting = hold([sample(1)], [sample(2)], [sample(1), sample(2), sample(3), sample(4)]);
    expect(ids(waiting)).toEqual(["id-0002", "id-0003", "id-0004"]);
  });

  it("lets the oldest go at the bound", () => {
    expect(ids(hold([], [sample(1)], [sample(2), sample(3)], 2))).toEqual(["id-0002", "id-0003"]);
  });
});

describe("close", () => {
  it("marks only the row whose episode ended", () => {
    const rows = close([sample(2), sample(1)], [{ id: "id-0001", sold_out_after_s: null }]);
    expect(rows.map((row) => row.state)).toEqual(["open", "closed"]);
  });
});
