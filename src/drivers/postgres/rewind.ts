// Takes an old primary back to the fork by pg_rewind, where that is installed: the cost follows the difference, not the size.
// https://www.postgresql.org/docs/18/app-pgrewind.html
// W1. A CHECKPOINT on the new primary comes first: before it, its control file still names the old timeline, and pg_rewind then
//     reports success having done nothing.
// W2. It overwrites the configuration with the new primary's; whoever calls it configures again.

import { binariesOf, runTool } from "./cluster.ts";
import { adminAddress, type Endpoint, pathsOf, type Site, writePassFile } from "./site.ts";
import { Sql } from "./sql.ts";

/** False where there is no pg_rewind of this version. Throws a DriverError when it failed: the folder is then of no more use, and a full copy is needed. */
export async function rewind(site: Site, primary: Endpoint, deadlineMs: number): Promise<boolean> {
  const { pgRewind } = await binariesOf(site);
  if (pgRewind === undefined) return false;
  const until = performance.now() + deadlineMs;
  {
    await using sql = await Sql.open(adminAddress(site, primary), deadlineMs);
    await sql.query("CHECKPOINT", [], until - performance.now());
  }
  await writePassFile(site);
  const source = `host=${primary.host} port=${primary.port} user=${site.user} dbname=postgres`;
  const args = ["--target-pgdata", site.dataFolder, "--source-server", source];
  await runTool(site, pgRewind, args, { PGPASSFILE: pathsOf(site).passFile }, until - performance.now());
  return true;
}
