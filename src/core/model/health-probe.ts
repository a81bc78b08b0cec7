// How a service is looked at: one kind of probe with what its answer has to be. Left out of a manifest, a service is looked at in the way
// of its type (a GET at its router for `http`, a session for `postgresql`).

/** Both ends belong to it: `{ from: 200, to: 299 }`. */
export type StatusRange = { readonly from: number; readonly to: number };

export type HttpExpectation = {
  /** Left out: 200 to 399. A 202 is never well, whatever stands here: it says what will be done, not what is. */
  readonly status?: readonly StatusRange[];
  /** In the first 64 KiB of the body. */
  readonly body?: { readonly contains: string } | { readonly matches: string };
  /** https: from so many days before the certificate runs out, every look warns of it. It is no failure until it has run out. */
  readonly certificateDays?: number;
  /** So many redirects are followed, to the same host only; 0: a redirect is a failure. Left out: a redirect is an answer like any other. */
  readonly redirects?: number;
  /** Keep one connection. It spares the handshake, and does not notice that no new connections are taken. */
  readonly keepAlive?: boolean;
};

export type TcpExpectation = {
  /** Said as soon as the connection stands. */
  readonly send?: string;
  /** Must come within the first 4 KiB of what is answered. Left out: a connection is enough. */
  readonly expect?: string;
};

export type DnsRecordType = "A" | "AAAA" | "CNAME";

export type DnsQuestion = {
  readonly name: string;
  readonly record: DnsRecordType;
  /** Each of these must be in the answer. Empty: any answer will do. */
  readonly expect: readonly string[];
};

export type SqlExpectation = {
  /** Left out: `select 1`. One statement; it runs in a read-only transaction unless it is said to write. */
  readonly statement?: string;
  readonly write?: boolean;
  /** The first column of the first row, as text. Left out: any result will do. */
  readonly expect?: string;
  /** Keep the session. It spares the login, and does not notice that nobody can log in any more. */
  readonly keepAlive?: boolean;
};

export type CommandExpectation = {
  /** The program and its words; no shell. Well when it ends with 0. */
  readonly command: readonly string[];
  /** Must be in the first 16 KiB of what it prints. */
  readonly expect?: string;
};

export type HealthProbe = (
  | ({ readonly kind: "http" | "https" } & HttpExpectation)
  | ({ readonly kind: "tcp" } & TcpExpectation)
  /** `server`: whom to ask, `host:port`. Left out: where the service itself answers in each region. */
  | ({ readonly kind: "dns"; readonly server?: string } & DnsQuestion)
  | ({ readonly kind: "sql" } & SqlExpectation)
  | ({ readonly kind: "command" } & CommandExpectation)
) & {
  /** An answer that takes longer is a failure with that reason, though it came. */
  readonly latencyMaxMs?: number;
};
