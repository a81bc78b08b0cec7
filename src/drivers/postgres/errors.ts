// What each failure of PostgreSQL, of the way to it and of its files means for whoever asked: try again, when, and did it happen?
// SQLSTATEs: https://www.postgresql.org/docs/18/errcodes-appendix.html; others are errno names of Node.

type Retry = "now" | "later" | "never" | "unknown";

/** A failure of the world. `message` is a sentence for an operator and holds no secret. */
export class DriverError extends Error {
  readonly code: string;
  readonly retry: Retry;

  constructor(code: string, retry: Retry, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = "DriverError";
    this.code = code;
    this.retry = retry;
  }
}

type Meaning = { readonly retry: Retry; readonly why: string };

/** The longest matching beginning of the code counts, so a class of SQLSTATEs is one row. */
const meanings: Readonly<Record<string, Meaning>> = {
  "08": { retry: "unknown", why: "the connection broke, so nobody knows whether it was done" },
  "08001": { retry: "later", why: "no connection could be made" },
  "22": { retry: "never", why: "a value does not fit" },
  "25006": { retry: "later", why: "this server only reads; it is a standby" },
  "28": { retry: "never", why: "the server refuses this user or password" },
  "3D000": { retry: "never", why: "there is no such database" },
  "40": { retry: "now", why: "another transaction was in the way, and nothing was done" },
  "40003": { retry: "unknown", why: "nobody knows whether the statement was done" },
  "42": { retry: "never", why: "the server does not know what was asked for, or does not allow it" },
  "42710": { retry: "never", why: "it exists already" },
  "53": { retry: "later", why: "the server is out of something" },
  "53100": { retry: "later", why: "the disk of the server is full" },
  "53300": { retry: "later", why: "the server has no connection left (max_connections)" },
  "55006": { retry: "later", why: "it is in use" },
  "57014": { retry: "later", why: "it was cancelled, and nothing was done" },
  "57P01": { retry: "unknown", why: "the server ended the session, so nobody knows whether it was done" },
  "57P02": { retry: "unknown", why: "the server crashed, so nobody knows whether it was done" },
  "57P03": { retry: "later", why: "the server is starting or stopping" },
  "58": { retry: "later", why: "the server has trouble with its files" },
  "58P01": { retry: "never", why: "a file that the server needs is gone" },
  XX: { retry: "never", why: "the server found damage or a fault of its own" },
  ECONNREFUSED: { retry: "later", why: "nobody listens there" },
  ECONNRESET: { retry: "unknown", why: "the connection broke, so nobody knows whether it was done" },
  EPIPE: { retry: "unknown", why: "the connection broke, so nobody knows whether it was done" },
  ETIMEDOUT: { retry: "unknown", why: "no answer came in time, so nobody knows whether it was done" },
  EHOSTUNREACH: { retry: "later", why: "there is no way to that machine" },
  ENETUNREACH: { retry: "later", why: "there is no way to that network" },
  ENOTFOUND: { retry: "later", why: "nobody knows a machine of that name" },
  EAI_AGAIN: { retry: "later", why: "the name service does not answer" },
  ENOSPC: { retry: "later", why: "the disk is full" },
  EDQUOT: { retry: "later", why: "this user's share of the disk is full" },
  EACCES: { retry: "never", why: "this user may not do that" },
  EPERM: { retry: "never", why: "this user may not do that" },
  EROFS: { retry: "never", why: "the file system may only be read" },
  ENOENT: { retry: "never", why: "there is no such file" },
  EIO: { retry: "unknown", why: "the disk answered with an error; look at `dmesg`" },
};

export function meaningOf(code: string): Meaning | undefined {
  for (let length = code.length; length >= 2; length--) {
    const meaning = Object.hasOwn(meanings, code.slice(0, length)) ? meanings[code.slice(0, length)] : undefined;
    if (meaning !== undefined && (length === code.length || /^[0-9A-Z]{5}$/.test(code))) return meaning;
  }
  return undefined;
}

export function codeOf(error: unknown): string | undefined {
  if (error instanceof DriverError) return error.code;
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** Any error in our words. `doing` says what was tried: "asking 127.0.0.1:5511 for its state". */
export function driverErrorOf(error: unknown, doing: string): DriverError {
  if (error instanceof DriverError) return error;
  const code = codeOf(error) ?? "";
  const said = error instanceof Error ? error.message.split("\n")[0] : String(error);
  const meaning = meaningOf(code);
  // An error we do not know leaves open what happened.
  const retry = meaning?.retry ?? "unknown";
  const why = meaning === undefined ? said : `${meaning.why} (${code}: ${said})`;
  return new DriverError(code === "" ? "other" : code, retry, `Failed while ${doing}: ${why}.`, error);
}
