// Brings whatever is in a data folder to follow a primary, at the least cost that is safe.
//   nothing there                     -> a full copy
//   it has nothing beyond the fork    -> it just follows
//   it has rows that the primary lacks -> quarantine, then pg_rewind or a full copy
// R1. Nothing is overwritten before what only it has is durable elsewhere.
// R2. It can be interrupted anywhere and called again: each time it looks at what is there.
// R3. The data of another system is refused.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { copyPrimary, takeCopy } from "./backup.ts";
import { dataOf, startServer } from "./cluster.ts";
import type { ControlFile } from "./control-file.ts";
import { DriverError } from "./errors.ts";
import { askPrimary, awaitStreaming, dropSlots, ensureSlot, makeStandby, type PrimarySeen } from "./follow.ts";
import { forkOf, historyFileOf, parseHistory } from "./history.ts";
import { isolate } from "./isolate.ts";
import { formatLsn, type Lsn } from "./lsn.ts";
import { forgetStreamed, readStreamed, writeIdentity } from "./notes.ts";
import { type Quarantined, quarantine } from "./quarantine.ts";
import { rewind } from "./rewind.ts";
import { adminAddress, type Endpoint, pathsOf, type Site } from "./site.ts";
import { Sql } from "./sql.ts";

/** A copy that does not stream by then never will without being looked at again. */
const streamingWithinMs = 30_000;

type Rejoined = {
  readonly how: "followed" | "rewound" | "copied";
  readonly streaming: boolean;
  /** Open, for whoever goes on with it. */
  readonly sql: Sql;
  readonly quarantined: Quarantined | undefined;
  readonly copiedBytes: number;
};

/** The server must be stopped (fenced). `run` names the quarantine. Throws a DriverError. */
export async function rejoin(
  site: Site,
  primary: Endpoint,
  run: string,
  deadlineMs: number,
  progress: (sentence: string) => void,
): Promise<Rejoined> {
  const until = performance.now() + deadlineMs;
  const leftMs = () => Math.max(1, until - performance.now());
  const seen = await askPrimary(site, primary, Math.min(leftMs(), 10_000));
  const control = await dataOf(site);
  if (control !== undefined && control.systemIdentifier !== seen.systemIdentifier) {
    throw new DriverError(
      "another-system",
      "never",
      `The data in ${site.dataFolder} (system ${control.systemIdentifier}) is not a copy of the primary's at ${primary.host}:${primary.port} (system ${seen.systemIdentifier}). Nothing was touched.`,
    );
  }
  // What streamed from another timeline says nothing about this primary's rows.
  if ((await readStreamed(site))?.timeline !== seen.timeline) await forgetStreamed(site);
  {
    await using sql = await Sql.open(adminAddress(site, primary), leftMs());
    await ensureSlot(site, sql, leftMs());
  }
  const { how, quarantined } = await prepare(site, primary, seen, control, run, leftMs, progress);
  let copiedBytes = 0;
  if (how !== "followed") await forgetStreamed(site);
  if (how === "copied") {
    progress(`${site.region} copies ${site.service} from ${primary.host}:${primary.port}`);
    copiedBytes = (await copyPrimary(site, primary, leftMs(), progress)).bytes;
    await takeCopy(site, quarantined?.keep?.at);
    await writeIdentity(site, seen.systemIdentifier);
  }
  await makeStandby(site, primary);
  const sql = await startServer(site, leftMs());
  const { streaming } = await awaitStreaming(site, sql, Math.min(leftMs(), streamingWithinMs));
  await dropSlots(sql, Math.max(1_000, leftMs()));
  return { how, streaming, sql, quarantined, copiedBytes };
}

type Prepared = { readonly how: Rejoined["how"]; readonly quarantined: Quarantined | undefined };

async function prepare(
  site: Site,
  primary: Endpoint,
  seen: PrimarySeen,
  control: ControlFile | undefined,
  run: string,
  leftMs: () => number,
  progress: (sentence: string) => void,
): Promise<Prepared> {
  if (control === undefined) return { how: "copied", quarantined: undefined };
  const fork = await forkWith(site, seen, control);
  if (fork === "none") return { how: "followed", quarantined: undefined };
  // A record begins before the fork only if all of it is before: the fork is where the new primary's replay ended.
  if (control.state === "shut down" && control.checkpoint < fork) return { how: "followed", quarantined: undefined };
  progress(`${site.region} looks for rows that only its old data has`);
  const isolated = await isolate(site, leftMs());
  let quarantined: Quarantined;
  try {
    if (isolated.end <= fork) return { how: "followed", quarantined: undefined };
    progress(`the old data goes on for ${isolated.end - fork} bytes past the fork at ${formatLsn(fork)}`);
    const folder = join(pathsOf(site).quarantine, run.replaceAll(/[^\w.-]/g, "_"));
    quarantined = await quarantine(site, isolated, fork, primary, folder, leftMs());
  } finally {
    await isolated.close();
  }
  if (quarantined.keep !== undefined) return { how: "copied", quarantined };
  return { how: await rewoundOrCopied(site, primary, leftMs, progress), quarantined };
}

async function rewoundOrCopied(
  site: Site,
  primary: Endpoint,
  leftMs: () => number,
  progress: (sentence: string) => void,
): Promise<"rewound" | "copied"> {
  try {
    return (await rewind(site, primary, leftMs())) ? "rewound" : "copied";
  } catch (error) {
    // Its rows are in quarantine, so a copy may replace it whatever state it is in.
    progress(
      `pg_rewind did not work, so everything is copied (${error instanceof Error ? error.message : String(error)})`,
    );
    return "copied";
  }
}

/** Where the two parted. "none": the primary is still on our timeline and cannot have parted from us. */
async function forkWith(site: Site, seen: PrimarySeen, control: ControlFile): Promise<Lsn | "none"> {
  const file = join(site.dataFolder, "pg_wal", historyFileOf(control.timeline));
  const own = parseHistory(
    control.timeline,
    control.timeline === 1 ? "" : await readFile(file, "utf8").catch(() => ""),
  );
  const fork = forkOf(own, seen.history);
  // Without anything in common, everything here is past the fork; the first byte of a log is at 16 MB.
  if (fork === undefined) return 0n;
  return fork.at ?? "none";
}
