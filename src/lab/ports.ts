// Free TCP ports of 127.0.0.1, singly or in a row. Taken below the range from which systems give out ports for outgoing connections,
// so that a port chosen now is not somebody's outgoing one when its owner starts a second later.

import { createServer } from "node:net";

const lowest = 20_000;
const highest = 31_900;
const triesMax = 400;

export type PortPicker = {
  /** The first of `count` free ports in a row; never gives out the same one twice. */
  take(count: number): Promise<number>;
};

export function makePortPicker(
  random: () => number = Math.random,
  isFree: (port: number) => Promise<boolean> = portIsFree,
): PortPicker {
  const taken = new Set<number>();
  let next = lowest + Math.floor(random() * (highest - lowest));
  return {
    async take(count) {
      for (let tries = 0; tries < triesMax; tries++) {
        if (next + count > highest) next = lowest;
        const row = Array.from({ length: count }, (_, index) => next + index);
        next += count;
        const free = await Promise.all(row.map(async (port) => !taken.has(port) && (await isFree(port))));
        if (!free.every(Boolean)) continue;
        for (const port of row) taken.add(port);
        return row[0] as number;
      }
      throw new Error(`no ${count} free ports in a row between ${lowest} and ${highest} on 127.0.0.1`);
    },
  };
}

function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port }, () => server.close(() => resolve(true)));
  });
}
