// What a person has switched for a group: automation off or on, standbys out or back. In force only once it is durable.

import type { Maintenance } from "../core/decide/decision.ts";
import type { GroupName, RegionName } from "../core/model/system.ts";
import type { StoreFailure } from "../ports/store.ts";
import type { CommandAnswer } from "../wire/people.ts";
import type { GroupStore, Switchboard } from "./group-store.ts";
import type { Telling } from "./telling.ts";

export type SwitchboardPorts = {
  readonly group: GroupName;
  /** Who may be primary. */
  readonly regions: readonly RegionName[];
  readonly store: GroupStore;
  readonly telling: Telling;
  readonly onStore: (failure: StoreFailure | undefined) => void;
  readonly primary: () => RegionName | undefined;
};

export class Switches {
  readonly #ports: SwitchboardPorts;
  #board: Switchboard = { paused: false, pausedBy: "" };

  constructor(ports: SwitchboardPorts) {
    this.#ports = ports;
  }

  get paused(): boolean {
    return this.#board.paused;
  }

  get maintenance(): readonly Maintenance[] {
    return this.#board.maintenance ?? [];
  }

  load(board: Switchboard): void {
    this.#board = board;
  }

  async pause(paused: boolean, by: string): Promise<CommandAnswer> {
    const { group, telling } = this.#ports;
    const refusal = await this.#store({ ...this.#board, paused, pausedBy: paused ? by : "" });
    if (refusal !== undefined) return refusal;
    const sentence = paused
      ? `automation is off for ${group}: it is watched, and nothing is switched or re-protected until \`leeward unpause ${group}\``
      : `automation is on again for ${group}`;
    telling.say("decided", {
      name: paused ? "paused" : "unpaused",
      region: "",
      sentence: `${sentence} (${by})`,
      fact: { what: "policy", paused, by },
    });
    return { accepted: true, sentence };
  }

  /** `on`: the standby is taken out, and left alone until it is brought back. */
  async maintain(region: RegionName, on: boolean, by: string): Promise<CommandAnswer> {
    const { group, telling } = this.#ports;
    const refused = this.#refusal(region, on);
    if (refused !== undefined) return { accepted: false, sentence: `refused: ${refused}` };
    const rest = this.maintenance.filter((one) => one.region !== region);
    const refusal = await this.#store({ ...this.#board, maintenance: on ? [...rest, { region, by }] : rest });
    if (refusal !== undefined) return refusal;
    const sentence = on
      ? `${region} is taken out of ${group}: it stops being promotable first, then commits stop waiting for it, and it is left alone until \`leeward maintenance ${group} --region ${region} --end\``
      : `${region} is back in ${group}: it is made a standby again`;
    telling.say("decided", {
      name: on ? "maintenance" : "maintenance-over",
      region,
      sentence: `${sentence} (${by})`,
      fact: { what: "maintenance", region, out: on, by },
    });
    return { accepted: true, sentence };
  }

  #refusal(region: RegionName, on: boolean): string | undefined {
    const { group, regions, primary } = this.#ports;
    if (!regions.includes(region))
      return `${region} is not among the regions that may be primary of ${group}: ${regions.join(", ")}`;
    if (on && primary() === region)
      return `${region} is the primary of ${group}: switch over first, then take it out as a standby`;
    if (!on && !this.maintenance.some((one) => one.region === region)) return `${region} was not taken out`;
    return undefined;
  }

  async #store(next: Switchboard): Promise<CommandAnswer | undefined> {
    const stored = await this.#ports.store.storeSwitchboard(next);
    this.#ports.onStore(stored.kind === "failed" ? stored : undefined);
    if (stored.kind === "done") {
      this.#board = next;
      return undefined;
    }
    const why = stored.kind === "failed" ? stored.why : "another controller was first";
    return { accepted: false, sentence: `not stored: ${why}` };
  }
}
