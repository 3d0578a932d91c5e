// Where the reader is: the query of the page's address, kept with the browser's history.

/** A click on a link that asks for another tab, or for a file, is the browser's. */
export function staysHere(click: MouseEvent): boolean {
  return !(click.button || click.ctrlKey || click.metaKey || click.shiftKey || click.altKey);
}

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
