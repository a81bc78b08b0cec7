// A `Disk` in memory, with the faults a real one has: full, torn. For tests of whatever stands on the port.

import type { Disk } from "../../src/ports/disk.ts";

export type MemoryDisk = Disk & {
  /** From now on every write throws this sentence and changes nothing; `undefined` mends it. */
  failWrites(why: string | undefined): void;
  /** What is stored under the name fails its checksum from now on, until it is written again. */
  tear(name: string): void;
  /** Durable writes so far, in order. */
  readonly written: readonly { readonly name: string; readonly value: unknown }[];
};

export function makeMemoryDisk(): MemoryDisk {
  const files = new Map<string, string>();
  const torn = new Set<string>();
  const written: { name: string; value: unknown }[] = [];
  let failing: string | undefined;
  const checkName = (name: string): void => {
    if (name.length === 0 || name.length > 100 || /\p{Cc}/u.test(name) || !name.isWellFormed())
      throw new Error(`${JSON.stringify(name)} cannot be the name of a state file.`);
  };
  return {
    written,
    failWrites(why) {
      failing = why;
    },
    tear(name) {
      torn.add(name);
    },
    async read(name) {
      checkName(name);
      if (torn.has(name)) return { kind: "torn", why: `The state file ${name} does not match its checksum.` };
      const text = files.get(name);
      return text === undefined ? { kind: "absent" } : { kind: "value", value: JSON.parse(text) };
    },
    async write(name, value) {
      checkName(name);
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) throw new Error(`The state file ${name} was not written: its value is not JSON.`);
      if (failing !== undefined) throw new Error(failing);
      files.set(name, text);
      torn.delete(name);
      written.push({ name, value: JSON.parse(text) });
    },
  };
}
