// Secrets stand in the manifest as references, `env:NAME` or `file:PATH`; here they become values, as late as possible.
// No sentence of this file has any part of a secret in it.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";

export type Secret =
  | {
      readonly kind: "secret";
      readonly value: string;
      /** A sentence, when the secret is kept in a way that lets others read it. */
      readonly warning?: string;
    }
  | { readonly kind: "missing"; readonly why: string };

/** A token or password; something larger is the wrong file. */
const secretBytesMax = 64 * 1024;

/**
 * The value behind a reference. A path is taken from `baseFolder`, the manifest's own. White space around a file's content is left
 * out, for editors end a file with a line break. Reads the file anew at each call, so that a changed secret needs no restart.
 */
export function secretOf(
  reference: string,
  baseFolder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Secret {
  const colon = reference.indexOf(":");
  const scheme = reference.slice(0, Math.max(0, colon));
  const rest = reference.slice(colon + 1);
  switch (scheme) {
    case "env":
      return fromEnvironment(rest, env);
    case "file":
      return fromFile(resolve(baseFolder, rest));
    default:
      // What stands here instead of a reference may be the secret itself.
      return missing("A secret is named by env:NAME or file:PATH; what is given begins with neither.");
  }
}

function fromEnvironment(name: string, env: Readonly<Record<string, string | undefined>>): Secret {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return missing(
      "A secret from the environment is named env:NAME, and NAME has only letters, digits and underscores.",
    );
  const value = env[name]?.trim();
  if (value === undefined)
    return missing(
      `The environment variable ${name}, which a secret is taken from, is not set. Set it for this process, or name a file with file:PATH.`,
    );
  return value === ""
    ? missing(`The environment variable ${name}, which a secret is taken from, is empty.`)
    : { kind: "secret", value };
}

function fromFile(file: string): Secret {
  let handle: number | undefined;
  try {
    handle = openSync(file, "r");
    const { mode, size } = fstatSync(handle);
    if ((mode & 0o170000) === 0o040000) return missing(`${file}, which a secret is read from, is a folder.`);
    if (size > secretBytesMax)
      return missing(
        `The file ${file}, which a secret is read from, has ${size} bytes: that is no token and no password.`,
      );
    const bytes = Buffer.alloc(secretBytesMax);
    const value = bytes.toString("utf8", 0, readSync(handle, bytes)).trim();
    if (value === "") return missing(`The file ${file}, which a secret is read from, is empty.`);
    if ((mode & 0o007) === 0) return { kind: "secret", value };
    return {
      kind: "secret",
      value,
      warning: `The file ${file} holds a secret and may be read by every user of this machine. Mend it with: chmod 600 ${file}`,
    };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const reason =
      {
        ENOENT: "does not exist",
        ENOTDIR: "does not exist",
        EACCES: "may not be read by this user",
        EISDIR: "is a folder",
      }[code] ?? `cannot be read (${code})`;
    return missing(`The file ${file}, which a secret is read from, ${reason}.`);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function missing(why: string): Secret {
  return { kind: "missing", why };
}
