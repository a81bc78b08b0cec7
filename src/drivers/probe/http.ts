// Looks at an HTTP or HTTPS address with a GET. Written on the bare socket: a region is looked at from everywhere several times a second,
// and this takes a fraction of the processor time of fetch.

import type { HttpExpectation } from "../../core/model/health-probe.ts";
import { addressOf, type Via } from "./address.ts";
import { bodyBytesMax, HttpAnswer } from "./http-answer.ts";
import { type Connection, HttpConnections, type Origin } from "./http-connections.ts";
import { judgeBody, judgeHead, smallBodyBytes } from "./http-judge.ts";
import { broken, type Finding, ill, type Look, well } from "./look.ts";

/**
 * The server may end its answer and the connection, within this time and `bodyBytesMax`; then it is broken off. Who ends first keeps the
 * pair of ports for a minute, and a prober would run out of them.
 */
const farewellMs = 250;
/** More connections are never kept for that. */
const farewellsMax = 128;

const waysMax = 1_024;

/** `request`: all of it up to what becomes of the connection. */
type Way = { readonly url: URL; readonly origin: Origin; readonly request: string };
type Redirect = { readonly redirect: URL };

export class HttpLooks {
  readonly #connections = new HttpConnections();
  readonly #ways = new Map<string, Way | string>();
  #farewells = 0;

  async look(address: string, expected: HttpExpectation, look: Look): Promise<Finding> {
    let way = this.#wayTo(address, look.via);
    for (let followed = 0; ; followed += 1) {
      if (typeof way === "string") return ill(way);
      const found = await this.#ask(way, expected, look);
      if (!("redirect" in found)) return found;
      const { url } = way;
      const most = expected.redirects ?? 0;
      if (followed >= most)
        return ill(most === 0 ? "It redirects, and redirects are refused." : `It redirected more than ${most} times.`);
      if (found.redirect.hostname !== url.hostname)
        return ill(
          `It redirects to ${found.redirect.host}, which is another host: that one's health says nothing of this one's.`,
        );
      if (url.protocol === "https:" && found.redirect.protocol !== "https:")
        return ill("It redirects from https:// to http://.");
      way = wayOf(found.redirect, look.via);
    }
  }

  close(): void {
    this.#connections.close();
  }

  /** Reckoned once for each target: the same few are looked at again and again. */
  #wayTo(address: string, via: Via): Way | string {
    const known = this.#ways.get(address);
    if (known !== undefined) return known;
    const way = wayOf(URL.parse(address), via);
    if (this.#ways.size >= waysMax) this.#ways.clear();
    this.#ways.set(address, way);
    return way;
  }

  /** One request and its answer. A kept connection that breaks before it answered is tried once more with a new one. */
  async #ask(way: Way, expected: HttpExpectation, look: Look): Promise<Finding | Redirect> {
    if (expected.keepAlive === true) {
      const found = await this.#exchange(way, expected, look, true);
      if (found !== "stale") return found;
    }
    const found = await this.#exchange(way, expected, look, false);
    return found === "stale" ? ill("It closed the connection before it had answered.") : found;
  }

  #exchange(
    { url, origin, request }: Way,
    expected: HttpExpectation,
    look: Look,
    mayReuse: boolean,
  ): Promise<Finding | Redirect | "stale"> {
    return new Promise((resolve) => {
      const kept = mayReuse ? this.#connections.take(origin) : undefined;
      const connection = kept ?? this.#connections.open(origin, look);
      const { socket } = connection;
      const keepAlive = expected.keepAlive === true;
      const answer = new HttpAnswer();
      let connected = kept !== undefined;
      let settled = false;
      let warning: string | undefined;

      const settle = (found: Finding | Redirect | "stale"): void => {
        if (settled) return;
        settled = true;
        const isWell = typeof found === "object" && "well" in found && found.well === true;
        if (keepAlive && answer.complete && answer.head?.stays === true) {
          socket.off("end", over).off("close", over).off("error", fail);
          this.#connections.keep(origin, connection);
        } else if (answer.head !== undefined && !socket.readableEnded) this.#letEnd(connection, answer);
        else socket.destroy();
        resolve(isWell && warning !== undefined ? { well: true, warning } : found);
      };
      look.onDeadline((withinMs) => {
        // The head was well, and no word of the body was asked for: a slow rest of it is no failure.
        if (answer.head !== undefined && expected.body === undefined) return well;
        if (answer.head !== undefined) return ill(`Its answer did not end within ${withinMs} ms.`);
        return ill(
          connected ? `It did not answer within ${withinMs} ms.` : `It took no connection within ${withinMs} ms.`,
        );
      }, settle);
      const ask = (): void => {
        connected = true;
        warning = this.#connections.warningOf(socket, expected.certificateDays);
        socket.write(`${request}${keepAlive ? "keep-alive" : "close"}\r\n\r\n`, "latin1");
      };
      const step = () => {
        const { head } = answer;
        if (answer.broken) return settle(ill("What it answered is not HTTP."));
        if (head === undefined) return;
        const redirect = redirectOf(url, head.status, head.headers.get("location"), expected);
        if (redirect !== undefined) return settle(redirect);
        const found = judgeHead(head, expected);
        if (found !== undefined) return settle(found);
        if (expected.body === undefined && !mayBeSmall(answer)) return settle(well);
        if (expected.body === undefined && !answer.complete && head.framing.by !== "end") return;
        const ended = answer.complete || answer.bodyBytes >= bodyBytesMax;
        const judged = judgeBody(answer.body(), ended, expected.body);
        if (judged !== "more") settle(judged);
      };
      const take = (data: Buffer): void => {
        if (settled) return;
        answer.push(data);
        step();
      };
      const over = () => {
        if (settled) return;
        answer.end();
        if (answer.complete) step();
        if (kept !== undefined && answer.head === undefined) return settle("stale");
        settle(
          answer.head === undefined
            ? ill("It closed the connection before it had answered.")
            : expected.body === undefined
              ? well
              : ill("It closed the connection before its answer had ended."),
        );
      };
      const fail = (error: NodeJS.ErrnoException) => {
        if (kept !== undefined && answer.head === undefined) return settle("stale");
        settle(this.#connections.distrust(error) ?? broken(error, connected));
      };
      connection.onData = take;
      socket.on("end", over).on("close", over).on("error", fail);
      if (kept !== undefined) ask();
      else socket.once(origin.secure ? "secureConnect" : "connect", ask);
    });
  }

  /** Reads past what still comes, for as long as a farewell may take. */
  #letEnd(connection: Connection, answer: HttpAnswer): void {
    const { socket } = connection;
    if (this.#farewells >= farewellsMax) {
      socket.destroy();
      return;
    }
    this.#farewells += 1;
    let bytes = answer.bodyBytes;
    const timer = setTimeout(() => socket.destroy(), farewellMs);
    connection.onData = (data) => {
      bytes += data.length;
      if (bytes > bodyBytesMax) socket.destroy();
    };
    socket.once("end", () => socket.destroy());
    socket.once("close", () => {
      clearTimeout(timer);
      this.#farewells -= 1;
    });
  }
}

/** Or a sentence: why there is none. */
function wayOf(url: URL | null, via: Via): Way | string {
  const secure = url?.protocol === "https:";
  if (url === null || (!secure && url.protocol !== "http:")) return "Its address is neither http:// nor https://.";
  const dialled = addressOf(`${url.hostname}:${url.port === "" ? (secure ? 443 : 80) : url.port}`, via);
  if (dialled === undefined) return `${url.host} is not an address of the form host:port.`;
  const origin = { ...dialled, secure, name: url.hostname.replace(/^\[(.*)\]$/, "$1") };
  const request = `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nuser-agent: leeward-probe\r\naccept: */*\r\nconnection: `;
  return { url, origin, request };
}

/** Where it sends us, if it does and if that is not simply its answer. */
function redirectOf(
  url: URL,
  status: number,
  location: string | undefined,
  expected: HttpExpectation,
): Redirect | Finding | undefined {
  if (expected.redirects === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  if ((expected.status ?? []).some(({ from, to }) => status >= from && status <= to)) return undefined;
  const redirect = location === undefined ? null : URL.parse(location, url.href);
  return redirect === null ? ill(`It answered with status ${status} and does not say where to go.`) : { redirect };
}

/** Could what follows be a word that says "later"? */
function mayBeSmall(answer: HttpAnswer): boolean {
  const framing = answer.head?.framing;
  if (framing?.by === "length") return framing.bytes > 0 && framing.bytes <= smallBodyBytes;
  return answer.bodyBytes <= smallBodyBytes && (framing?.by === "chunks" || answer.bodyBytes > 0);
}
