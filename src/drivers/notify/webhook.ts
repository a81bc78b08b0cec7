// A notice as an HTTP POST of JSON. Tried again, with pauses, where another attempt may help.

import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import type { Notice } from "../../ports/notifier.ts";

export type WebhookSettings = {
  readonly token: string | undefined;
  readonly via: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly pausesMs: readonly number[];
};

/** Undefined when it was taken; else why not. A receiver may get a notice twice, under the same `leeward-notice` header. */
export async function postWebhook(
  address: string,
  notice: Notice,
  settings: WebhookSettings,
): Promise<string | undefined> {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    return "its address is neither http:// nor https://.";
  const id = crypto.randomUUID();
  for (let attempt = 0; ; attempt += 1) {
    const result = await postOnce(url, id, notice, settings);
    if (result.kind === "taken") return undefined;
    const pauseMs = settings.pausesMs[attempt];
    if (!result.again || pauseMs === undefined)
      return `${result.why}${attempt > 0 ? ` (${attempt + 1} attempts)` : ""}.`;
    await pause(pauseMs);
  }
}

type Attempt = { readonly kind: "taken" } | { readonly kind: "failed"; readonly why: string; readonly again: boolean };

function postOnce(url: URL, id: string, notice: Notice, { token, via, deadlineMs }: WebhookSettings): Promise<Attempt> {
  const secure = url.protocol === "https:";
  const meant = `${url.hostname}:${url.port === "" ? (secure ? 443 : 80) : url.port}`;
  const dialled = URL.parse(`http://${via[meant] ?? meant}`);
  const body = Buffer.from(JSON.stringify(notice));
  return new Promise((resolve) => {
    const outgoing = (secure ? requestHttps : requestHttp)({
      method: "POST",
      host: (dialled?.hostname ?? url.hostname).replace(/^\[(.*)\]$/, "$1"),
      port: dialled === null || dialled.port === "" ? 80 : Number(dialled.port),
      path: `${url.pathname}${url.search}`,
      // One connection for each notice: they are rare, and nothing is left open.
      agent: false,
      ...(secure ? { servername: url.hostname } : {}),
      headers: {
        host: url.host,
        "content-type": "application/json",
        "content-length": body.length,
        "user-agent": "leeward",
        "leeward-notice": id,
        connection: "close",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    });
    const end = (attempt: Attempt): void => {
      clearTimeout(timer);
      resolve(attempt);
      outgoing.destroy();
    };
    const timer = setTimeout(
      () => end({ kind: "failed", why: `it did not answer within ${deadlineMs} ms`, again: true }),
      deadlineMs,
    );
    outgoing.on("error", (error: NodeJS.ErrnoException) =>
      end({ kind: "failed", why: `it could not be reached (${error.code ?? error.name})`, again: true }),
    );
    // The status says it all: the body is not waited for.
    outgoing.on("response", ({ statusCode = 0 }) => {
      if (statusCode >= 200 && statusCode < 300) return end({ kind: "taken" });
      end({
        kind: "failed",
        why: `it answered with status ${statusCode}`,
        again: statusCode >= 500 || statusCode === 429,
      });
    });
    outgoing.end(body);
  });
}
