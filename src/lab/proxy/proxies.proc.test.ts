import { once } from "node:events";
import { Agent, createServer as createHttpServer, request as httpRequest } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openProxies, type Proxies, splitAddress } from "./proxies.ts";

let echo: Server;
let proxies: Proxies;
const sockets: Socket[] = [];
const accepted: Socket[] = [];
const received: string[] = [];

beforeEach(async () => {
  received.length = 0;
  accepted.length = 0;
  echo = createServer((socket) => {
    accepted.push(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received.push(String(chunk));
      socket.write(chunk);
    });
  });
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(echo.address() as AddressInfo).port}`;
  proxies = await openProxies({
    places: ["north", "south", "users"],
    ways: [{ from: "users", to: "north", address }],
    delayMs: 5,
  });
});

afterEach(async () => {
  for (const socket of [...sockets.splice(0), ...accepted]) socket.destroy();
  await proxies.close();
  await new Promise((resolve) => echo.close(resolve));
});

async function dial(): Promise<{ readonly socket: Socket; readonly heard: string[]; readonly end: string[] }> {
  const { host, port } = splitAddress(proxies.ways[0]?.listen ?? "");
  const socket = connect({ host, port });
  sockets.push(socket);
  const heard: string[] = [];
  const end: string[] = [];
  socket.on("data", (chunk) => heard.push(String(chunk)));
  socket.on("end", () => end.push("end"));
  socket.on("error", (error: NodeJS.ErrnoException) => end.push(String(error.code)));
  await once(socket, "connect");
  return { socket, heard, end };
}

async function eventually(truth: () => boolean): Promise<void> {
  const until = performance.now() + 5_000;
  while (!truth()) {
    if (performance.now() > until) throw new Error("it did not come about within 5 s");
    await sleep(2);
  }
}

const nothing = async (): Promise<void> => void (await sleep(80));

test("bytes arrive in order and not before the delay of both ways", async () => {
  const { socket, heard } = await dial();
  const started = performance.now();
  const text = Array.from({ length: 500 }, (_, index) => `${index},`).join("");
  for (const part of text.match(/.{1,7}/g) ?? []) socket.write(part);
  await eventually(() => heard.join("").length === text.length);
  expect(heard.join("")).toBe(text);
  expect(performance.now() - started).toBeGreaterThanOrEqual(9);
});

test("many megabytes pass whole", async () => {
  const { socket, heard } = await dial();
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    heard.length = 0;
  });
  const block = Buffer.alloc(1024 * 1024, 7);
  for (let index = 0; index < 40; index++) socket.write(block);
  await eventually(() => bytes === 40 * block.length);
});

test("a swallowed direction delivers nothing, not even what was in flight, and no end", async () => {
  const { socket, heard, end } = await dial();
  socket.write("one");
  await eventually(() => heard.length === 1);
  socket.write("in flight");
  await sleep(1);
  proxies.order({ from: "users", to: "north", kind: "swallow" });
  socket.write("two");
  await nothing();
  expect(received).toEqual(["one"]);
  socket.end();
  await nothing();
  expect(accepted[0]?.readableEnded).toBe(false);
  expect(end).toEqual([]);
});

test("a one-way cut still delivers the other way", async () => {
  const { socket, heard, end } = await dial();
  socket.write("one");
  await eventually(() => heard.length === 1);
  proxies.order({ from: "north", to: "users", kind: "swallow" });
  socket.write("two");
  await eventually(() => received.length === 2);
  await nothing();
  expect(heard).toEqual(["one"]);
  accepted[0]?.destroy();
  await nothing();
  expect(end).toEqual([]);
});

test("a new connection during a cut goes into the void and is reset by the heal", async () => {
  proxies.order({ from: "*", to: "north", kind: "swallow" });
  const { socket, heard, end } = await dial();
  socket.write("anyone?");
  await nothing();
  expect(accepted).toHaveLength(0);
  expect(heard).toEqual([]);
  expect(end).toEqual([]);
  proxies.order({ from: "*", to: "*", kind: "heal" });
  await eventually(() => end.includes("ECONNRESET"));
});

test("after a heal a connection that lost bytes is reset at both ends, one that was idle goes on", async () => {
  const lossy = await dial();
  lossy.socket.write("a");
  await eventually(() => lossy.heard.length === 1);
  const idle = await dial();
  idle.socket.write("b");
  await eventually(() => idle.heard.length === 1);
  proxies.order({ from: "*", to: "north", kind: "swallow" });
  lossy.socket.write("lost");
  await nothing();
  proxies.order({ from: "*", to: "*", kind: "heal" });
  await eventually(() => lossy.end.includes("ECONNRESET") && accepted[0]?.destroyed === true);
  idle.socket.write("c");
  await eventually(() => idle.heard.join("") === "bc");
});

test("refuse resets what is established and what is new", async () => {
  const before = await dial();
  before.socket.write("one");
  await eventually(() => before.heard.length === 1);
  proxies.order({ from: "users", to: "north", kind: "refuse" });
  await eventually(() => before.end.includes("ECONNRESET"));
  const { host, port } = splitAddress(proxies.ways[0]?.listen ?? "");
  const after = connect({ host, port });
  sockets.push(after);
  const [error] = (await once(after, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNRESET");
});

test("a dead address is answered with a reset, since its host says no", async () => {
  for (const socket of accepted) socket.destroy();
  await new Promise((resolve) => echo.close(resolve));
  const { socket, end } = await dial();
  socket.write("anyone?");
  await eventually(() => end.length > 0);
  expect(end).toContain("ECONNRESET");
});

test("an end of stream passes", async () => {
  const { socket, heard, end } = await dial();
  socket.write("one");
  await eventually(() => heard.length === 1);
  accepted[0]?.end();
  await eventually(() => end.includes("end"));
});

test("lost chunks come late but come, in order", async () => {
  proxies.order({ from: "*", to: "*", kind: "loss", share: 0.5 });
  const { socket, heard } = await dial();
  for (let index = 0; index < 10; index++) {
    socket.write(`${index}`);
    await sleep(3);
  }
  await eventually(() => heard.join("") === "0123456789");
});

test("orders that make no sense are refused with a sentence", () => {
  expect(proxies.order({ from: "nroth", to: "*", kind: "swallow" })).toBe(
    "there is no place nroth; there are north, south, users",
  );
  expect(proxies.order({ from: "north", to: "north", kind: "heal" })).toBe("a place has no link to itself");
  expect(proxies.order({ from: "north", to: "south", kind: "delay" })).toBe("delay needs ms");
});

/** One request on a new connection: the status of the answer, and how long it took. */
async function request(listen: string): Promise<{ readonly status: number; readonly tookMs: number }> {
  const startedAt = performance.now();
  const response = await fetch(`http://${listen}/`, { headers: { connection: "close" } });
  await response.text();
  return { status: response.status, tookMs: performance.now() - startedAt };
}

async function openShop(
  serves: boolean,
): Promise<{ readonly listen: string; readonly open: Proxies; close(): Promise<void> }> {
  const shop = createHttpServer((_, response) => response.end("fine"));
  await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(shop.address() as AddressInfo).port}`;
  const open = await openProxies({
    places: ["north", "users"],
    ways: [{ from: "users", to: "north", address, ...(serves ? { serves: true } : {}) }],
    delayMs: 0,
  });
  return {
    listen: open.ways[0]?.listen ?? "",
    open,
    async close() {
      await open.close();
      shop.closeAllConnections();
      await new Promise((resolve) => shop.close(resolve));
    },
  };
}

test("a share of a service's answers is a failure, and no other address is touched", async () => {
  const shop = await openShop(true);
  const other = await openShop(false);
  for (const { open } of [shop, other]) open.order({ from: "north", to: "*", kind: "fail", share: 0.5 });
  const statuses: number[] = [];
  for (let index = 0; index < 60; index++) statuses.push((await request(shop.listen)).status);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  for (let index = 0; index < 20; index++) expect((await request(other.listen)).status).toBe(200);
  shop.open.order({ from: "north", to: "*", kind: "heal" });
  for (let index = 0; index < 20; index++) expect((await request(shop.listen)).status).toBe(200);
  await shop.close();
  await other.close();
});

test("a kept connection ends with its failed answer, and the next one is asked on a new one", async () => {
  const shop = await openShop(true);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = httpRequest(`http://${shop.listen}/`, { agent }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode));
      });
      sent.on("error", reject);
      sent.end();
    });
  expect(await ask()).toBe(200);
  shop.open.order({ from: "north", to: "users", kind: "fail", share: 1 });
  expect(await ask()).toBe(503);
  expect(await ask()).toBe(503);
  shop.open.order({ from: "north", to: "users", kind: "fail", share: 0 });
  expect(await ask()).toBe(200);
  agent.destroy();
  await shop.close();
});

test("late answers come later by what was ordered, and nothing else does", async () => {
  const shop = await openShop(true);
  const other = await openShop(false);
  for (const { open } of [shop, other]) open.order({ from: "north", to: "users", kind: "late", ms: 400 });
  expect((await request(shop.listen)).tookMs).toBeGreaterThanOrEqual(399);
  expect((await request(other.listen)).status).toBe(200);
  expect(shop.open.order({ from: "north", to: "users", kind: "late" })).toBe("late needs ms");
  expect(shop.open.order({ from: "north", to: "users", kind: "fail" })).toBe("fail needs share");
  await shop.close();
  await other.close();
});
