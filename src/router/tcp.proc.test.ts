import type { Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import {
  ask,
  config,
  dialTcp,
  elsewhere,
  eventually,
  group,
  startOrigin,
  startRouter,
  startTcpOrigin,
  stopAll,
} from "../../test/support/router-rig.ts";

afterEach(stopAll);

const echo = (socket: Socket) => {
  socket.pipe(socket);
};

async function startPair(onSocket: (socket: Socket) => void, limits = {}) {
  const origin = await startTcpOrigin(onSocket);
  const north = await startRouter({ limits });
  const south = await startRouter({ region: "south", limits });
  await north.agent.give(config({ orders: [origin.address] }));
  await south.agent.give(config({ region: "south", group: elsewhere("north"), peers: { north: north.at.peer } }));
  return { origin, north, south };
}

const orders = (at: { tcp: Readonly<Record<string, string>> }): string => at.tcp.orders as string;

describe("sessions", () => {
  it("lead to a local origin, with half-close: the answer comes after the client's end", async () => {
    const origin = await startTcpOrigin((socket) => {
      let got = "";
      socket.on("data", (part) => {
        got += part;
      });
      socket.on("end", () => socket.end(`you said ${got}`));
    });
    const { at, agent, router } = await startRouter();
    await agent.give(config({ orders: [origin.address] }));
    const client = dialTcp(orders(at));
    client.socket.end("hello");
    expect(await client.until(14)).toBe("you said hello");
    await client.closed;
    await eventually(() => router.status().sessions === 0);
  });

  it("lead through two routers by CONNECT", async () => {
    const { north, south } = await startPair(echo);
    const client = dialTcp(orders(south.at));
    client.socket.write("select 1");
    expect(await client.until(8)).toBe("select 1");
    expect(north.router.status().sessions).toBe(1);
    client.socket.destroy();
    await eventually(() => north.router.status().sessions === 0 && south.router.status().sessions === 0);
  });

  it("carry megabytes both ways unharmed, at the pace of a slow reader", async () => {
    const { south } = await startPair(echo);
    const client = dialTcp(orders(south.at));
    const sent = Array.from({ length: 40 }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(100_000)).join("");
    client.socket.pause();
    client.socket.write(sent);
    setTimeout(() => client.socket.resume(), 50);
    const got = await client.until(sent.length);
    expect(got === sent).toBe(true);
  });

  it("are refused beyond the bound", async () => {
    const origin = await startTcpOrigin(echo);
    const { at, agent, router } = await startRouter({ limits: { sessionsMax: 1 } });
    await agent.give(config({ orders: [origin.address] }));
    const first = dialTcp(orders(at));
    first.socket.write("x");
    await first.until(1);
    const second = dialTcp(orders(at));
    await second.closed;
    expect(router.status().sessions).toBe(1);
    first.socket.write("y");
    expect(await first.until(2)).toBe("xy");
  });
});

describe("the gate (I1)", () => {
  const until = { monotonicMs: 2_000, wallMs: 2_000_000 };
  it.each([
    ["monotonic", "monotonicMs", 2_000],
    ["wall", "wallMs", 2_000_000],
  ] as const)("lets no byte through at the %s end of the window and closes the session", async (_, clock, to) => {
    const origin = await startTcpOrigin(echo);
    const { at, agent, clocks } = await startRouter();
    await agent.give(config({ orders: [origin.address], group: group({ writeUntil: until }) }));
    const client = dialTcp(orders(at));
    client.socket.write("begin;");
    await client.until(6);
    clocks[clock] = to;
    client.socket.write("commit;");
    await client.closed;
    expect(client.text()).toBe("begin;");
  });

  it("lets the waiting bytes through when the window is renewed under the same epoch", async () => {
    const origin = await startTcpOrigin(echo);
    const { at, agent, clocks } = await startRouter({ limits: { windowWaitMs: 5_000 } });
    await agent.give(config({ orders: [origin.address], group: group({ writeUntil: until }) }));
    const client = dialTcp(orders(at));
    client.socket.write("begin;");
    await client.until(6);
    clocks.monotonicMs = 2_500;
    client.socket.write("commit;");
    await agent.give(
      config({ orders: [origin.address], group: group({ writeUntil: { monotonicMs: 9_000, wallMs: 9e9 } }) }),
    );
    expect(await client.until(13)).toBe("begin;commit;");
  });

  it("closes at the primary what a peer's client waits for, and so for the client", async () => {
    const { north, south } = await startPair(echo);
    const client = dialTcp(orders(south.at));
    client.socket.write("begin;");
    await client.until(6);
    north.clocks.wallMs = 1e13;
    client.socket.write("commit;");
    await client.closed;
    expect(client.text()).toBe("begin;");
  });
});

describe("switches", () => {
  it("close old sessions at the new epoch, at the edge and at the old primary", async () => {
    const { north, south, origin } = await startPair(echo);
    const far = dialTcp(orders(south.at));
    const near = dialTcp(orders(north.at));
    for (const client of [far, near]) {
      client.socket.write("x");
      await client.until(1);
    }
    await south.agent.give(config({ region: "south", group: group({ primary: "south", epoch: 2, generation: 2 }) }));
    await far.closed;
    await north.agent.give(
      config({ group: elsewhere("south", { epoch: 2, generation: 2 }), orders: [origin.address] }),
    );
    await near.closed;
    expect(north.router.status().sessions).toBe(0);
  });

  it("keep old sessions through the hold, and new ones waiting until the new primary is there", async () => {
    const here = await startTcpOrigin((socket) => socket.end("south"));
    const { south, north } = await startPair(echo);
    const old = dialTcp(orders(south.at));
    old.socket.write("x");
    await old.until(1);
    const peers = { north: north.at.peer };
    await south.agent.give(
      config({ region: "south", group: elsewhere("north", { mode: "hold", generation: 2 }), peers }),
    );
    old.socket.write("y");
    expect(await old.until(2)).toBe("xy");
    const fresh = dialTcp(orders(south.at));
    await eventually(() => south.router.status().held === 1);
    await south.agent.give(
      config({ region: "south", orders: [here.address], group: group({ primary: "south", epoch: 2, generation: 3 }) }),
    );
    expect(await fresh.until(5)).toBe("south");
    await old.closed;
  });

  it("free a client from a dial into silence at once", async () => {
    const silent = await startTcpOrigin(() => {});
    const here = await startTcpOrigin((socket) => socket.end("south"));
    const south = await startRouter({ region: "south", limits: { connectTimeoutMs: 60_000, holdMs: 60_000 } });
    await south.agent.give(config({ region: "south", group: elsewhere("north"), peers: { north: silent.address } }));
    const client = dialTcp(orders(south.at));
    await eventually(() => silent.sockets.length === 1);
    await south.agent.give(
      config({ region: "south", orders: [here.address], group: group({ primary: "south", epoch: 2, generation: 2 }) }),
    );
    expect(await client.until(5)).toBe("south");
  });

  it("end a session that waited too long", async () => {
    const { at, agent, said } = await startRouter({ limits: { holdMs: 40 } });
    await agent.give(config({ group: group({ mode: "hold" }) }));
    const client = dialTcp(orders(at));
    await client.closed;
    await eventually(() => said.some((sentence) => sentence.includes("a switch of shop is under way")));
  });
});

describe("CONNECT", () => {
  const connectAs = (token: string, epoch: string, target = "orders:0") =>
    `CONNECT ${target} HTTP/1.1\r\nHost: orders:0\r\nProxy-Authorization: Bearer ${token}\r\nleeward-epoch: ${epoch}\r\n\r\n`;
  it.each([
    ["the wrong token", connectAs("guess", "1"), "401"],
    ["a lower epoch", connectAs("secret", "0"), "503"],
    ["no epoch", connectAs("secret", "none"), "400"],
    ["an HTTP service", connectAs("secret", "1", "web:0"), "404"],
    ["anything but a service", connectAs("secret", "1", "10.0.0.1:22"), "400"],
  ])("is refused with %s", async (_, text, status) => {
    const { north, origin } = await startPair(echo);
    const client = dialTcp(north.at.peer);
    client.socket.write(text);
    await client.closed;
    expect(client.text()).toContain(`HTTP/1.1 ${status}`);
    expect(client.text()).toContain("leeward-not-executed: 1");
    expect(origin.sockets).toHaveLength(0);
  });

  it("is refused in hold, and the sender keeps its client waiting", async () => {
    const { north, south, origin } = await startPair(echo);
    await north.agent.give(config({ orders: [origin.address], group: group({ mode: "hold", generation: 2 }) }));
    const client = dialTcp(orders(south.at));
    await eventually(() => south.router.status().held === 1);
    await north.agent.give(config({ orders: [origin.address], group: group({ generation: 3 }) }));
    client.socket.write("x");
    expect(await client.until(1)).toBe("x");
  });
});

describe("rubbish", () => {
  it("from an origin never ends the process: a write is then of unknown outcome, never acknowledged", async () => {
    let rubbish: Uint8Array = new Uint8Array();
    const origin = await startTcpOrigin((socket) => socket.once("data", () => socket.end(rubbish)));
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    const texts = fc.constantFrom(
      "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 \u0001\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: \u0001\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
      "HTTP/1.1 103 Hints\r\n\r\n",
      "",
    );
    const bytes = fc.oneof(
      texts.map((text) => new Uint8Array(Buffer.from(text, "latin1"))),
      fc.uint8Array({ maxLength: 200 }),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom("POST", "GET"), async (some, method) => {
        rubbish = some;
        const answer = await ask(at.http, { method, ...(method === "POST" ? { body: "x" } : {}) });
        expect(answer.headers["leeward-acknowledged-epoch"]).toBeUndefined();
        if (method === "POST") expect(answer.status).toBe(504);
      }),
      { numRuns: 60 },
    );
  });

  it("at any port never ends the process, and the next request is served", async () => {
    const web = await startOrigin((response) => response.end("ok"));
    const origin = await startTcpOrigin(echo);
    const { at, agent, router } = await startRouter();
    await agent.give(config({ web: [web.address], orders: [origin.address] }));
    const head = fc.constantFrom(
      "",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n",
      "CONNECT orders:0 HTTP/1.1\r\nHost: h\r\n\r\n",
      "CONNECT orders:0 HTTP/1.1\r\nHost: h\r\nProxy-Authorization: Bearer secret\r\nleeward-epoch: 1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nProxy-Authorization: Bearer secret\r\nleeward-epoch: 1\r\nleeward-service: web\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(at.http, at.peer, orders(at)),
        head,
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        async (port, text, bytes, abrupt) => {
          const client = dialTcp(port);
          await new Promise((resolve) => client.socket.once("connect", resolve));
          client.socket.write(text, "latin1");
          await new Promise((resolve) => client.socket.write(bytes, resolve));
          if (abrupt) client.socket.resetAndDestroy();
          else {
            client.socket.end();
            await Promise.race([client.closed, new Promise((resolve) => setTimeout(resolve, 20))]);
            client.socket.destroy();
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(await ask(at.http)).toMatchObject({ status: 200, body: "ok" });
    await eventually(() => router.status().sessions === 0 && router.status().inFlight === 0);
  });
});
