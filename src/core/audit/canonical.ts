// One text for one value: JSON without blanks, the keys of every object in order. What is hashed is this text, and it is also what
// the store keeps and an export has on a line, so that any other byte there is seen.

/** The value with its keys in order; `JSON.stringify` of it is its canonical text, in the store too. Takes what JSON can hold. */
export function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([name, one]) => [name, ordered(one)]),
  );
}

export function canonical(value: unknown): string {
  return JSON.stringify(ordered(value));
}
