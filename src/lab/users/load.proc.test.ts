import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type LedgerEntry, openLedger, readLedgerEntries } from "./ledger.ts";
import { makeLoad } from "./load.ts";
import { runStubborn } from "./stubborn.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function router(name: string, handler: Handler) {
  const server = createServer((request, response) => {
    request.resume();
    handler(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { name, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const accept =
  (epoch: number, keys: string[] = []): Handler =>
  (request, response) => {
    keys.push(String(request.headers["idempotency-key"]));
    response.writeHead(201, { "leeward-acknowledged-epoch": String(epoch) }).end();
  };
const refuse: Handler = (_, response) => response.writeHead(503, { "leeward-not-executed": "1" }).end();
const silence: Handler = () => {};

function collecting() {
  const entries: LedgerEntry[] = [];
  return { entries, add: (entry: LedgerEntry) => void entries.push(entry), close: async () => {} };
}

const options = {
  host: "shop.example.com",
  run: "r",
  orderEveryMs: 10,
  markerEveryMs: 50,
  attemptMs: 60,
  totalMs: 400,
  inFlightMax: 100,
};

async function during(load: ReturnType<typeof makeLoad>, story: () => Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  const running = load.run(stop.signal);
  await story();
  stop.abort();
  await running;
}

test("every order and marker that was sent is in the ledger once, with its epoch and router", async () => {
  const ledger = collecting();
  const load = makeLoad({ ...options, routers: [await router("north", accept(3))] }, ledger);
  await during(load, () => sleep(200));
  const orders = ledger.entries.filter((entry) => entry.what === "order");
  expect(orders).toHaveLength(load.state.sent);
  expect(new Set(orders.map((entry) => entry.key)).size).toBe(orders.length);
  expect(ledger.entries.filter((entry) => entry.what === "marker")).toHaveLength(load.state.markers);
  expect(
    ledger.entries.every((entry) => entry.outcome === "acknowledged" && entry.epoch === 3 && entry.router === "north"),
  ).toBe(true);
  expect(load.state.acknowledged).toBe(orders.length);
});

test("silence sends the same key to the next router and stays there", async () => {
  const ledger = collecting();
  const keys: string[] = [];
  const asked: string[] = [];
  const north = await router("north", (request) => void asked.push(String(request.headers["idempotency-key"])));
  const south = await router("south", accept(2, keys));
  const load = makeLoad({ ...options, routers: [north, south] }, ledger);
  await during(load, () => sleep(300));
  expect(ledger.entries.every((entry) => entry.outcome === "acknowledged" && entry.router === "south")).toBe(true);
  for (const key of asked) expect(keys).toContain(key);
  // Once the first attempt timed out, later writes go to south straight away.
  expect(asked.length).toBeLessThan(keys.length);
  expect(load.state.highestEpoch).toBe(2);
});

test("clear answers that nothing was done end as refused, silence as unknown", async () => {
  const refused = collecting();
  await during(makeLoad({ ...options, routers: [await router("north", refuse)] }, refused), () => sleep(50));
  expect(new Set(refused.entries.map((entry) => entry.outcome))).toEqual(new Set(["refused"]));
  const unknown = collecting();
  await during(
    makeLoad({ ...options, routers: [await router("a", refuse), await router("b", silence)] }, unknown),
    () => sleep(50),
  );
  expect(new Set(unknown.entries.map((entry) => entry.outcome))).toEqual(new Set(["unknown"]));
});

test("what the bound forbids is withheld and counted", async () => {
  const ledger = collecting();
  const load = makeLoad({ ...options, inFlightMax: 5, routers: [await router("north", silence)] }, ledger);
  await during(load, () => sleep(300));
  expect(load.state.withheld).toBeGreaterThan(0);
  expect(load.state.inFlight).toBe(0);
  expect(ledger.entries).toHaveLength(load.state.sent + load.state.markers);
});

test("the stubborn client waits on its one connection and never goes elsewhere", async () => {
  const ledger = collecting();
  let connections = 0;
  const north = await router("north", accept(1));
  servers[0]?.on("connection", () => connections++);
  const stop = new AbortController();
  const running = runStubborn({ router: north, host: options.host, run: "r" }, ledger, stop.signal);
  await sleep(350);
  stop.abort();
  await running;
  expect(connections).toBe(1);
  expect(ledger.entries.filter((entry) => entry.outcome === "acknowledged").length).toBeGreaterThanOrEqual(2);
});

test("a ledger reads back what was written, without a torn last line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "leeward-ledger-"));
  const file = join(folder, "ledger.jsonl");
  const writer = openLedger(file);
  const entry: LedgerEntry = {
    client: "users",
    what: "order",
    key: "k",
    seq: 1,
    sentAt: 1,
    endedAt: 2,
    outcome: "acknowledged",
    attempts: 1,
  };
  writer.add(entry);
  await writer.close();
  writeFileSync(file, '{"client":"us', { flag: "a" });
  expect(readLedgerEntries(file)).toEqual([entry]);
  rmSync(folder, { recursive: true });
});
