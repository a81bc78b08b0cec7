// The word that somebody probably meant. Used for every name and key that is not known, so that a slip of the keyboard costs seconds.

/** Comparisons for one file, however many names it gets wrong; beyond that, errors come without a guess. */
const comparisonsMax = 200_000;

export type Nearest = (word: string, candidates: Iterable<string>) => string | undefined;

/** One per file: it carries the bound. The first of several equally near candidates wins. */
export function makeNearest(): Nearest {
  let left = comparisonsMax;
  return (word, candidates) => {
    const sought = plain(word);
    let best: string | undefined;
    let bestDistance = farthest(sought) + 1;
    for (const candidate of candidates) {
      if (left-- <= 0) break;
      for (const [form, cost] of formsOf(candidate)) {
        // `auto` is short for automatic, and `postgres` for postgresql.
        const isStart = sought.length >= 3 && form.startsWith(sought);
        if (!isStart && Math.abs(form.length - sought.length) >= bestDistance) continue;
        const distance = (isStart ? Math.min(1, form.length - sought.length) : editDistance(sought, form)) + cost;
        if (distance >= bestDistance) continue;
        best = candidate;
        bestDistance = distance;
      }
    }
    return best;
  };
}

/** Slips that still point to a word: one in three letters. */
function farthest(word: string): number {
  return Math.max(1, Math.floor(word.length / 3));
}

/** Case, hyphens and underscores are what people mix up most; `cosmos-db` is meant by `cosmosdb`, `azure/cosmos-db` too. */
function plain(word: string): string {
  return word.slice(0, 64).toLowerCase().replaceAll(/[-_ ]/g, "");
}

/** Each with what it costs to have left the rest out, so that of `postgresql` and `azure/postgresql` the whole word wins. */
function formsOf(candidate: string): readonly (readonly [form: string, cost: number])[] {
  const whole = plain(candidate);
  const slash = whole.indexOf("/");
  return slash < 0
    ? [[whole, 0]]
    : [
        [whole, 0],
        [whole.slice(slash + 1), 0.5],
      ];
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}
