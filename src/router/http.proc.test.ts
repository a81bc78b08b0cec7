import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  ask,
  config,
  dialTcp,
  elsewhere,
  eventually,
  group,
  makeFakeDisk,
  startOrigin,
  startRouter,
  stopAll,
} from "../../test/support/router-rig.ts";

afterEach(stopAll);

const post = (body = "order") => ({ method: "POST", path: "/orders", body });
const why = (body: string): string => (JSON.parse(body) as { why: string }).why;

/** An origin whose answers wait for `release`. */
async function startSlowOrigin() {
  const waiting: ServerResponse[] = [];
  const origin = await startOrigin((response) => waiting.push(response));
  return {
    ...origin,
    waiting,
    arrived: (count: number) => eventually(() => waiting.length >= count),
    release: (body = "done") => {
      for (const response of waiting.splice(0)) response.end(body);
    },
  };
}

/** A port nobody listens on. */
async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${(address as { port: number }).port}`;
}

describe("passing on", () => {
  it("forwards method, path, body and end-to-end headers, and takes out what is for one hop or for routers", async () => {
    const origin = await startOrigin((response, request) => {
      response.setHeader("leeward-not-executed", "1");
      response.setHeader("leeward-acknowledged-epoch", "99");
      response.setHeader("X-Mine", "yes");
      response.writeHead(201);
      response.end(`got ${request.url}`);
    });
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    const answer = await ask(at.http, {
      method: "POST",
      path: "/orders?x=1",
      headers: {
        Host: "shop.example",
        Authorization: "Basic user",
        "Proxy-Authorization": "Bearer user",
        "Leeward-Epoch": "77",
        Connection: "close, X-Hop",
        "X-Hop": "1",
        "X-Forwarded-For": "10.0.0.1",
      },
      body: "two pens",
    });
    expect(answer).toMatchObject({ status: 201, body: "got /orders?x=1", cut: false });
    expect(answer.headers["x-mine"]).toBe("yes");
    expect(answer.headers["leeward-acknowledged-epoch"]).toBe("1");
    expect(answer.headers["leeward-not-executed"]).toBeUndefined();
    const seen = origin.seen[0];
    expect(seen).toMatchObject({ method: "POST", url: "/orders?x=1", body: "two pens" });
    expect(seen?.headers).toMatchObject({
      host: "shop.example",
      authorization: "Basic user",
      "x-forwarded-for": "10.0.0.1, 127.0.0.1",
      "x-forwarded-proto": "http",
    });
    for (const name of ["proxy-authorization", "leeward-epoch", "x-hop"]) expect(seen?.headers[name]).toBeUndefined();
  });

  it("says nothing of acknowledgement on a read", async () => {
    const origin = await startOrigin((response) => response.end("list"));
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    const answer = await ask(at.http);
    expect(answer).toMatchObject({ status: 200, body: "list" });
    expect(answer.headers["leeward-acknowledged-epoch"]).toBeUndefined();
  });

  it("streams bodies too large to be kept, both ways, unharmed", async () => {
    const big = "x".repeat(3_000_000);
    const origin = await startOrigin((response, _request, body) => response.end(body));
    const { at, agent, router } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    const answer = await ask(at.http, post(big));
    expect(answer.status).toBe(200);
    expect(answer.body === big).toBe(true);
    expect(router.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  });

  it("passes a silent stream's head on at once", async () => {
    const origin = await startOrigin((response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.flushHeaders();
    });
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    const client = dialTcp(at.http);
    client.socket.write("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    expect(await client.until(15)).toContain("200 OK");
  });

  it("answers HEAD and 304 without a body and without hanging", async () => {
    const origin = await startOrigin((response, request) => {
      if (request.method === "HEAD") response.setHeader("Content-Length", "1234");
      else response.statusCode = 304;
      response.end();
    });
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    expect(await ask(at.http, { method: "HEAD" })).toMatchObject({
      status: 200,
      headers: { "content-length": "1234" },
    });
    expect(await ask(at.http)).toMatchObject({ status: 304 });
    expect(await ask(at.http, { method: "DELETE" })).toMatchObject({ status: 304 });
  });

  it("answers pipelined requests in order, each checked when its turn has come", async () => {
    const origin = await startSlowOrigin();
    const { at, agent, clocks } = await startRouter();
    await agent.give(
      config({ web: [origin.address], group: group({ writeUntil: { monotonicMs: 2_000, wallMs: 9e12 } }) }),
    );
    const one = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
    const client = dialTcp(at.http);
    client.socket.write(one + one);
    await origin.arrived(1);
    clocks.monotonicMs = 1_500;
    origin.release();
    await origin.arrived(1);
    clocks.monotonicMs = 2_000;
    origin.release();
    await eventually(() => client.text().includes("unknown"));
    expect(client.text().match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 504"]);
  });

  it("goes on to the next origin when one refuses connections", async () => {
    const origin = await startOrigin((response) => response.end("ok"));
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [await freeAddress(), origin.address] }));
    for (let i = 0; i < 4; i++) expect(await ask(at.http, post())).toMatchObject({ status: 200 });
    expect(origin.seen).toHaveLength(4);
  });

  it("says that a write is of unknown outcome when its origin breaks off, and repeats a read", async () => {
    let broken = 0;
    const origin = await startOrigin((response, request) => {
      if (request.method === "POST" || broken++ === 0) response.destroy();
      else response.end("second time");
    });
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    const write = await ask(at.http, post());
    expect(write.status).toBe(504);
    expect(JSON.parse(write.body)).toMatchObject({ error: "unknown" });
    expect(write.headers["leeward-not-executed"]).toBeUndefined();
    expect(await ask(at.http)).toMatchObject({ status: 200, body: "second time" });
  });

  it("refuses websockets, bodies beyond the bound, and unknown hosts, each with a sentence", async () => {
    const { at, agent } = await startRouter({ limits: { bodyBytesMax: 10 } });
    const two = {
      ...config(),
      routes: [
        { host: "a.example", service: "web" },
        { host: "b.example", service: "web" },
      ],
    };
    await agent.give(two);
    const socket = await ask(at.http, { headers: { Connection: "Upgrade", Upgrade: "websocket" } });
    expect(socket).toMatchObject({ status: 501 });
    expect(why(socket.body)).toContain("websockets");
    expect(await ask(at.http, { ...post("x".repeat(11)), headers: { Host: "a.example" } })).toMatchObject({
      status: 413,
    });
    const lost = await ask(at.http, { headers: { Host: "c.example" } });
    expect(lost.status).toBe(404);
    expect(why(lost.body)).toContain("c.example");
  });

  it("counts outcomes per region and service for the agent", async () => {
    const origin = await startOrigin((response, request) => {
      response.statusCode = request.url === "/bad" ? 500 : 200;
      response.end();
    });
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    await ask(at.http);
    await ask(at.http, { path: "/bad" });
    const told = () => agent.asked.flatMap((asked) => asked.outcomes);
    await eventually(() => told().reduce((sum, outcome) => sum + outcome.ok + outcome.failed, 0) === 2);
    expect(told().every(({ region, service }) => region === "north" && service === "web")).toBe(true);
    expect(told().reduce((sum, { failed }) => sum + failed, 0)).toBe(1);
  });
});

describe("the clock at each acknowledgement (I1)", () => {
  const until = { monotonicMs: 2_000, wallMs: 2_000_000 };
  const jumps: readonly [string, "monotonicMs" | "wallMs", number][] = [
    ["the monotonic clock alone", "monotonicMs", 2_000],
    ["the wall clock alone", "wallMs", 2_000_000],
  ];
  it.each(jumps)("holds a write's answer back when %s has passed the window", async (_, clock, to) => {
    const origin = await startSlowOrigin();
    const { at, agent, clocks } = await startRouter();
    await agent.give(config({ web: [origin.address], group: group({ writeUntil: until }) }));
    const asked = ask(at.http, post());
    await origin.arrived(1);
    clocks[clock] = to;
    origin.release("order 17 is stored");
    const answer = await asked;
    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.body)).toMatchObject({ error: "unknown" });
    expect(answer.body).not.toContain("order 17");
    expect(answer.headers["leeward-acknowledged-epoch"]).toBeUndefined();
  });

  it("lets the answer through just before", async () => {
    const origin = await startSlowOrigin();
    const { at, agent, clocks } = await startRouter();
    await agent.give(config({ web: [origin.address], group: group({ writeUntil: until }) }));
    const asked = ask(at.http, post());
    await origin.arrived(1);
    clocks.monotonicMs = 1_999.9;
    origin.release();
    expect(await asked).toMatchObject({ status: 200, body: "done" });
  });

  it("lets it through when the window is renewed under the same epoch in time", async () => {
    const origin = await startSlowOrigin();
    const { at, agent, clocks, router } = await startRouter({ limits: { windowWaitMs: 5_000 } });
    await agent.give(config({ web: [origin.address], group: group({ writeUntil: until }) }));
    const asked = ask(at.http, post());
    await origin.arrived(1);
    clocks.monotonicMs = 2_500;
    origin.release();
    await eventually(() => router.status().groups[0]?.hasWindow === false);
    await agent.give(
      config({ web: [origin.address], group: group({ writeUntil: { monotonicMs: 4_000, wallMs: 4_000_000 } }) }),
    );
    expect(await asked).toMatchObject({ status: 200, body: "done" });
  });

  it("cuts a large answer off where the window ends", async () => {
    let going: ServerResponse | undefined;
    const origin = await startOrigin((response) => {
      going = response;
      response.write("a".repeat(100_000));
    });
    const { at, agent, clocks } = await startRouter();
    await agent.give(config({ web: [origin.address], group: group({ writeUntil: until }) }));
    const client = dialTcp(at.http);
    client.socket.write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    await client.until(100_000);
    clocks.monotonicMs = 2_000;
    going?.end("the end");
    await client.closed;
    expect(client.text()).not.toContain("the end");
  });

  it("keeps writes waiting past the window and lets reads go on", async () => {
    const origin = await startOrigin((response) => response.end("ok"));
    const { at, agent, clocks } = await startRouter({ limits: { holdMs: 50 } });
    await agent.give(config({ web: [origin.address], group: group({ writeUntil: until }) }));
    clocks.wallMs = 3_000_000;
    const write = await ask(at.http, post());
    expect(write).toMatchObject({ status: 503, headers: { "leeward-not-executed": "1", "retry-after": "1" } });
    expect(why(write.body)).toContain("lease of north");
    expect(await ask(at.http)).toMatchObject({ status: 200 });
    expect(origin.seen.map(({ method }) => method)).toEqual(["GET"]);
  });

  it("stops acknowledging as soon as the agent takes the window away", async () => {
    const origin = await startSlowOrigin();
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    const asked = ask(at.http, post());
    await origin.arrived(1);
    await agent.give(config({ web: [origin.address], group: elsewhere("north") }));
    origin.release();
    expect((await asked).status).toBe(504);
  });
});

describe("switches", () => {
  it("drops a write in flight at once when the epoch grows, and leaks nothing of its answer", async () => {
    const origin = await startSlowOrigin();
    const { at, agent, router } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    const asked = ask(at.http, post());
    await origin.arrived(1);
    await agent.give(config({ web: [origin.address], group: elsewhere("south", { epoch: 2, generation: 2 }) }));
    expect(await asked).toMatchObject({ status: 504 });
    expect(router.status().inFlight).toBe(0);
  });

  it("keeps requests in hold and sends them on when it is over, their bodies whole", async () => {
    const origin = await startOrigin((response, _request, body) => response.end(body));
    const { at, agent, router } = await startRouter();
    await agent.give(config({ web: [origin.address], group: group({ mode: "hold" }) }));
    const asked = [ask(at.http, post("one")), ask(at.http, post("two")), ask(at.http)];
    await eventually(() => router.status().held === 3);
    expect(origin.seen).toHaveLength(0);
    await agent.give(config({ web: [origin.address], group: group({ generation: 2 }) }));
    expect((await Promise.all(asked)).map(({ status, body }) => [status, body])).toEqual([
      [200, "one"],
      [200, "two"],
      [200, ""],
    ]);
  });

  it("lets what is in flight end during a hold, and tells the agent the count", async () => {
    const origin = await startSlowOrigin();
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    const asked = ask(at.http, post());
    await origin.arrived(1);
    await agent.give(config({ web: [origin.address], group: group({ mode: "hold", generation: 2 }) }));
    expect(agent.asked.at(-1)).toMatchObject({ waitMs: 25, applied: { shop: { generation: 2, inFlight: 1 } } });
    origin.release();
    expect(await asked).toMatchObject({ status: 200 });
    await eventually(() => agent.asked.at(-1)?.applied.shop?.inFlight === 0);
  });

  it("refuses as not executed when the hold lasts too long, or too many wait", async () => {
    const { at, agent, router } = await startRouter({ limits: { holdMs: 300, heldMax: 1 } });
    await agent.give(config({ group: group({ mode: "hold" }) }));
    const first = ask(at.http, post());
    await eventually(() => router.status().held === 1);
    const second = await ask(at.http, post());
    expect(second).toMatchObject({ status: 503, headers: { "leeward-not-executed": "1" } });
    expect(why(second.body)).toContain("as many requests as may wait");
    expect(await first).toMatchObject({ status: 503, headers: { "leeward-not-executed": "1" } });
  });

  it("works by no lower generation (I5)", async () => {
    const origin = await startOrigin((response) => response.end("north"));
    const { at, agent, said } = await startRouter();
    await agent.give(config({ web: [origin.address], group: group({ generation: 7, epoch: 3 }) }));
    await agent.give(config({ web: [origin.address], group: elsewhere("south", { generation: 6, epoch: 2 }) }));
    expect(await ask(at.http)).toMatchObject({ status: 200, body: "north" });
    expect(said.join()).toContain("left aside for shop");
  });

  it("keeps the last origins when none is ready (I6)", async () => {
    const origin = await startOrigin((response) => response.end("still here"));
    const { at, agent } = await startRouter();
    await agent.give(config({ web: [origin.address] }));
    await agent.give(config({ web: [], group: group({ generation: 2 }) }));
    expect(await ask(at.http, post())).toMatchObject({ status: 200, body: "still here" });
  });
});

describe("two routers", () => {
  async function startPair(limits = {}) {
    const origin = await startSlowOrigin();
    const north = await startRouter({ limits });
    const south = await startRouter({ region: "south", limits });
    const toNorth = { north: north.at.peer };
    await north.agent.give(config({ web: [origin.address] }));
    await south.agent.give(config({ region: "south", group: elsewhere("north"), peers: toNorth }));
    return { origin, north, south, toNorth };
  }

  it("lead a user of one region to an origin of the other, who sees the user's address once", async () => {
    const { origin, south } = await startPair();
    const asked = ask(south.at.http, {
      ...post("far"),
      headers: { Host: "shop.example", Authorization: "Basic user" },
    });
    await origin.arrived(1);
    origin.release();
    const answer = await asked;
    expect(answer).toMatchObject({ status: 200, body: "done" });
    expect(answer.headers["leeward-acknowledged-epoch"]).toBe("1");
    expect(origin.seen[0]?.headers).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      host: "shop.example",
      authorization: "Basic user",
    });
    expect(origin.seen[0]?.headers["leeward-service"]).toBeUndefined();
  });

  it("check the window where the lease is, and pass its verdict on", async () => {
    const { origin, north, south } = await startPair();
    await north.agent.give(
      config({ web: [origin.address], group: group({ writeUntil: { monotonicMs: 2_000, wallMs: 9e12 } }) }),
    );
    const asked = ask(south.at.http, post());
    await origin.arrived(1);
    north.clocks.monotonicMs = 2_000;
    origin.release();
    const answer = await asked;
    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.body)).toMatchObject({ error: "unknown" });
    expect(answer.headers["leeward-acknowledged-epoch"]).toBeUndefined();
  });

  it("drop at the edge what was sent under an epoch that is over there, though the old primary answers", async () => {
    const { origin, south } = await startPair();
    const asked = ask(south.at.http, post());
    await origin.arrived(1);
    await south.agent.give(config({ region: "south", group: group({ primary: "south", epoch: 2, generation: 2 }) }));
    origin.release();
    expect((await asked).status).toBe(504);
  });

  it("keep at the edge what the primary's router does not take, and send it on to the new primary", async () => {
    const { origin, north, south } = await startPair();
    const here = await startOrigin((response, _request, body) => response.end(`south has ${body}`));
    await north.agent.give(config({ web: [origin.address], group: group({ mode: "hold", generation: 2 }) }));
    const asked = ask(south.at.http, post("it"));
    await eventually(() => south.router.status().held === 1);
    await south.agent.give(
      config({ region: "south", web: [here.address], group: group({ primary: "south", epoch: 2, generation: 3 }) }),
    );
    expect(await asked).toMatchObject({ status: 200, body: "south has it" });
    expect(origin.seen).toHaveLength(0);
  });

  it("wait for a configuration that is behind the sender's", async () => {
    const { origin, north, south } = await startPair();
    await south.agent.give(
      config({
        region: "south",
        group: elsewhere("north", { epoch: 2, generation: 2 }),
        peers: { north: north.at.peer },
      }),
    );
    const asked = ask(south.at.http, post());
    await eventually(() => north.router.status().held === 1);
    await north.agent.give(config({ web: [origin.address], group: group({ epoch: 2, generation: 2 }) }));
    await origin.arrived(1);
    origin.release();
    expect(await asked).toMatchObject({ status: 200 });
  });

  it("refuse a lower epoch, a missing epoch and a wrong token", async () => {
    const { origin, north } = await startPair();
    await north.agent.give(config({ web: [origin.address], group: group({ epoch: 5, generation: 2 }) }));
    const headers = (token: string, epoch: string) => ({
      "Proxy-Authorization": `Bearer ${token}`,
      "leeward-epoch": epoch,
      "leeward-service": "web",
    });
    const lower = await ask(north.at.peer, { ...post(), headers: headers("secret", "4") });
    expect(lower).toMatchObject({ status: 503, headers: { "leeward-not-executed": "1", "leeward-epoch": "5" } });
    expect(await ask(north.at.peer, { ...post(), headers: headers("guess", "5") })).toMatchObject({ status: 401 });
    expect(await ask(north.at.peer, post())).toMatchObject({ status: 401 });
    expect(await ask(north.at.peer, { headers: headers("secret", "five") })).toMatchObject({ status: 400 });
    expect(origin.seen).toHaveLength(0);
    const status = await ask(north.at.peer, {
      path: "/v1/router-status",
      headers: { "Proxy-Authorization": "Bearer secret" },
    });
    expect(JSON.parse(status.body)).toMatchObject({ region: "north", groups: [{ group: "shop", epoch: 5 }] });
  });

  it("say that nothing was executed when the other one is gone", async () => {
    const south = await startRouter({ region: "south", limits: { holdMs: 120 } });
    await south.agent.give(
      config({ region: "south", group: elsewhere("north"), peers: { north: await freeAddress() } }),
    );
    const answer = await ask(south.at.http, post());
    expect(answer).toMatchObject({ status: 503, headers: { "leeward-not-executed": "1" } });
    expect(why(answer.body)).toContain("the router of north could not be reached");
  });

  it("bound what waits for a silent region", async () => {
    const { origin, south } = await startPair({ inFlightPerPeerMax: 1, holdMs: 60 });
    const first = ask(south.at.http, post());
    await origin.arrived(1);
    const second = await ask(south.at.http, post());
    expect(second.status).toBe(503);
    expect(why(second.body)).toContain("as many requests");
    origin.release();
    expect((await first).status).toBe(200);
  });

  it("give a silent region up at the deadline, outcome unknown", async () => {
    const { origin, south } = await startPair({ answerDeadlineMs: 60, peerExtraMs: 0 });
    const answer = await ask(south.at.http, post());
    expect(answer.status).toBe(504);
    expect(origin.seen).toHaveLength(1);
  });
});

describe("the last configuration", () => {
  it("is kept without its window and worked by after a restart; writes wait for the agent", async () => {
    const origin = await startOrigin((response) => response.end("ok"));
    const before = await startRouter();
    await before.agent.give(config({ web: [origin.address] }));
    await eventually(() => before.disk.written.length > 0);
    expect(JSON.stringify(before.disk.written)).not.toContain("writeUntil");
    await before.router.stop();
    const after = await startRouter({ disk: before.disk, limits: { holdMs: 50 } });
    expect(await ask(after.at.http)).toMatchObject({ status: 200 });
    const write = await ask(after.at.http, post());
    expect(write).toMatchObject({ status: 503, headers: { "leeward-not-executed": "1" } });
    expect(why(write.body)).toContain("agent of north");
    await after.agent.give(config({ web: [origin.address] }));
    expect(await ask(after.at.http, post())).toMatchObject({ status: 200 });
  });

  it.each([
    ["torn", { kind: "torn", why: "checksum" }, "torn"],
    ["of another region", { kind: "value", value: config({ region: "south" }) }, "belongs to region south"],
    ["something else", { kind: "value", value: { hello: 1 } }, "not one of this version"],
  ] as const)("is not used when it is %s: the router says so and waits for the agent", async (_, stored, sentence) => {
    const origin = await startOrigin((response) => response.end("ok"));
    const { at, agent, said, router } = await startRouter({ disk: makeFakeDisk(stored) });
    expect(said.join()).toContain(sentence);
    const asked = ask(at.http, post());
    await eventually(() => router.status().held === 1);
    await agent.give(config({ web: [origin.address] }));
    expect(await asked).toMatchObject({ status: 200 });
  });

  it("stays in force while the agent is away or talks nonsense, and nothing of it is said twice", async () => {
    const origin = await startOrigin((response) => response.end("ok"));
    const { at, agent, said } = await startRouter({ limits: { pollWaitMs: 20, backoffMaxMs: 20 } });
    await agent.give(config({ web: [origin.address] }));
    agent.away();
    await eventually(() => said.some((sentence) => sentence.includes("works on by the last one")));
    const count = agent.asked.length;
    await eventually(() => agent.asked.length > count + 3);
    expect(said.filter((sentence) => sentence.includes("works on by the last one"))).toHaveLength(1);
    expect(agent.asked.at(-1)?.have).toBe(0);
    expect(await ask(at.http, post())).toMatchObject({ status: 200 });
    void agent.give({ ...config(), groups: "?" });
    await eventually(() => said.some((sentence) => sentence.includes("left aside")));
    expect(await ask(at.http, post())).toMatchObject({ status: 200 });
  });
});

describe("start and stop", () => {
  it("names a port that is in use", async () => {
    const { at } = await startRouter();
    await expect(startRouter({ tcp: { orders: at.http } })).rejects.toThrow(
      /cannot listen on .*another process has it/,
    );
  });

  it("lets a request in flight end before it stops", async () => {
    const origin = await startSlowOrigin();
    const { at, agent, router } = await startRouter({ limits: { drainMs: 5_000 } });
    await agent.give(config({ web: [origin.address] }));
    const asked = ask(at.http, post());
    await origin.arrived(1);
    const stopped = router.stop();
    origin.release();
    expect(await asked).toMatchObject({ status: 200 });
    await stopped;
    expect(await ask(at.http)).toMatchObject({ status: 0 });
  });
});
