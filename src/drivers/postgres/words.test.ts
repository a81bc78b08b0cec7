import fc from "fast-check";
import { expect, test } from "vitest";
import { noticeByHand } from "./by-hand.ts";
import { parseControlFile } from "./control-file.ts";
import { DriverError, driverErrorOf, meaningOf } from "./errors.ts";
import { connectionInfo } from "./follow.ts";
import { forkOf, historyFileOf, parseHistory } from "./history.ts";
import { formatLsn, parseLsn } from "./lsn.ts";
import { modeSettings } from "./mode.ts";
import { isOlder } from "./quarantine.ts";
import { formatSettings, parseSettings, standingSettings } from "./settings.ts";
import { type Site, slotOf } from "./site.ts";

test("a position is read and printed as PostgreSQL does", () => {
  expect(parseLsn("0/0")).toBe(0n);
  expect(parseLsn("16/B374D848")).toBe(0x16b374d848n);
  expect(formatLsn(0x16b374d848n)).toBe("16/B374D848");
  expect(formatLsn(parseLsn("0/3000060"))).toBe("0/3000060");
  for (const bad of ["", "16", "16/", "x/1", "1/123456789", "1/1 "]) expect(() => parseLsn(bad)).toThrow(RangeError);
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (lsn) => parseLsn(formatLsn(lsn)) === lsn));
});

test("the longest row of the error table counts", () => {
  expect(meaningOf("53100")?.why).toContain("disk");
  expect(meaningOf("53200")).toEqual(meaningOf("53000"));
  expect(meaningOf("40P01")?.retry).toBe("now");
  expect(meaningOf("40003")?.retry).toBe("unknown");
  expect(meaningOf("ECONNREFUSED")?.retry).toBe("later");
  expect(meaningOf("EXOTIC")).toBeUndefined();
  expect(meaningOf("08")).toBeDefined();
});

test("an error that is not known leaves open whether it was done", () => {
  expect(driverErrorOf(new Error("odd"), "trying")).toMatchObject({
    retry: "unknown",
    message: "Failed while trying: odd.",
  });
  const known = new DriverError("port", "later", "The port is taken.");
  expect(driverErrorOf(known, "trying")).toBe(known);
});

test("a history gives where every earlier timeline was left", () => {
  const content = "1\t0/3000060\tno recovery target specified\n\n2\t0/5000000\tno recovery target specified\n";
  expect(parseHistory(3, content)).toEqual([
    { timeline: 1, until: 0x3000060n },
    { timeline: 2, until: 0x5000000n },
    { timeline: 3, until: undefined },
  ]);
  expect(parseHistory(1, "")).toEqual([{ timeline: 1, until: undefined }]);
  expect(historyFileOf(26)).toBe("0000001A.history");
});

test("the fork is where the first of two servers left what they share", () => {
  const first = parseHistory(1, "");
  const second = parseHistory(2, "1\t0/30\tx\n");
  expect(forkOf(first, second)).toEqual({ timeline: 1, at: 0x30n });
  expect(forkOf(second, first)).toEqual({ timeline: 1, at: 0x30n });
  expect(forkOf(second, second)).toEqual({ timeline: 2, at: undefined });
  // Two promotions of copies of one server: timelines 2 and 3 both left timeline 1, at different places.
  expect(forkOf(second, parseHistory(3, "1\t0/20\tx\n"))).toEqual({ timeline: 1, at: 0x20n });
  expect(forkOf(second, parseHistory(3, "1\t0/30\tx\n2\t0/50\tx\n"))).toEqual({ timeline: 2, at: 0x50n });
  expect(forkOf(first, parseHistory(5, "4\t0/30\tx\n"))).toBeUndefined();
});

test("a mode names every standby, and nobody in async", () => {
  expect(modeSettings({ sync: true, standbys: ["south", 'we"st'] }).synchronous_standby_names).toBe(
    'FIRST 2 ("south", "we""st")',
  );
  expect(modeSettings({ sync: false, standbys: ["south"] }).synchronous_standby_names).toBe("");
  expect(modeSettings({ sync: true, standbys: [] }).synchronous_standby_names).toBe("");
});

test("settings survive being written and read, whatever is in them", () => {
  const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,20}$/);
  const value = fc.string().filter((text) => !text.includes("\n"));
  fc.assert(
    fc.property(fc.dictionary(name, value), (settings) => {
      const map = new Map(Object.entries(settings));
      expect(parseSettings(formatSettings(map))).toEqual(map);
    }),
  );
});

test("every setting has its reason, and none is named twice", () => {
  expect(standingSettings.length).toBeGreaterThan(15);
  expect(new Set(standingSettings.map(({ name }) => name)).size).toBe(standingSettings.length);
  for (const { why } of standingSettings) expect(why.length).toBeGreaterThan(10);
});

test("the connection to a primary carries no password", () => {
  const site = { user: "leeward", password: "hunter2", region: "north" } as Site;
  const info = connectionInfo(site, { host: "10.0.0.1", port: 5432 }, "/state/it's.pass");
  expect(info).toContain("host='10.0.0.1' port='5432' user='leeward' passfile='/state/it\\'s.pass'");
  expect(info).not.toContain("hunter2");
});

test("a slot's name has only what PostgreSQL allows", () => {
  expect(slotOf("North-1.b")).toBe("leeward_north_1_b");
  expect(slotOf("x".repeat(100))).toHaveLength(63);
});

test("transaction numbers are compared on their circle", () => {
  expect(isOlder("700", "701")).toBe(true);
  expect(isOlder("701", "700")).toBe(false);
  expect(isOlder("4294967290", "10")).toBe(true);
  expect(isOlder("2", "3000000000")).toBe(true);
});

test("what was done by hand is noticed, and what was ordered is not", () => {
  const seen = { service: "orders", region: "south", role: "primary", timeline: 2 } as const;
  expect(noticeByHand({ ...seen, ordered: { part: "primary", epoch: 3 } })).toBeUndefined();
  expect(noticeByHand({ ...seen, ordered: undefined })).toBeUndefined();
  expect(noticeByHand({ ...seen, role: "none", ordered: { part: "primary", epoch: 3 } })).toBeUndefined();
  expect(noticeByHand({ ...seen, ordered: { part: "standby", epoch: 3 } })).toContain("by hand");
  expect(noticeByHand({ ...seen, ordered: { part: "fenced", epoch: 3 } })).toContain("it is fenced");
  expect(noticeByHand({ ...seen, role: "standby", ordered: { part: "primary", epoch: 3 } })).toContain(
    "changed it by hand",
  );
});

function controlFile(change: (head: Buffer) => void): Buffer {
  const head = Buffer.alloc(148);
  head.writeBigUInt64LE(7123n, 0);
  head.writeUInt32LE(1800, 8);
  head.writeUInt32LE(1, 16);
  head.writeBigUInt64LE(0x3000028n, 32);
  head.writeUInt32LE(2, 48);
  change(head);
  return head;
}

test("a control file tells system, state, checkpoint and timeline", () => {
  expect(
    parseControlFile(
      controlFile(() => {}),
      "f",
    ),
  ).toEqual({
    systemIdentifier: "7123",
    state: "shut down",
    checkpoint: 0x3000028n,
    timeline: 2,
    minRecovery: 0n,
  });
});

test("a server that was promoted and died before its first checkpoint is on the new timeline", () => {
  expect(
    parseControlFile(
      controlFile((head) => head.writeUInt32LE(3, 144)),
      "f",
    ).timeline,
  ).toBe(3);
});

test("a control file of an unknown layout is refused", () => {
  expect(() =>
    parseControlFile(
      controlFile((head) => head.writeUInt32LE(1900, 8)),
      "f",
    ),
  ).toThrow("control version 1900");
  expect(() =>
    parseControlFile(
      controlFile((head) => head.writeUInt32LE(99, 16)),
      "f",
    ),
  ).toThrow(DriverError);
});
