import { expect, test } from "vitest";
import { alertIn, entrance, houseOf, roomIn, ROOMS, viewsOf, withAlert } from "../src/rooms";
import { titled } from "../src/unseen.svelte";

test.each(ROOMS)("the room %s has an address that leads there", (room) => {
  expect(roomIn(entrance(room))).toBe(room);
});

test.each(["", "?room=", "?room=cellar", "?room=__proto__", "?bands=high"])(
  "%s leads to what happens now",
  (search) => {
    expect(roomIn(search)).toBe("now");
  },
);

test("the watch list is a view of what happens now, every other room is its own", () => {
  expect(viewsOf("watch")).toEqual(["now", "watch"]);
  expect(viewsOf("now")).toEqual(viewsOf("watch"));
  expect(ROOMS.filter((room) => houseOf(room) !== room)).toEqual(["watch"]);
  expect(viewsOf("statistics")).toEqual([]);
});

test("the details of an alert open and close where one is", () => {
  const open = withAlert("?room=channels&retailers=a,b", "7");
  expect(open).toBe("?room=channels&retailers=a,b&alert=7");
  expect(alertIn(open)).toBe("7");
  expect(withAlert(open, null)).toBe("?room=channels&retailers=a,b");
  expect(withAlert("?alert=7", null)).toBe("");
});

test.each([
  [0, 0, "", "Tocsin"],
  [3, 2, "", "(3) Tocsin"],
  [0, 12, "Channels", "(12) Channels · Tocsin"],
  [0, 0, "People", "People · Tocsin"],
])("%i unseen and %i waiting in %o make the title %s", (unseen, waiting, room, title) => {
  expect(titled(unseen, waiting, room)).toBe(title);
});
