// How much a router costs: requests a second through it, as a share of a raw Node socket pipe measured in the same run.
//
//   node bench/router.ts [--seconds 2] [--rounds 3] [--json]
//
// Origin, raw pipe and router are processes of their own; the rounds are interleaved, because other work on the machine moves all
// figures alike. Read the ratios.

import { type ChildProcess, fork } from "node:child_process";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { parseArgs } from "node:util";
import { machineInstants } from "../src/router/instants.ts";
import { makeRouter } from "../src/router/router.ts";

const connections = 32;
const get = Buffer.from("GET /bench HTTP/1.1\r\nHost: bench\r\n\r\n");
const post = Buffer.from("POST /bench HTTP/1.1\r\nHost: bench\r\nContent-Length: 11\r\n\r\nhello world");

type Ready = Readonly<Record<string, string>>;

const roles: Readonly<Record<string, (origin: string) => Promise<Ready>>> = {
  origin: async () => {
    const body = Buffer.from("x".repeat(200));
    const server = createHttpServer((request, response) => {
      request.resume();
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { origin: `127.0.0.1:${(server.address() as AddressInfo).port}` };
  },
  pipe: async (origin) => {
    const [host, port] = origin.split(":") as [string, string];
    const server = createServer({ noDelay: true }, (client) => {
      const upstream = connect({ host, port: Number(port), noDelay: true });
      client.pipe(upstream).pipe(client);
      for (const socket of [client, upstream]) {
        socket.on("error", () => {
          client.destroy();
          upstream.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { pipe: `127.0.0.1:${(server.address() as AddressInfo).port}` };
  },
  router: async (origin) => {
    const group = { group: "g", generation: 1, epoch: 1, primary: "here", mode: "open" };
    const config = {
      serial: 1,
      region: "here",
      groups: [
        {
          ...group,
          writeUntil: { monotonicMs: machineInstants.monotonicMs() + 3_600_000, wallMs: Date.now() + 3_600_000 },
        },
      ],
      services: [
        { service: "web", group: "g", kind: "http", origins: [origin] },
        { service: "raw", group: "g", kind: "tcp", origins: [origin] },
      ],
      routes: [{ host: "bench", service: "web" }],
      peers: {},
    };
    const router = makeRouter({
      region: "here",
      listen: { http: "127.0.0.1:0", peer: "127.0.0.1:0", tcp: { raw: "127.0.0.1:0" } },
      token: "bench",
      via: (address) => address,
      configSource: async (request) => {
        if (request.have === 1) await new Promise((resolve) => setTimeout(resolve, request.waitMs));
        return { kind: "answer", body: config };
      },
      disk: { read: async () => ({ kind: "absent" }), write: async () => {} },
      instants: machineInstants,
      log: { write: () => {} },
    });
    const at = await router.start();
    return { http: at.http, tcp: at.tcp.raw as string };
  },
};

function start(role: string, origin: string): Promise<{ readonly child: ChildProcess; readonly ready: Ready }> {
  const child = fork(import.meta.filename, [role, origin], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("message", (ready) => resolve({ child, ready: ready as Ready }));
    child.once("exit", (code) => reject(new Error(`the ${role} process ended with ${code} before it was ready`)));
  });
}

type Figures = { readonly perSecond: number; readonly p99Ms: number };

/** Keep-alive connections, each with one request under way. */
async function load(address: string, request: Buffer, ms: number): Promise<Figures> {
  const [host, port] = address.split(":") as [string, string];
  const times: number[] = [];
  const startedAt = performance.now();
  const endAt = startedAt + ms;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ host, port: Number(port), noDelay: true });
      let got = "";
      let sentAt = performance.now();
      socket.setEncoding("latin1");
      socket.on("connect", () => socket.write(request));
      socket.on("data", (part: string) => {
        got += part;
        // The body is 200 x; an answer is whole when it ends with them.
        const head = got.indexOf("\r\n\r\n");
        if (head < 0 || got.length < head + 4 + 200) return;
        if (!got.startsWith("HTTP/1.1 200")) reject(new Error(`unexpected answer: ${got.slice(0, 200)}`));
        got = "";
        const now = performance.now();
        times.push(now - sentAt);
        if (now >= endAt) {
          socket.destroy();
          resolve();
          return;
        }
        sentAt = now;
        socket.write(request);
      });
      socket.on("error", reject);
    });
  await Promise.all(Array.from({ length: connections }, one));
  times.sort((a, b) => a - b);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { perSecond: times.length / seconds, p99Ms: times[Math.floor(times.length * 0.99)] ?? 0 };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "2" },
      rounds: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
    },
  });
  const children: ChildProcess[] = [];
  const begin = async (role: string, origin: string): Promise<Ready> => {
    const { child, ready } = await start(role, origin);
    children.push(child);
    return ready;
  };
  try {
    const { origin } = (await begin("origin", "")) as { origin: string };
    const { pipe } = (await begin("pipe", origin)) as { pipe: string };
    const { http, tcp } = (await begin("router", origin)) as { http: string; tcp: string };
    const cases = [
      { name: "raw net pipe", address: pipe, request: get },
      { name: "router, TCP session", address: tcp, request: get },
      { name: "router, HTTP read", address: http, request: get },
      { name: "router, HTTP write", address: http, request: post },
    ] as const;
    const ms = Number(values.seconds) * 1_000;
    const results = cases.map(() => [] as Figures[]);
    for (const { address, request } of cases) await load(address, request, 500); // warm up
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [i, { address, request }] of cases.entries()) results[i]?.push(await load(address, request, ms));
    }
    const rows = cases.map(({ name }, i) => ({
      name,
      perSecond: Math.round(median((results[i] ?? []).map((figures) => figures.perSecond))),
      p99Ms: Number(median((results[i] ?? []).map((figures) => figures.p99Ms)).toFixed(2)),
      // Round by round, so that what else the machine did cancels out.
      ofPipe: Number(
        median(
          (results[i] ?? []).map((figures, round) => figures.perSecond / (results[0]?.[round]?.perSecond ?? 1)),
        ).toFixed(3),
      ),
    }));
    if (values.json) console.log(JSON.stringify({ connections, rounds: Number(values.rounds), rows }));
    else {
      for (const row of rows) {
        console.log(
          `${row.name.padEnd(22)} ${String(row.perSecond).padStart(7)} req/s   p99 ${String(row.p99Ms).padStart(6)} ms   ${row.ofPipe} of the pipe`,
        );
      }
    }
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

const [role, origin] = process.argv.slice(2);
const play = role === undefined ? undefined : roles[role];
if (play === undefined) await main();
else {
  process.send?.(await play(origin ?? ""));
  // The bench is over when its parent is, however that ended.
  process.on("disconnect", () => process.exit(0));
}
