// What of Patroni, etcd, HAProxy and PostgreSQL is installed here. Servers live where an ordinary user's PATH does not lead.

import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

export type Programs = {
  readonly etcd: string;
  readonly patroni: string;
  readonly haproxy: string;
  /** The folder of PostgreSQL's programs. */
  readonly serverFolder: string;
  readonly versions: string;
};

const versionsFolder = "/usr/lib/postgresql";
const serverPrograms = ["postgres", "initdb", "pg_ctl", "pg_basebackup", "pg_rewind", "pg_controldata"];

export type Found =
  | { readonly kind: "found"; readonly programs: Programs }
  /** One sentence for each that is missing. */
  | { readonly kind: "missing"; readonly sentences: readonly string[] };

export function findPrograms(): Found {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/usr/local/bin"];
  const find = (name: string): string | undefined =>
    folders.map((folder) => join(folder, name)).find((path) => mayRun(path));
  const newestFirst = existsSync(versionsFolder)
    ? readdirSync(versionsFolder).sort((a, b) => Number(b) - Number(a))
    : [];
  const serverFolder = [...newestFirst.map((version) => join(versionsFolder, version, "bin")), ...folders].find(
    (folder) => serverPrograms.every((name) => mayRun(join(folder, name))),
  );
  const [etcd, patroni, haproxy] = [find("etcd"), find("patroni"), find("haproxy")];
  const missing = [
    ...Object.entries({ etcd, patroni, haproxy }).flatMap(([name, path]) =>
      path === undefined ? [`${name} is not on the PATH nor in /usr/sbin`] : [],
    ),
    ...(serverFolder === undefined
      ? [`no folder of the PATH nor ${versionsFolder}/*/bin has all of ${serverPrograms.join(", ")}`]
      : []),
  ];
  if (etcd === undefined || patroni === undefined || haproxy === undefined || serverFolder === undefined)
    return { kind: "missing", sentences: missing };
  const versions = [
    versionOf(patroni, ["--version"]),
    versionOf(etcd, ["--version"]),
    versionOf(haproxy, ["-v"]),
    versionOf(join(serverFolder, "postgres"), ["--version"]),
  ];
  return { kind: "found", programs: { etcd, patroni, haproxy, serverFolder, versions: versions.join(", ") } };
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first version number the program says, after its name. */
function versionOf(path: string, flags: readonly string[]): string {
  const said = spawnSync(path, flags, { encoding: "utf8", timeout: 10_000 });
  const number = /\d+(\.\d+)+/.exec(`${said.stdout}${said.stderr}`)?.[0] ?? "of unknown version";
  return `${path.split("/").at(-1)} ${number}`;
}
