// Looks at an HTTP or HTTPS address with a GET over a new connection. Written on the bare socket: a region is looked at from
// everywhere several times a second, and this takes a third of the processor time of fetch or less.

import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { addressOf, type Via } from "./address.ts";
import type { Finding } from "./probe.ts";

/** A head that is longer is no answer of a server that is well. */
const headBytesMax = 16 * 1024;
/** So much of a body is taken in, so that the server can end it properly; then the connection is broken off. */
const bodyBytesMax = 64 * 1024;
const bodyWithinMs = 250;

export function lookAtHttp(
  address: string,
  via: Via,
  isHealthy: (status: number) => boolean,
  timeoutMs: number,
): Finding {
  const url = URL.parse(address);
  const secure = url?.protocol === "https:";
  if (url === null || (!secure && url.protocol !== "http:"))
    return Promise.resolve("Its address is neither http:// nor https://.");
  const dialled = addressOf(`${url.hostname}:${url.port === "" ? (secure ? 443 : 80) : url.port}`, via);
  if (dialled === undefined) return Promise.resolve(`${url.host} is not an address of the form host:port.`);

  return new Promise((resolve) => {
    const socket = secure
      ? connectTls({ ...dialled, ...(isIP(url.hostname) === 0 ? { servername: url.hostname } : {}) })
      : connectTcp(dialled);
    let connected = false;
    let head = "";
    let answered = false;
    let bodyBytes = 0;
    const end = (why: string | undefined): void => {
      resolve(why);
      clearTimeout(timer);
      socket.destroy();
    };
    let timer = setTimeout(
      () =>
        end(connected ? `It did not answer within ${timeoutMs} ms.` : `It took no connection within ${timeoutMs} ms.`),
      timeoutMs,
    );
    socket.once(secure ? "secureConnect" : "connect", () => {
      connected = true;
      socket.write(
        `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nuser-agent: leeward-probe\r\naccept: */*\r\nconnection: close\r\n\r\n`,
      );
    });
    socket.on("data", (data: Buffer) => {
      if (answered) {
        bodyBytes += data.length;
        if (bodyBytes > bodyBytesMax) end(undefined);
        return;
      }
      head += data.toString("latin1");
      const found = statusIn(head);
      if (found === "more" && head.length <= headBytesMax) return;
      if (typeof found !== "number") return end("What it answered is not HTTP.");
      answered = true;
      bodyBytes = data.length;
      clearTimeout(timer);
      timer = setTimeout(() => end(undefined), bodyWithinMs);
      resolve(isHealthy(found) ? undefined : `It answered with status ${found}.`);
    });
    socket.on("end", () => end("It closed the connection before it had answered."));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      end(
        connected
          ? `The connection broke (${error.code ?? error.name}).`
          : `It took no connection (${error.code ?? error.name}).`,
      ),
    );
    socket.on("close", () => end("It closed the connection before it had answered."));
  });
}

/** The status of a complete head, past any interim 1xx ones; "more" while it is not complete. */
function statusIn(text: string): number | "more" | "not-http" {
  let rest = text;
  for (;;) {
    if (!"HTTP/1.".startsWith(rest.slice(0, 7))) return "not-http";
    const headEnd = rest.indexOf("\r\n\r\n");
    if (headEnd < 0) return "more";
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |\r)/.exec(rest)?.[1]);
    if (Number.isNaN(status)) return "not-http";
    if (status >= 200) return status;
    rest = rest.slice(headEnd + 4);
  }
}
