// Where the service is: beside the page, under whatever path a proxy shows both.

/** `path` begins with a slash, as the service itself knows it. */
export function here(path: string, page = document.baseURI): URL {
  return new URL(`.${path}`, page);
}
