// One try of one write at one router, within one deadline.

import { type Agent, request } from "node:http";
import { acknowledgedHeader, notExecutedHeader } from "../../wire/version.ts";

export type Attempt =
  | { readonly kind: "acknowledged"; readonly epoch?: number }
  /** A clear answer that it was not done. `elsewhere`: another router may do better at once, since this one cannot even be dialled. */
  | { readonly kind: "refused"; readonly elsewhere: boolean; readonly why: string }
  /** Silence, a broken connection, or an answer that leaves it open. */
  | { readonly kind: "unknown"; readonly why: string };

/** How the reason begins where silence was all there was. */
export const noAnswer = "no answer";

export type Write = {
  readonly path: string;
  readonly key: string;
  readonly body: string;
};

export function attempt(
  to: { readonly url: string; readonly host: string; readonly agent: Agent },
  write: Write,
  deadlineMs: number,
): Promise<Attempt> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (result: Attempt): void => {
      clearTimeout(timer);
      resolve(result);
    };
    const sent = request(new URL(write.path, to.url), {
      method: "POST",
      agent: to.agent,
      headers: {
        host: to.host,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(write.body),
        "idempotency-key": write.key,
      },
    });
    timer = setTimeout(() => {
      end({ kind: "unknown", why: `${noAnswer} within ${deadlineMs} ms` });
      sent.destroy();
    }, deadlineMs);
    sent.on("response", (response) => {
      const status = response.statusCode ?? 0;
      const epoch = Number(response.headers[acknowledgedHeader]);
      response.resume();
      response.on("error", () => {});
      if (status >= 200 && status < 300) {
        end({ kind: "acknowledged", ...(Number.isFinite(epoch) ? { epoch } : {}) });
      } else if (response.headers[notExecutedHeader] !== undefined || (status >= 400 && status < 500)) {
        end({ kind: "refused", elsewhere: false, why: `status ${status}` });
      } else {
        end({ kind: "unknown", why: `status ${status}` });
      }
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      // Only a connection that never was is sure not to have carried the request.
      const never = error.code === "ECONNREFUSED";
      end(
        never
          ? { kind: "refused", elsewhere: true, why: error.code ?? "" }
          : { kind: "unknown", why: error.code ?? error.message },
      );
    });
    sent.end(write.body);
  });
}
