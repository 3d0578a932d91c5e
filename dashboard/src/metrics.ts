// The service's metrics in Prometheus' text form. Pure.

/** The value of a metric without labels; null where the service does not tell it. */
export function metric(exposition: string, name: string): number | null {
  const line = exposition.split("\n").find((each) => each.startsWith(`${name} `));
  return line ? Number(line.slice(name.length + 1)) : null;
}
