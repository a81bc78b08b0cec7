// The connections of HTTP looks: new ones, the few that are kept, and what is to be said of a certificate.

import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type DetailedPeerCertificate, TLSSocket } from "node:tls";
import { type Finding, ill, type Look } from "./look.ts";

/** `host:port` as it is dialled; `name` is the host that was meant. */
export type Origin = { readonly host: string; readonly port: number; readonly secure: boolean; readonly name: string };

/** What comes is given to `onData`, which must have done with it when it returns. */
export type Connection = { readonly socket: Socket; onData: (data: Buffer) => void };

type Kept = { readonly connection: Connection; readonly drop: () => void };

const nobody = (): void => {};
const ends = ["error", "end", "close"] as const;
const readBytes = 64 * 1024;
/** Kept connections to one place, and places. */
const keptMax = 6;
const placesMax = 256;
const dayMs = 86_400_000;

export class HttpConnections {
  readonly #kept = new Map<string, Kept[]>();
  readonly #buffer = Buffer.allocUnsafeSlow(readBytes);

  open(origin: Origin, look: Look): Connection {
    const { host, port, secure, name } = origin;
    const { lookup } = look.names;
    if (!secure) {
      // Read into one buffer that all connections share: a new one for each read costs more than all the rest of a look.
      const callback = (bytes: number, buffer: Uint8Array): boolean => {
        connection.onData((buffer as Buffer).subarray(0, bytes));
        return true;
      };
      const socket = connectTcp({ host, port, lookup, onread: { buffer: this.#buffer, callback } });
      const connection: Connection = { socket, onData: nobody };
      return connection;
    }
    const socket = connectTls({
      host,
      port,
      lookup,
      ...(look.authorities === undefined ? {} : { ca: look.authorities }),
      ...(isIP(name) === 0 ? { servername: name } : {}),
      // The certificate is that of the host that was meant, whatever was dialled.
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    });
    const connection: Connection = { socket, onData: nobody };
    socket.on("data", (data: Buffer) => connection.onData(data));
    return connection;
  }

  take(origin: Origin): Connection | undefined {
    const kept = this.#kept.get(keyOf(origin))?.pop();
    if (kept === undefined) return undefined;
    const { socket } = kept.connection;
    for (const event of ends) socket.off(event, kept.drop);
    kept.connection.onData = nobody;
    socket.ref();
    return socket.destroyed ? undefined : kept.connection;
  }

  /** None of the look's own listeners may be left on it. */
  keep(origin: Origin, connection: Connection): void {
    const key = keyOf(origin);
    const places = this.#kept;
    const all = places.get(key) ?? [];
    const { socket } = connection;
    if (socket.destroyed || all.length >= keptMax || (all.length === 0 && places.size >= placesMax)) {
      socket.destroy();
      return;
    }
    const kept: Kept = {
      connection,
      drop: () => {
        const at = all.indexOf(kept);
        if (at >= 0) all.splice(at, 1);
        if (all.length === 0) places.delete(key);
        socket.destroy();
      },
    };
    all.push(kept);
    places.set(key, all);
    for (const event of ends) socket.on(event, kept.drop);
    // Nobody has asked anything: whatever comes now is no answer.
    connection.onData = kept.drop;
    socket.unref();
  }

  close(): void {
    for (const all of [...this.#kept.values()]) for (const { connection } of [...all]) connection.socket.destroy();
  }

  /** A sentence when the first certificate of the chain to run out does so within the days. */
  warningOf(socket: Socket, days: number | undefined): string | undefined {
    if (days === undefined || !(socket instanceof TLSSocket)) return undefined;
    const endsMs = firstEndMs(socket.getPeerCertificate(true));
    if (endsMs === undefined) return undefined;
    const leftDays = Math.floor((endsMs - Date.now()) / dayMs);
    if (leftDays >= days) return undefined;
    const [day] = new Date(endsMs).toISOString().split("T");
    return `Its certificate runs out on ${day}, in ${leftDays} days.`;
  }

  /** Undefined when the error is not about the certificate. */
  distrust(error: NodeJS.ErrnoException): Finding | undefined {
    const code = error.code ?? "";
    if (code === "CERT_HAS_EXPIRED") return ill("Its certificate has run out.");
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return ill("Its certificate is for another host.");
    return /CERT|SELF_SIGNED|UNABLE_TO_|ISSUER/.test(code)
      ? ill(`Its certificate is not trusted here (${code}).`)
      : undefined;
  }
}

function firstEndMs(certificate: DetailedPeerCertificate): number | undefined {
  let endsMs: number | undefined;
  let one: DetailedPeerCertificate | undefined = certificate;
  // A root is its own issuer.
  for (let depth = 0; one?.valid_to !== undefined && depth < 10; depth += 1) {
    const ends = Date.parse(one.valid_to);
    if (!Number.isNaN(ends)) endsMs = Math.min(endsMs ?? ends, ends);
    one = one.issuerCertificate === one ? undefined : one.issuerCertificate;
  }
  return endsMs;
}

function keyOf({ host, port, secure, name }: Origin): string {
  return `${secure ? "https" : "http"} ${name} ${host}:${port}`;
}
