// What the router's tests stand on: a fake agent to poll, clocks to turn, an origin that answers when it is told to, real sockets.

import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from "node:net";
import type { GroupRoute, RouteConfig } from "../../src/core/route/config.ts";
import type { Disk } from "../../src/ports/disk.ts";
import type { ConfigSource } from "../../src/router/configuration.ts";
import type { RouterLimits } from "../../src/router/limits.ts";
import { type Listening, makeRouter, type Router } from "../../src/router/router.ts";
import type { RequestOf } from "../../src/wire/calls.ts";

export const farAway = { monotonicMs: 1e12, wallMs: 1e13 };

export type FakeAgent = {
  readonly source: ConfigSource;
  readonly asked: RequestOf<"router-config">[];
  /** Answers the next polls with this. Resolves when the router has polled again, so works by it. */
  give(config: unknown): Promise<void>;
  /** Answers polls with a failure until the next `give`. */
  away(): void;
};

export function makeFakeAgent(): FakeAgent {
  let serial = 0;
  let current: unknown;
  let isAway = true;
  let wake: (() => void)[] = [];
  let pollers: { readonly serial: number; readonly done: () => void }[] = [];
  const asked: RequestOf<"router-config">[] = [];
  return {
    asked,
    source: async (asking, deadlineMs) => {
      asked.push(asking);
      pollers = pollers.filter((poller) => {
        if (asking.have < poller.serial) return true;
        poller.done();
        return false;
      });
      const isNews = !isAway && asking.have !== serial;
      if (!isNews) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(asking.waitMs, deadlineMs));
          wake.push(() => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
      if (isAway) return { kind: "failed", cause: "unreachable", why: "the test has it away" };
      return { kind: "answer", body: { ...(current as object), serial } };
    },
    give(config) {
      current = config;
      serial++;
      isAway = false;
      const taken = new Promise<void>((done) => pollers.push({ serial, done }));
      for (const resolve of wake) resolve();
      wake = [];
      return taken;
    },
    away() {
      isAway = true;
    },
  };
}

export function makeFakeDisk(initial?: Awaited<ReturnType<Disk["read"]>>): Disk & { readonly written: unknown[] } {
  const written: unknown[] = [];
  return {
    written,
    read: async () => {
      const last = written.at(-1);
      return last === undefined ? (initial ?? { kind: "absent" }) : { kind: "value", value: last };
    },
    write: async (_name, value) => {
      written.push(structuredClone(value));
    },
  };
}

export type Rig = {
  readonly router: Router;
  readonly at: Listening;
  readonly agent: FakeAgent;
  readonly disk: ReturnType<typeof makeFakeDisk>;
  /** Turn these. */
  readonly clocks: { monotonicMs: number; wallMs: number };
  readonly said: string[];
};

const started: { stop(): Promise<void> }[] = [];

/** To be called after each test: ends everything that was started here. */
export async function stopAll(): Promise<void> {
  for (const thing of started.splice(0).reverse()) await thing.stop();
}

export type RigOptions = {
  readonly region?: string;
  readonly limits?: Partial<RouterLimits>;
  readonly disk?: ReturnType<typeof makeFakeDisk>;
  readonly token?: string;
  readonly tcp?: Readonly<Record<string, string>>;
};

export async function startRouter(options: RigOptions = {}): Promise<Rig> {
  const agent = makeFakeAgent();
  const disk = options.disk ?? makeFakeDisk();
  const clocks = { monotonicMs: 1_000, wallMs: 1_000_000 };
  const said: string[] = [];
  const router = makeRouter({
    region: options.region ?? "north",
    listen: { http: "127.0.0.1:0", peer: "127.0.0.1:0", tcp: options.tcp ?? { orders: "127.0.0.1:0" } },
    token: options.token ?? "secret",
    via: (address) => address,
    configSource: agent.source,
    disk,
    instants: { monotonicMs: () => clocks.monotonicMs, wallMs: () => clocks.wallMs },
    log: { write: (_level, _part, sentence) => said.push(sentence) },
    limits: { drainMs: 200, pollWaitMs: 100, windowWaitMs: 30, ...options.limits },
  });
  const at = await router.start();
  started.push(router);
  return { router, at, agent, disk, clocks, said };
}

export const group = (over: Partial<GroupRoute> = {}): GroupRoute => ({
  group: "shop",
  generation: 1,
  epoch: 1,
  primary: "north",
  mode: "open",
  writeUntil: farAway,
  ...over,
});

export type ConfigFacts = {
  readonly region?: string;
  readonly group?: GroupRoute;
  readonly web?: readonly string[];
  readonly orders?: readonly string[];
  readonly peers?: Readonly<Record<string, string>>;
};

export function config(facts: ConfigFacts = {}): RouteConfig {
  return {
    serial: 0,
    region: facts.region ?? "north",
    groups: [facts.group ?? group()],
    services: [
      { service: "web", group: "shop", kind: "http", origins: facts.web ?? [] },
      { service: "orders", group: "shop", kind: "tcp", origins: facts.orders ?? [] },
    ],
    routes: [{ host: "shop.example", service: "web" }],
    peers: facts.peers ?? {},
  };
}

/** In a region that is not the primary's. */
export function elsewhere(primary: string, over: Partial<GroupRoute> = {}): GroupRoute {
  const { writeUntil: _, ...rest } = group({ primary, ...over });
  return rest;
}

const addressOf = (server: TcpServer): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

function listening(server: TcpServer): Promise<string> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(addressOf(server))));
}

export type Origin = {
  readonly address: string;
  readonly seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[];
};

/** An HTTP origin. The handler gets each request with its whole body. */
export async function startOrigin(
  handle: (response: ServerResponse, request: IncomingMessage, body: string) => void,
): Promise<Origin> {
  const seen: Origin["seen"] = [];
  const server: Server = createServer((incoming, response) => {
    let body = "";
    incoming.setEncoding("utf8");
    incoming.on("data", (part: string) => {
      body += part;
    });
    incoming.on("end", () => {
      seen.push({ method: incoming.method ?? "", url: incoming.url ?? "", headers: incoming.headers, body });
      handle(response, incoming, body);
    });
  });
  const address = await listening(server);
  started.push({
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  return { address, seen };
}

/** A TCP origin; the sockets it took are in `sockets`. */
export async function startTcpOrigin(
  onSocket: (socket: Socket) => void,
): Promise<{ readonly address: string; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  const address = await listening(server);
  started.push({
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  });
  return { address, sockets };
}

export type Answer = {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly cut: boolean;
};

export type Ask = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
};

/** One request on a connection of its own. `cut`: the answer broke off. Status 0: no answer at all. */
export function ask(address: string, what: Ask = {}): Promise<Answer> {
  const [host, port] = address.split(":") as [string, string];
  return new Promise((resolve) => {
    const asked = request({
      host,
      port: Number(port),
      method: what.method ?? "GET",
      path: what.path ?? "/",
      headers: what.headers ?? {},
      agent: false,
    });
    asked.on("response", (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => {
        body += part;
      });
      const end = (cut: boolean) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body, cut });
      answer.on("end", () => end(false));
      answer.on("error", () => end(true));
    });
    asked.on("error", () => resolve({ status: 0, headers: {}, body: "", cut: true }));
    asked.end(what.body);
  });
}

export type Client = {
  readonly socket: Socket;
  /** Everything received so far. */
  text(): string;
  /** Resolves when at least `length` characters have come, or the connection is over. */
  until(length: number): Promise<string>;
  readonly closed: Promise<void>;
};

export function dialTcp(address: string): Client {
  const [host, port] = address.split(":") as [string, string];
  const socket = connect({ host, port: Number(port), allowHalfOpen: true });
  let text = "";
  let isOver = false;
  const waiters: (() => void)[] = [];
  const wake = () => {
    for (const waiter of waiters.splice(0)) waiter();
  };
  socket.setEncoding("latin1");
  socket.on("data", (part: string) => {
    text += part;
    wake();
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => {
    const over = () => {
      isOver = true;
      wake();
      resolve();
    };
    socket.on("close", over);
    socket.on("end", over);
  });
  started.push({
    stop: async () => {
      socket.destroy();
    },
  });
  return {
    socket,
    text: () => text,
    closed,
    async until(length) {
      while (text.length < length && !isOver) await new Promise<void>((resolve) => waiters.push(resolve));
      return text;
    },
  };
}

/** Waits until a condition holds; the test's own time limit is the bound. */
export async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
