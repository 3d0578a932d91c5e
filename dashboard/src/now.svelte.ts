// One clock for the whole page, ticking once a second, and how the reader wants times told.

type Times = "age" | "clock";

const KEY = "tocsin.times";

class PageClock {
  now = $state(Date.now());
  times = $state<Times>(localStorage.getItem(KEY) === "clock" ? "clock" : "age");

  /** Returns what stops it. */
  start(): () => void {
    const ticking = setInterval(() => {
      this.now = Date.now();
    }, 1000);
    return () => clearInterval(ticking);
  }

  switchTimes(): void {
    this.times = this.times === "age" ? "clock" : "age";
    localStorage.setItem(KEY, this.times);
  }
}

export const moment = new PageClock();
