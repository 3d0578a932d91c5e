// Where things stand on a chart. Pure.

/** Round steps from 0 up to at least `most`: about `count` of them. */
export function ticks(most: number, count = 4): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (([1, 2, 5, 10] as const).find((size) => size * power >= rough) ?? 10);
  const steps = Math.ceil(most / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

/** The points of a line; it is broken where nothing is known. */
export function path(
  values: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  let pen = "M";
  return values
    .flatMap((value, index) => {
      if (value === null) {
        pen = "M";
        return [];
      }
      const point = `${pen}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
      return [point];
    })
    .join("");
}

/** Every how many of so many labels is shown, so that they do not touch. */
export function every(labels: number, width: number, room = 64): number {
  return Math.max(1, Math.ceil((labels * room) / Math.max(width, room)));
}
