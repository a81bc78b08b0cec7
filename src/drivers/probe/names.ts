// Host names to addresses, for looks. A name server that fails is not a region that fails (I2): the last good answer stands for a while.
// At most so many names are looked up at a time, for each holds one of the process's few threads, which the disk needs as well.

import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { performance } from "node:perf_hooks";

type Known = { readonly addresses: readonly { address: string; family: number }[]; readonly atMs: number };

const freshMs = 10_000;
const keptMs = 300_000;
const lookingMax = 2;
const knownMax = 1_024;

export class Names {
  readonly #known = new Map<string, Known>();
  readonly #looking = new Map<string, Promise<Known>>();
  readonly #find: (host: string) => Promise<Known["addresses"]>;

  constructor(find: (host: string) => Promise<Known["addresses"]> = (host) => lookup(host, { all: true })) {
    this.#find = find;
  }

  /** For `connect` and `createSocket`, in place of the system's. */
  readonly lookup: LookupFunction = (host, options, done) => {
    this.of(host).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) done(named("ENOTFOUND"), "");
        else if (options.all === true) done(null, [...addresses]);
        else done(null, first.address, first.family);
      },
      (error: unknown) => done(error as NodeJS.ErrnoException, ""),
    );
  };

  /** Rejects with a `code`: that of the system, or `ENAMESBUSY`. */
  async of(host: string): Promise<Known["addresses"]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    const known = this.#known.get(host);
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : performance.now() - known.atMs;
    if (known !== undefined && ageMs < freshMs) return known.addresses;
    const looking = this.#looking.get(host) ?? this.#look(host);
    if (known === undefined || ageMs >= keptMs) {
      if (looking === undefined) throw named("ENAMESBUSY");
      return (await looking).addresses;
    }
    looking?.catch(() => {}); // The known answer stands.
    return known.addresses;
  }

  #look(host: string): Promise<Known> | undefined {
    if (this.#looking.size >= lookingMax) return undefined;
    const looking = this.#find(host)
      .then((addresses): Known => {
        const known = { addresses, atMs: performance.now() };
        if (this.#known.size >= knownMax) this.#known.clear();
        this.#known.set(host, known);
        return known;
      })
      .finally(() => this.#looking.delete(host));
    this.#looking.set(host, looking);
    return looking;
  }
}

function named(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
