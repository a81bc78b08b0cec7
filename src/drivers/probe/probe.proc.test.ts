import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { makeProber } from "./probe.ts";

const open = new Set<Socket>();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  // Whatever the test did, no look may leave a connection behind: the server's side of each goes by itself.
  while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const close of closing.splice(0)) await close();
});

async function listen(server: Server): Promise<string> {
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((done) => server.close(() => done())));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers every connection with these bytes, in these parts, and leaves it open unless told otherwise. */
function saying(parts: readonly string[], thenEnd = false): Promise<string> {
  return listen(
    createServer((socket) => {
      socket.once("data", () => {
        for (const part of parts) socket.write(part, "latin1");
        if (thenEnd) socket.end();
      });
    }),
  );
}

const prober = makeProber({
  via: { "south.example:80": "127.0.0.1:1" },
  secretOf: () => ({ kind: "missing", why: "The environment variable X is not set." }),
});
const head = (status: number, more = ""): string => `HTTP/1.1 ${status} Whatever\r\n${more}\r\n`;

describe("a look at an HTTP address", () => {
  test.each([200, 204, 301, 399])("with %i is well", async (status) => {
    expect(await prober.probe({ kind: "http", url: `http://${await saying([head(status)])}/healthz` }, 2_000)).toEqual({
      ok: true,
      roundTripMs: expect.any(Number),
    });
  });

  test.each([202, 400, 404, 500, 503])("with %i is not", async (status) => {
    expect(await prober.probe({ kind: "http", url: `http://${await saying([head(status)])}/` }, 2_000)).toMatchObject({
      ok: false,
      why: expect.stringContaining(`It answered with status ${status}`),
    });
  });

  test("asks for the path of the address at the host that was meant", async () => {
    let asked: unknown;
    const address = await listen(
      createHttpServer((request, response) => {
        asked = [request.method, request.url, request.headers.host];
        response.end("fine");
      }),
    );
    const one = makeProber({ via: { "south.example:80": address }, secretOf: () => ({ kind: "missing", why: "" }) });
    expect((await one.probe({ kind: "http", url: "http://south.example/healthz?deep=1" }, 2_000)).ok).toBe(true);
    expect(asked).toEqual(["GET", "/healthz?deep=1", "south.example"]);
  });

  test("reads an answer that comes in pieces, and past an interim one", async () => {
    const address = await saying([
      "HT",
      "TP/1.1 10",
      "0 Continue\r\n\r\nHTTP/1.1 2",
      "00 OK\r\ncontent-",
      "length: 0\r\n",
      "\r\n",
    ]);
    expect((await prober.probe({ kind: "http", url: `http://${address}/` }, 2_000)).ok).toBe(true);
  });

  test.each([
    ["nothing at all", [], "It did not answer within 80 ms."],
    ["half a head", ["HTTP/1.1 200 OK\r\ncontent-"], "It did not answer within 80 ms."],
    ["something else", ["SSH-2.0-OpenSSH\r\n"], "What it answered is not HTTP."],
    ["no status", ["HTTP/1.1 fine\r\n\r\n"], "What it answered is not HTTP."],
    ["a head without end", [`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(5_000)}`], "What it answered is not HTTP."],
  ])("with %s is not well", async (_, parts, why) => {
    expect(await prober.probe({ kind: "http", url: `http://${await saying(parts)}/` }, 80)).toMatchObject({
      ok: false,
      why,
    });
  });

  test("with an end instead of an answer is not well", async () => {
    expect(
      await prober.probe({ kind: "http", url: `http://${await saying(["HTTP/1.1 200"], true)}/` }, 2_000),
    ).toMatchObject({ ok: false, why: expect.stringContaining("closed the connection") });
  });

  test("does not wait for the body, nor take in all of one without end", async () => {
    const address = await listen(
      createServer((socket) => {
        socket.once("data", () => {
          socket.write(head(200));
          const more = (): void => {
            while (!socket.destroyed && socket.write("x".repeat(16_384)));
          };
          socket.on("drain", more);
          more();
        });
      }),
    );
    expect((await prober.probe({ kind: "http", url: `http://${address}/` }, 60_000)).ok).toBe(true);
  });

  test("at which nothing listens, or that is no address, is an answer too", async () => {
    expect(await prober.probe({ kind: "http", url: "http://south.example/" }, 2_000)).toMatchObject({
      ok: false,
      why: "It took no connection (ECONNREFUSED).",
    });
    expect(await prober.probe({ kind: "http", url: "south.example" }, 2_000)).toMatchObject({ ok: false });
  });
});

describe("a look at", () => {
  test("an agent asks for its health and takes 200 only", async () => {
    let path: string | undefined;
    let status = 200;
    const address = await listen(
      createHttpServer((request, response) => {
        path = request.url;
        response.writeHead(status).end("{}");
      }),
    );
    expect((await prober.probe({ kind: "agent", url: `http://${address}/` }, 2_000)).ok).toBe(true);
    expect(path).toBe("/healthz");
    status = 302;
    expect((await prober.probe({ kind: "agent", url: `http://${address}` }, 2_000)).ok).toBe(false);
  });

  test("a TCP address connects", async () => {
    const address = await listen(createServer((socket) => socket.resume()));
    expect((await prober.probe({ kind: "tcp", address }, 2_000)).ok).toBe(true);
    expect(await prober.probe({ kind: "tcp", address: "127.0.0.1:1" }, 2_000)).toMatchObject({
      ok: false,
      why: "It took no connection (ECONNREFUSED).",
    });
    expect(await prober.probe({ kind: "tcp", address: "nowhere" }, 2_000)).toMatchObject({
      ok: false,
      why: expect.stringContaining("host:port"),
    });
  });

  test("a database that never answers ends at the timeout", async () => {
    const address = await listen(createServer((socket) => socket.resume()));
    expect(await prober.probe({ kind: "sql", url: `postgres://shop@${address}/shop` }, 80)).toMatchObject({
      ok: false,
      why: "It did not answer `select 1` within 80 ms.",
    });
  });

  test("a database at which nothing listens, or something else does, is an answer too", async () => {
    expect(await prober.probe({ kind: "sql", url: "postgres://shop@127.0.0.1:1/shop" }, 2_000)).toMatchObject({
      ok: false,
      why: "It did not answer `select 1`: nothing listens there.",
    });
    const address = await saying(["HTTP/1.1 400 Bad Request\r\n\r\n"], true);
    expect((await prober.probe({ kind: "sql", url: `postgres://shop@${address}/shop` }, 500)).ok).toBe(false);
    expect((await prober.probe({ kind: "sql", url: "mysql://shop@127.0.0.1:1/shop" }, 500)).ok).toBe(false);
  });

  test("a database without its password says what is missing", async () => {
    expect(
      await prober.probe({ kind: "sql", url: "postgres://shop@127.0.0.1:1/shop", password: "env:X" }, 500),
    ).toMatchObject({ ok: false, why: "The environment variable X is not set." });
  });
});
