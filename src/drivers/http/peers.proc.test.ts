import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { versionHeader } from "../../wire/version.ts";
import { makePeers } from "./peers.ts";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function listen(server: Server | NetServer): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      closing.push(
        () =>
          new Promise((done) => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      );
      resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

async function http(listener: RequestListener): Promise<string> {
  return `http://${await listen(createHttpServer(listener))}`;
}

function peers(via: Record<string, string> = {}) {
  const made = makePeers({ token: "t0ken", via, version: 1, caller: "agent north" });
  closing.push(() => made.close());
  return made;
}

const answering =
  (status: number, body: unknown, headers: Record<string, string> = { [versionHeader]: "1" }): RequestListener =>
  (_, response) => {
    response.writeHead(status, headers);
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

describe("calls to other processes", () => {
  test("carry the token, the version, the caller and the body, on one kept connection", async () => {
    const seen: unknown[] = [];
    const ports = new Set<number | undefined>();
    const base = await http(async (request, response) => {
      ports.add(request.socket.remotePort);
      let text = "";
      for await (const chunk of request) text += String(chunk);
      seen.push([
        request.method,
        request.url,
        request.headers.authorization,
        request.headers[versionHeader],
        request.headers["user-agent"],
        text,
      ]);
      answering(200, { n: seen.length })(request, response);
    });
    const one = peers();
    for (const n of [1, 2, 3])
      expect(await one.call(base, "hold", { n }, 1_000)).toEqual({ kind: "answer", body: { n } });
    expect(seen[0]).toEqual(["POST", "/v1/hold", "Bearer t0ken", "1", "leeward agent north", '{"n":1}']);
    expect(ports.size).toBe(1);
  });

  test("go where the way from here leads, under the address that was meant", async () => {
    let host: string | undefined;
    const base = await http((request, response) => {
      host = request.headers.host;
      answering(200, {})(request, response);
    });
    expect(
      await peers({ "south.example:7000": base.replace("http://", "") }).call(
        "http://south.example:7000",
        "hold",
        {},
        1_000,
      ),
    ).toEqual({ kind: "answer", body: {} });
    expect(host).toBe("south.example:7000");
  });

  test("to a port where nothing listens are unreachable", async () => {
    const server = createServer();
    const address = await listen(server);
    await closing.pop()?.();
    expect(await peers().call(`http://${address}`, "hold", {}, 1_000)).toEqual({
      kind: "failed",
      cause: "unreachable",
      why: `http://${address} could not be reached: nothing listens there (call hold).`,
    });
  });

  test.each(["https://south:1", "south:7000", "", "http://"])(
    "to %j are unreachable, for it is no address",
    async (base) => {
      expect(await peers().call(base, "hold", {}, 1_000)).toMatchObject({ kind: "failed", cause: "unreachable" });
    },
  );

  test("that get no answer in time are unknown", async () => {
    const base = await http(() => {});
    expect(await peers().call(base, "hold", {}, 60)).toMatchObject({
      kind: "failed",
      cause: "unknown",
      why: expect.stringContaining("within 60 ms"),
    });
  });

  test("that are reset after they were sent are unknown", async () => {
    const address = await listen(createServer((socket) => socket.once("data", () => socket.resetAndDestroy())));
    expect(await peers().call(`http://${address}`, "hold", {}, 1_000)).toMatchObject({
      kind: "failed",
      cause: "unknown",
    });
  });

  test("whose answer breaks off are unknown", async () => {
    const address = await listen(
      createServer((socket) =>
        socket.once("data", () =>
          socket.end(`HTTP/1.1 200 OK\r\n${versionHeader}: 1\r\ncontent-length: 100\r\n\r\n{"half":`),
        ),
      ),
    );
    expect(await peers().call(`http://${address}`, "hold", {}, 1_000)).toMatchObject({
      kind: "failed",
      cause: "unknown",
    });
  });

  test("whose answer never ends are given up at its bound", async () => {
    const base = await http((_, response) => {
      response.writeHead(200, { [versionHeader]: "1" });
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      response.on("error", () => {});
      more();
    });
    expect(await peers().call(base, "hold", {}, 10_000)).toMatchObject({
      kind: "failed",
      cause: "unknown",
      why: expect.stringContaining("more than 4194304 bytes"),
    });
  });

  test.each([
    [401, "refused"],
    [409, "refused"],
    [503, "refused"],
    [500, "unknown"],
    [502, "unknown"],
  ])("that are answered with %i are %s, with the other side's own sentence", async (status, cause) => {
    const base = await http(answering(status, { error: "x", why: "Because of the weather." }));
    expect(await peers().call(base, "hold", {}, 1_000)).toEqual({
      kind: "failed",
      cause,
      why: "Because of the weather.",
    });
  });

  test("that are answered by something else, or by another version, are refused", async () => {
    expect(await peers().call(await http(answering(200, "<html>", {})), "hold", {}, 1_000)).toMatchObject({
      cause: "refused",
      why: expect.stringContaining("something else listens there"),
    });
    expect(
      await peers().call(await http(answering(200, {}, { [versionHeader]: "2" })), "hold", {}, 1_000),
    ).toMatchObject({ cause: "refused", why: expect.stringContaining("same version") });
  });

  test("that are larger than the bound are not sent", async () => {
    let asked = 0;
    const base = await http((request, response) => {
      asked += 1;
      answering(200, {})(request, response);
    });
    expect(await peers().call(base, "hold", "x".repeat(1024 * 1024), 1_000)).toMatchObject({
      kind: "failed",
      cause: "unreachable",
    });
    expect(asked).toBe(0);
  });

  test("after a peer went silent, the next call starts on a new connection", async () => {
    // Every connection made while `silent` is false goes dead when it is set, as behind a cut; later ones work.
    let silent = false;
    let connections = 0;
    const backend = await http(answering(200, { ok: true }));
    const proxy = createServer((socket) => {
      connections += 1;
      const born = connections;
      socket.on("data", (data) => {
        if (silent && born <= 3) return;
        const up = upstreams.get(socket) ?? connectTo(backend, socket);
        upstreams.set(socket, up);
        up.write(data);
      });
    });
    const upstreams = new Map<Socket, Socket>();
    const base = `http://${await listen(proxy)}`;
    const one = peers();
    await Promise.all([1, 2, 3].map(() => one.call(base, "hold", {}, 2_000)));
    expect(connections).toBe(3);
    silent = true;
    expect(await one.call(base, "hold", {}, 50)).toMatchObject({ kind: "failed", cause: "unknown" });
    expect(await one.call(base, "hold", {}, 2_000)).toEqual({ kind: "answer", body: { ok: true } });
    expect(connections).toBe(4);
  });
});

function connectTo(base: string, back: Socket): Socket {
  const { hostname, port } = new URL(base);
  const socket = new (back.constructor as typeof Socket)();
  socket.connect(Number(port), hostname);
  socket.on("data", (data) => back.write(data));
  socket.on("error", () => {});
  back.once("close", () => socket.destroy());
  return socket;
}
