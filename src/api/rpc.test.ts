import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { versionHeader, wireVersion } from "../wire/version.ts";
import { type Handlers, makeRpc } from "./rpc.ts";

const token = "s3cret-token";
const good = {
  authorization: `Bearer ${token}`,
  [versionHeader]: String(wireVersion),
  "content-type": "application/json",
};
const hold = { group: "shop", epoch: 3, from: "north", seq: 1 };

const handlers: Handlers = {
  hold: async ({ group, epoch, seq }) => ({
    group,
    epoch,
    to: "south",
    seq,
    granted: true,
    why: "nothing is prepared",
  }),
  "agent-status": async () => {
    throw new Error("connect to postgres://admin:hunter2@10.0.0.1 failed");
  },
};

function rpc(errors: unknown[] = []) {
  return makeRpc({ handlers, token, role: "agent south", onError: (call, error) => errors.push([call, error]) });
}

async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = good,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await rpc().fetch(
    new Request(`http://agent${path}`, {
      method: "POST",
      headers,
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  );
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe("the edge for calls", () => {
  test("hands a good call to its handler and answers with the version", async () => {
    const response = await rpc().fetch(
      new Request("http://agent/v1/hold", { method: "POST", headers: good, body: JSON.stringify(hold) }),
    );
    expect(response.status).toBe(200);
    expect(response.headers.get(versionHeader)).toBe(String(wireVersion));
    expect(await response.json()).toEqual({
      group: "shop",
      epoch: 3,
      to: "south",
      seq: 1,
      granted: true,
      why: "nothing is prepared",
    });
  });

  test("says to anybody that it is there", async () => {
    const response = await rpc().fetch(new Request("http://agent/healthz"));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ok: true, role: "agent south", version: wireVersion });
  });

  test("says to anybody whether all it depends on is well, where there is such a thing", async () => {
    const parts = [{ part: "disk", ok: false, says: "A write failed; the agent's log says why." }] as const;
    const asked: unknown[] = [];
    const deep = makeRpc({
      handlers,
      token,
      role: "agent south",
      deepHealth: async (group) => {
        asked.push(group);
        return group === "nobody" ? undefined : { ok: group === "shop", region: "south", roles: {}, parts };
      },
    });
    const get = async (query: string): Promise<[number, unknown]> => {
      const response = await deep.fetch(new Request(`http://agent/healthz${query}`));
      return [response.status, await response.json()];
    };
    expect(await get("?deep=1")).toEqual([503, { ok: false, region: "south", roles: {}, parts }]);
    expect((await get("?deep=1&group=shop"))[0]).toBe(200);
    expect((await get("?deep=1&group=nobody"))[0]).toBe(404);
    for (const query of ["?deep=2", "?deep=1&group=../x", `?deep=1&group=${"a".repeat(64)}`, "?deep=1&group="])
      expect((await get(query))[0]).toBe(400);
    expect((await get(""))[0]).toBe(200);
    expect(asked).toEqual([undefined, "shop", "nobody"]);
    expect((await rpc().fetch(new Request("http://agent/healthz?deep=1"))).status).toBe(404);
  });

  test.each([
    ["none", {}],
    ["an empty one", { authorization: "Bearer " }],
    ["a wrong one", { authorization: "Bearer s3cret-tokeN" }],
    ["the beginning of it", { authorization: "Bearer s3cret" }],
    ["more than it", { authorization: "Bearer s3cret-tokens3cret-token" }],
    ["another scheme", { authorization: `Basic ${token}` }],
  ])("refuses a token that is %s, before it says anything else", async (_, headers) => {
    for (const path of ["/v1/hold", "/v1/no-such-call"]) {
      const { status, body } = await post(path, hold, { ...headers, [versionHeader]: "99" });
      expect([status, body.error]).toEqual([401, "unauthorized"]);
      expect(JSON.stringify(body)).not.toContain(token);
    }
  });

  test("refuses another version with both versions in the sentence", async () => {
    const { status, body } = await post("/v1/hold", hold, { ...good, [versionHeader]: "7" });
    expect(status).toBe(409);
    expect(body.why).toContain(`speaks version "7"`);
    expect(body.why).toContain(`speaks version ${wireVersion}`);
    expect((await post("/v1/hold", hold, { authorization: good.authorization })).body.why).toContain(
      "names no version",
    );
  });

  test.each(["/v1/order", "/v1/toString", "/v1/__proto__", "/v1/nothing", "/v2/hold", "/"])(
    "has nothing at %s",
    async (path) => {
      expect(await post(path, hold)).toMatchObject({ status: 404, body: { error: "unknown-call" } });
    },
  );

  test("takes calls by POST only", async () => {
    const response = await rpc().fetch(new Request("http://agent/v1/hold", { headers: good }));
    expect(response.status).toBe(405);
  });

  test("names the place of each fault in a body", async () => {
    const { status, body } = await post("/v1/hold", { group: "", epoch: 1.5, seq: 1 });
    expect(status).toBe(400);
    for (const place of ["group: ", "epoch: ", "from: "]) expect(body.why).toContain(place);
    expect((await post("/v1/hold", [1])).body.why).toContain("the body: ");
    expect((await post("/v1/hold", "{")).body.why).toContain("is not JSON");
  });

  test("refuses what is too large, with and without a length", async () => {
    const large = "x".repeat(1024 * 1024 + 1);
    expect((await post("/v1/hold", large, { ...good, "content-length": String(large.length) })).status).toBe(413);
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
    });
    const response = await rpc().fetch(
      new Request("http://agent/v1/hold", {
        method: "POST",
        headers: good,
        body: endless,
        duplex: "half",
      } as RequestInit),
    );
    expect(response.status).toBe(413);
  });

  test("keeps the message of an unexpected error to itself and tells its own log", async () => {
    const errors: unknown[] = [];
    const response = await rpc(errors).fetch(
      new Request("http://agent/v1/agent-status", { method: "POST", headers: good, body: "{}" }),
    );
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("hunter2");
    expect(errors).toHaveLength(1);
  });

  test("cannot be made without a token", () => {
    expect(() => makeRpc({ handlers, token: "", role: "agent south" })).toThrow("needs a token");
  });

  test("whatever comes in, it answers in JSON and never throws", async () => {
    const app = rpc();
    const headerValue = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom("1", "Bearer s3cret-token", "application/json", "999999999", "-1", "1e3"),
    );
    const headers = fc.dictionary(
      fc.constantFrom(
        "authorization",
        versionHeader,
        "content-length",
        "content-type",
        "transfer-encoding",
        "expect",
        "x-y",
      ),
      headerValue,
    );
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc
        .record({
          group: fc.anything(),
          epoch: fc.anything(),
          from: fc.string(),
          seq: fc.oneof(fc.integer(), fc.double()),
        })
        .map((value) => {
          try {
            return new TextEncoder().encode(JSON.stringify(value));
          } catch {
            return new Uint8Array();
          }
        }),
    );
    const path = fc.oneof(fc.constantFrom("/v1/hold", "/v1/agent-status", "/v1/renew", "/healthz", "/"), fc.webPath());
    await fc.assert(
      fc.asyncProperty(
        path,
        headers,
        bodies,
        fc.boolean(),
        fc.constantFrom("POST", "PUT", "DELETE", "PATCH"),
        async (where, sent, body, trusted, method) => {
          let request: Request;
          try {
            request = new Request(new URL(where, "http://agent"), {
              method,
              headers: { ...sent, ...(trusted ? good : {}) },
              body: body as Uint8Array<ArrayBuffer>,
            });
          } catch {
            return; // Not a request at all: no server would hand it over.
          }
          const response = await app.fetch(request);
          const said = (await response.json()) as Record<string, unknown>;
          expect(response.headers.get("content-type")).toBe("application/json");
          if (response.status !== 200) expect(typeof said.why).toBe("string");
        },
      ),
      { numRuns: 500 },
    );
  });
});
