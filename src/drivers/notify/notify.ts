// `Notifier`: tells people over the manifest's targets, all at the same time.
//
// 1. It never throws and always ends: each attempt and each command has a deadline, attempts are counted, and so are notices under way.
// 2. A failure says which target and why, and not what may be secret: the path of a webhook often is one, and so is its token.

import type { NotifyTarget } from "../../core/model/system.ts";
import type { Notice, Notifier } from "../../ports/notifier.ts";
import { runCommand } from "./command.ts";
import { postWebhook } from "./webhook.ts";

export type NotifierSettings = {
  readonly targets: readonly NotifyTarget[];
  /** The manifest's own folder: commands start in it. */
  readonly baseFolder: string;
  /** The value behind `env:NAME` or `file:PATH`. */
  readonly secretOf: (
    reference: string,
  ) => { readonly kind: "secret"; readonly value: string } | { readonly kind: "missing"; readonly why: string };
  /** Addresses as they must be dialled from here, `host:port` -> `host:port`. */
  readonly via: Readonly<Record<string, string>>;
  readonly limits?: Partial<NotifyLimits>;
};

export type NotifyLimits = {
  /** For one attempt at a webhook, and for a command as a whole. */
  readonly deadlineMs: number;
  /** Pauses before the second and the third attempt. */
  readonly pausesMs: readonly number[];
};

const defaults: NotifyLimits = { deadlineMs: 5_000, pausesMs: [500, 2_000] };
/** More at one time would be a storm that nobody reads. */
const underWayMax = 16;

export function makeNotifier({ targets, baseFolder, secretOf, via, limits }: NotifierSettings): Notifier {
  const { deadlineMs, pausesMs } = { ...defaults, ...limits };
  let underWay = 0;

  const tell = (target: NotifyTarget, notice: Notice): Promise<string | undefined> => {
    if (target.kind === "command") return runCommand(target.command, notice, { cwd: baseFolder, deadlineMs });
    const token = target.token === undefined ? undefined : secretOf(target.token);
    if (token?.kind === "missing") return Promise.resolve(token.why);
    return postWebhook(target.url, notice, { token: token?.value, via, deadlineMs, pausesMs });
  };

  return {
    async notify(notice) {
      if (targets.length === 0) return [];
      if (underWay >= underWayMax)
        return [`Nobody was told: ${underWayMax} notices are still under way. It was: ${notice.sentence}`];
      underWay += 1;
      try {
        const failures = await Promise.all(
          targets.map(async (target) => {
            try {
              return await tell(target, notice);
            } catch (error) {
              return error instanceof Error ? error.name : "an unexpected error";
            }
          }),
        );
        return failures.flatMap((why, index) => {
          const target = targets[index];
          return why === undefined || target === undefined ? [] : [`${nameOf(target)} was not told: ${why}`];
        });
      } finally {
        underWay -= 1;
      }
    },
  };
}

/** Without anything that may be secret. */
function nameOf(target: NotifyTarget): string {
  return target.kind === "command"
    ? `The command ${target.command[0] ?? "(none)"}`
    : `The webhook at ${URL.parse(target.url)?.host ?? "an unreadable address"}`;
}
