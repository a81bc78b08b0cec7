// The process of the fault proxies: `node main.ts CONFIG.json`. Says where it listens in one JSON line, then takes orders over HTTP on
// loopback until it is told to end.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { faultOrder } from "./faults.ts";
import { openProxies, type Proxies } from "./proxies.ts";

const config = z.object({
  places: z.array(z.string()),
  ways: z.array(
    z.object({ from: z.string(), to: z.string(), address: z.string(), serves: z.boolean().exactOptional() }),
  ),
  delayMs: z.number(),
  token: z.string().min(16),
});

const orderBytesMax = 64 * 1024;

const file = process.argv[2];
if (file === undefined) throw new Error("usage: main.ts CONFIG.json");
const { token, ...options } = config.parse(JSON.parse(await readFile(file, "utf8")));
const proxies = await openProxies(options);
const server = createServer((request, response) => void answer(request, response, proxies));
await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
const { port } = server.address() as AddressInfo;
// The token is in the address too, so that a plain POST to `faultUrl` is enough for anyone who was given it.
process.stdout.write(
  `${JSON.stringify({ ready: true, faultUrl: `http://127.0.0.1:${port}/faults?token=${token}`, ways: proxies.ways })}\n`,
);

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));

async function answer(request: IncomingMessage, response: ServerResponse, open: Proxies): Promise<void> {
  const say = (status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json", connection: "close" });
    response.end(`${JSON.stringify(body)}\n`);
  };
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const given = request.headers.authorization?.replace(/^Bearer /, "") ?? url.searchParams.get("token");
  if (given !== token) return say(401, { why: "the token of this lab is missing or wrong" });
  if (request.method === "GET") return say(200, { links: open.links, ways: open.ways });
  if (request.method !== "POST") return say(405, { why: "POST an order, or GET the links" });
  try {
    let text = "";
    for await (const chunk of request) {
      text += String(chunk);
      if (text.length > orderBytesMax) return say(413, { why: "the order is too long" });
    }
    const order = faultOrder.safeParse(JSON.parse(text));
    if (!order.success) return say(400, { why: z.prettifyError(order.error) });
    const changed = open.order(order.data);
    if (typeof changed === "string") return say(400, { why: changed });
    return say(200, { links: changed, at: performance.timeOrigin + performance.now() });
  } catch (error) {
    return say(400, { why: `not an order: ${error instanceof Error ? error.message : String(error)}` });
  }
}
