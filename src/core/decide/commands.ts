// The commands that decisions tell people to type, in one place, so that they stay those of the command line.

import type { GroupName, RegionName } from "../model/system.ts";

export const commands = {
  status: (): string => "leeward status",
  switchover: (group: GroupName, to: RegionName): string => `leeward switchover ${group} --to ${to}`,
  failover: (group: GroupName, to: RegionName, acceptLoss = false): string =>
    `leeward failover ${group} --to ${to}${acceptLoss ? " --accept-loss" : ""}`,
  approve: (group: GroupName, question?: number): string =>
    `leeward approve ${group}${question === undefined ? "" : ` --question ${question}`}`,
  unpause: (group: GroupName): string => `leeward unpause ${group}`,
  maintenance: (group: GroupName, region: RegionName): string => `leeward maintenance ${group} --region ${region}`,
} as const;
