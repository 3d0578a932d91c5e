// Where the reader is: the query of the page's address, kept with the browser's history.

export class Address {
  search = $state(location.search);

  /** `further`: back leads from there to here. */
  go(search: string, further: boolean): void {
    history[further ? "pushState" : "replaceState"](null, "", location.pathname + search);
    this.search = search;
  }

  /** The browser went back or on by itself. */
  read(): void {
    this.search = location.search;
  }
}
