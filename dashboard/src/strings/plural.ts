/** The word for one of them, or for several. */
export const few = (count: number, one: string, many = `${one}s`): string => (count === 1 ? one : many);
