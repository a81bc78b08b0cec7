// Copies a running primary over its replication protocol, with nothing installed but the server itself.
// https://www.postgresql.org/docs/18/protocol-replication.html (BASE_BACKUP)
// B1. The copy grows in a folder of its own and gets the name of the data folder only when it is whole.
// B2. At most `queuedBytesMax` wait in memory: past that the connection is paused.
// B3. The copy is not synced file by file: a server that starts on a copy syncs its whole data folder first
//     (SyncDataDirectory in xlogrecovery's start), because its control file says that it was running.

import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import pg from "pg";
import { makePrivateFolder, syncFolder } from "./durable.ts";
import { DriverError, driverErrorOf } from "./errors.ts";
import { adminAddress, type Endpoint, pathsOf, type Site } from "./site.ts";
import { TarWriter } from "./tar.ts";

const queuedBytesMax = 4 * 1024 * 1024;
/** With no byte for this long the primary or the way to it is gone. */
const silenceMs = 20_000;
const progressEveryMs = 1_000;

/** The slice of the client's connection that its own types leave out. */
type Wire = {
  readonly stream: { pause(): void; resume(): void; destroy(): void };
  on(event: "copyData", listener: (message: { readonly chunk: Buffer }) => void): void;
};

type Copied = { readonly bytes: number };

/**
 * Fills `paths.incoming` with a copy of the primary at `from`, log included, so that it can be started without asking anybody.
 * Throws a DriverError; what was copied by then is useless and is removed at the next try.
 */
export async function copyPrimary(
  site: Site,
  from: Endpoint,
  deadlineMs: number,
  progress: (sentence: string) => void,
): Promise<Copied> {
  const { incoming } = pathsOf(site);
  await rm(incoming, { recursive: true, force: true });
  await makePrivateFolder(incoming, site.as);
  const writer = new TarWriter(incoming, site.as);
  const where = `${from.host}:${from.port}`;
  const client = new pg.Client({
    ...adminAddress(site, from),
    ssl: false,
    connectionTimeoutMillis: Math.min(10_000, deadlineMs),
    application_name: `leeward-copy-${site.region}`,
    // Not in the client's types, but in its source: the replication protocol instead of SQL.
    ...{ replication: "true" },
  });
  const wire = (client as unknown as { connection: Wire }).connection;
  const failed = Promise.withResolvers<never>();
  // Rejected after the race is over in the normal case, which is nobody's news.
  failed.promise.catch(() => {});
  client.on("error", failed.reject);
  const late = setTimeout(
    () => failed.reject(new DriverError("backup", "later", `The copy of ${where} was not complete in time.`)),
    deadlineMs,
  );
  let silence = setTimeout(() => {}, 0);
  const queue = new PieceQueue(writer, wire, failed.reject, site.region, progress);
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(
      () => failed.reject(new DriverError("backup", "later", `${where} stopped sending in the middle of the copy.`)),
      silenceMs,
    );
  };
  wire.on("copyData", ({ chunk }) => {
    heard();
    queue.take(chunk);
  });
  try {
    await Promise.race([client.connect(), failed.promise]);
    heard();
    const command = "BASE_BACKUP (LABEL 'leeward', CHECKPOINT 'fast', WAL, PROGRESS, MANIFEST 'no', TARGET 'client')";
    await Promise.race([client.query(command), failed.promise]);
    await Promise.race([queue.drained(), failed.promise]);
    await writer.end();
    return { bytes: queue.bytes };
  } catch (error) {
    throw driverErrorOf(error, `copying ${where}`);
  } finally {
    clearTimeout(late);
    clearTimeout(silence);
    // Once the connection is gone nothing more comes, and the last piece finds its file closed only after it was written.
    wire.stream.destroy();
    await queue.drained().catch(() => {});
    await writer.close();
  }
}

/** Writes pieces one after the other, and holds the connection back while too many wait (B2). */
class PieceQueue {
  bytes = 0;
  readonly #writer: TarWriter;
  readonly #wire: Wire;
  readonly #fail: (error: unknown) => void;
  readonly #region: string;
  readonly #progress: (sentence: string) => void;
  #tail: Promise<void> = Promise.resolve();
  #queuedBytes = 0;
  #archives = 0;
  #saidMs = performance.now();

  constructor(
    writer: TarWriter,
    wire: Wire,
    fail: (error: unknown) => void,
    region: string,
    progress: (sentence: string) => void,
  ) {
    this.#writer = writer;
    this.#wire = wire;
    this.#fail = fail;
    this.#region = region;
    this.#progress = progress;
  }

  /** The first byte tells: n = next archive, d = data, p = progress. */
  take(message: Buffer): void {
    const kind = String.fromCharCode(message[0] ?? 0);
    if (kind === "n") {
      this.#archives++;
      const why = "The primary has tablespaces outside its data folder, which cannot be copied by itself.";
      if (this.#archives > 1) this.#fail(new DriverError("backup", "never", why));
    }
    if (kind === "p") this.#say();
    if (kind !== "d" || this.#archives > 1) return;
    // The client uses its buffer again, so what is kept is copied.
    const piece = Buffer.from(message.subarray(1));
    this.bytes += piece.length;
    this.#queuedBytes += piece.length;
    if (this.#queuedBytes > queuedBytesMax) this.#wire.stream.pause();
    this.#tail = this.#tail.then(async () => {
      await this.#writer.write(piece);
      this.#queuedBytes -= piece.length;
      if (this.#queuedBytes < queuedBytesMax / 2) this.#wire.stream.resume();
    });
    this.#tail.catch(this.#fail);
  }

  drained(): Promise<void> {
    return this.#tail;
  }

  #say(): void {
    if (performance.now() - this.#saidMs < progressEveryMs) return;
    this.#saidMs = performance.now();
    this.#progress(`${this.#region} has received ${Math.round(this.bytes / 1e6)} MB of the copy`);
  }
}

/**
 * Puts the whole copy in the data folder's place. What was there before is removed, or kept as `keepAt`.
 * Two renames on one file system; a crash between them leaves no data folder, and the copy is made again.
 */
export async function takeCopy(site: Site, keepAt: string | undefined): Promise<void> {
  const { incoming, replaced } = pathsOf(site);
  await rm(replaced, { recursive: true, force: true });
  const aside = keepAt ?? replaced;
  await rename(site.dataFolder, aside).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  await rename(incoming, site.dataFolder);
  await syncFolder(dirname(site.dataFolder));
  await rm(replaced, { recursive: true, force: true });
}
