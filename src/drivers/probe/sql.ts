// Looks at a PostgreSQL server: a new session, `select 1`, its answer.

import { Socket } from "node:net";
import pg from "pg";
import { addressOf, type Via } from "./address.ts";
import type { Finding } from "./probe.ts";

/** After the answer, the server has so long to end the session by itself. */
const farewellMs = 1_000;

/** Codes of a server that is there but not ready: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const reasons: Readonly<Record<string, string>> = {
  "28P01": "the password is wrong",
  "28000": "the user may not log in from here",
  "3D000": "there is no such database",
  "53300": "it has no connection left",
  "57P03": "it is starting up, shutting down or recovering",
  "57P01": "it is being shut down",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "it broke the connection off",
  ENOTFOUND: "its host name is not known",
};

export function lookAtSql(address: string, via: Via, password: string | undefined, timeoutMs: number): Finding {
  const url = URL.parse(address);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol))
    return Promise.resolve("Its address does not begin with postgres://.");
  const dialled = addressOf(`${url.hostname}:${url.port === "" ? 5432 : url.port}`, via);
  if (dialled === undefined) return Promise.resolve(`${url.host} is not an address of the form host:port.`);
  const user = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1));

  return new Promise((resolve) => {
    // Our own socket, so that it can be destroyed whatever state the session is in.
    const socket = new Socket();
    const client = new pg.Client({
      ...dialled,
      user: user === "" ? "postgres" : user,
      database: database === "" ? "postgres" : database,
      // Without one, pg would look into the environment and the home folder of this process.
      password: password ?? (url.password === "" ? "" : decodeURIComponent(url.password)),
      ssl: sslOf(url.searchParams.get("sslmode")),
      stream: () => socket,
      application_name: "leeward probe",
    });
    let ended = false;
    const end = (why: string | undefined): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      resolve(why);
      if (why !== undefined) {
        socket.destroy();
        return;
      }
      const farewell = setTimeout(() => socket.destroy(), farewellMs);
      socket.once("close", () => clearTimeout(farewell));
      client.end().catch(() => {}); // The farewell is a courtesy; the socket is destroyed anyway.
    };
    const timer = setTimeout(() => end(`It did not answer \`select 1\` within ${timeoutMs} ms.`), timeoutMs);
    const failed = (error: Error & { readonly code?: string }): void =>
      end(`It did not answer \`select 1\`: ${reasons[error.code ?? ""] ?? error.code ?? error.name}.`);
    client.on("error", failed);
    client
      .connect()
      .then(() => client.query("select 1 as one"))
      .then(({ rows }) => end(rows[0]?.one === 1 ? undefined : "Its answer to `select 1` is not 1."))
      .catch(failed);
  });
}

/** As libpq reads it, for the modes that make sense without further files. */
function sslOf(mode: string | null): boolean | { readonly rejectUnauthorized: boolean } {
  if (mode === "require") return { rejectUnauthorized: false };
  return mode === "verify-ca" || mode === "verify-full" ? { rejectUnauthorized: true } : false;
}
