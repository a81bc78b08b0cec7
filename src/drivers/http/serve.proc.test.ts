import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { makePeers } from "./peers.ts";
import { type ServeSettings, type Serving, serveFetch } from "./serve.ts";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(fetch: ServeSettings["fetch"]): Promise<Serving> {
  const serving = await serveFetch({ fetch, host: "127.0.0.1", port: 0 });
  if (serving.kind === "refused") throw new Error(serving.why);
  closing.push(() => serving.stop(0));
  return serving;
}

describe("serving", () => {
  test("hands requests over with their body, and answers go back", async () => {
    const { url } = await serve(
      async (request) =>
        new Response(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`, {
          status: 201,
          headers: { "x-a": "b" },
        }),
    );
    const response = await fetch(`${url}/v1/hold`, { method: "POST", body: "hello" });
    expect([response.status, response.headers.get("x-a"), await response.text()]).toEqual([
      201,
      "b",
      "POST /v1/hold hello",
    ]);
  });

  test("on a port that is taken is refused with the address and how to find who has it", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    closing.push(() => new Promise((done) => other.close(() => done())));
    const { port } = other.address() as AddressInfo;
    const answer = await serveFetch({ fetch: () => new Response(), host: "127.0.0.1", port });
    expect(answer).toEqual({
      kind: "refused",
      why: expect.stringContaining(
        `Cannot listen on 127.0.0.1:${port}: another process already does. Find it with: ss -ltnp 'sport = :${port}'.`,
      ),
    });
  });

  test("on an address of another machine is refused", async () => {
    expect(await serveFetch({ fetch: () => new Response(), host: "192.0.2.1", port: 0 })).toEqual({
      kind: "refused",
      why: expect.stringContaining("no network address 192.0.2.1"),
    });
  });

  test("a handler that throws answers 500 without its message", async () => {
    const { url } = await serve(() => {
      throw new Error("password=hunter2");
    });
    const response = await fetch(url);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("hunter2");
  });

  test("stopping lets a request under way end, and breaks off what outlasts the deadline", async () => {
    const waiting: (() => void)[] = [];
    const serving = await serve(() => new Promise((resolve) => waiting.push(() => resolve(new Response("in time")))));
    const [first, second] = [fetch(serving.url), fetch(serving.url).catch(() => "broken off")];
    while (waiting.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const stopped = serving.stop(300);
    waiting[0]?.();
    const answers = await Promise.all([first.then((response) => response.text()).catch(() => "broken off"), second]);
    await stopped;
    expect(answers.filter((answer) => answer === "in time")).toHaveLength(1);
    expect(answers.filter((answer) => answer === "broken off")).toHaveLength(1);
    await expect(fetch(serving.url)).rejects.toThrow();
  });

  test("a client that went away is seen by the handler, so that a long poll ends", async () => {
    let aborted: () => void = () => {};
    const seen = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    const serving = await serve(
      (request) =>
        new Promise((resolve) => {
          request.signal.addEventListener("abort", () => {
            aborted();
            resolve(new Response());
          });
        }),
    );
    const peers = makePeers({ token: "t", via: {}, version: 1, caller: "router north" });
    closing.push(() => peers.close());
    expect(await peers.call(serving.url, "router-config", {}, 100)).toMatchObject({ cause: "unknown" });
    await seen;
  });

  test("bytes that are no HTTP end that connection only", async () => {
    const { url, port } = await serve(() => new Response("fine"));
    const said = await new Promise<string>((resolve) => {
      let text = "";
      const socket = connect(port, "127.0.0.1", () => socket.write("\u0000\u0001 nonsense\r\n\r\n"));
      socket.on("data", (data) => (text += data.toString()));
      socket.on("close", () => resolve(text));
      socket.on("error", () => resolve(text));
    });
    expect(said).toContain("400");
    expect(await (await fetch(url)).text()).toBe("fine");
  });
});
