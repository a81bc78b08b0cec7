import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { certificateFor } from "../../../test/support/certificate.ts";
import {
  closeTargets,
  listen,
  openConnections,
  overUdp,
  saying,
  sayingSecretly,
  silent,
} from "../../../test/support/probe-targets.ts";
import type { HttpExpectation } from "../../core/model/health-probe.ts";
import type { ProbeResult, ProbeTarget } from "../../ports/probe.ts";
import { makeProber, type OwnProber } from "./probe.ts";

afterEach(closeTargets);
afterAll(() => prober.close());

const prober = makeProber({
  via: { "south.example:80": "127.0.0.1:1" },
  secretOf: () => ({ kind: "missing", why: "The environment variable X is not set." }),
});

/** A look that was made: where this process was held up, as it may be on a busy machine, it looks again. */
async function look(target: ProbeTarget, timeoutMs: number, by: OwnProber = prober): Promise<ProbeResult> {
  for (let tries = 0; ; tries += 1) {
    const result = await by.probe(target, timeoutMs);
    if (!("skipped" in result)) return result;
    if (tries > 50) throw new Error(`no look was made: ${result.why}`);
  }
}

const head = (status: number, more = ""): string => `HTTP/1.1 ${status} Whatever\r\n${more}\r\n`;

describe("a look at an HTTP address", () => {
  test.each([200, 204, 301, 399])("with %i is well", async (status) => {
    expect(await look({ kind: "http", url: `http://${await saying([head(status)])}/healthz` }, 2_000)).toEqual({
      ok: true,
      roundTripMs: expect.any(Number),
    });
  });

  test.each([202, 400, 404, 500, 503])("with %i is not", async (status) => {
    expect(await look({ kind: "http", url: `http://${await saying([head(status)])}/` }, 2_000)).toMatchObject({
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
    expect((await look({ kind: "http", url: "http://south.example/healthz?deep=1" }, 2_000, one)).ok).toBe(true);
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
    expect((await look({ kind: "http", url: `http://${address}/` }, 2_000)).ok).toBe(true);
  });

  test.each([
    ["nothing at all", [], "It did not answer within 80 ms."],
    ["half a head", ["HTTP/1.1 200 OK\r\ncontent-"], "It did not answer within 80 ms."],
    ["something else", ["SSH-2.0-OpenSSH\r\n"], "What it answered is not HTTP."],
    ["no status", ["HTTP/1.1 fine\r\n\r\n"], "What it answered is not HTTP."],
    ["a head without end", [`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(5_000)}`], "What it answered is not HTTP."],
  ])("with %s is not well", async (_, parts, why) => {
    expect(await look({ kind: "http", url: `http://${await saying(parts)}/` }, 80)).toMatchObject({
      ok: false,
      why,
    });
  });

  test("with an end instead of an answer is not well", async () => {
    expect(await look({ kind: "http", url: `http://${await saying(["HTTP/1.1 200"], true)}/` }, 2_000)).toMatchObject({
      ok: false,
      why: expect.stringContaining("closed the connection"),
    });
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
    expect((await look({ kind: "http", url: `http://${address}/` }, 60_000)).ok).toBe(true);
  });

  test("at which nothing listens, or that is no address, is an answer too", async () => {
    expect(await look({ kind: "http", url: "http://south.example/" }, 2_000)).toMatchObject({
      ok: false,
      why: "It took no connection (ECONNREFUSED).",
    });
    expect(await look({ kind: "http", url: "south.example" }, 2_000)).toMatchObject({ ok: false });
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
    expect((await look({ kind: "agent", url: `http://${address}/` }, 2_000)).ok).toBe(true);
    expect(path).toBe("/healthz");
    status = 302;
    expect((await look({ kind: "agent", url: `http://${address}` }, 2_000)).ok).toBe(false);
  });

  test("a TCP address connects", async () => {
    const address = await listen(createServer((socket) => socket.resume()));
    expect((await look({ kind: "tcp", address }, 2_000)).ok).toBe(true);
    expect(await look({ kind: "tcp", address: "127.0.0.1:1" }, 2_000)).toMatchObject({
      ok: false,
      why: "It took no connection (ECONNREFUSED).",
    });
    expect(await look({ kind: "tcp", address: "nowhere" }, 2_000)).toMatchObject({
      ok: false,
      why: expect.stringContaining("host:port"),
    });
  });

  test("a database that never answers ends at the timeout", async () => {
    const address = await listen(createServer((socket) => socket.resume()));
    expect(await look({ kind: "sql", url: `postgres://shop@${address}/shop` }, 80)).toMatchObject({
      ok: false,
      why: "It did not answer `select 1` within 80 ms.",
    });
  });

  test("a database at which nothing listens, or something else does, is an answer too", async () => {
    expect(await look({ kind: "sql", url: "postgres://shop@127.0.0.1:1/shop" }, 2_000)).toMatchObject({
      ok: false,
      why: "It did not answer `select 1`: nothing listens there.",
    });
    const address = await saying(["HTTP/1.1 400 Bad Request\r\n\r\n"], true);
    expect((await look({ kind: "sql", url: `postgres://shop@${address}/shop` }, 500)).ok).toBe(false);
    expect((await look({ kind: "sql", url: "mysql://shop@127.0.0.1:1/shop" }, 500)).ok).toBe(false);
  });

  test("a database without its password says what is missing", async () => {
    expect(await look({ kind: "sql", url: "postgres://shop@127.0.0.1:1/shop", password: "env:X" }, 500)).toMatchObject({
      ok: false,
      why: "The environment variable X is not set.",
    });
  });
});

describe("what an HTTP answer has to be", () => {
  const full = (status: number, body: string, headers = ""): string =>
    `HTTP/1.1 ${status} Whatever\r\ncontent-length: ${body.length}\r\n${headers}\r\n${body}`;

  test.each<[string, HttpExpectation, string[], string | undefined]>([
    ["the status", { status: [{ from: 204, to: 204 }] }, [head(204)], undefined],
    ["not another status", { status: [{ from: 204, to: 204 }] }, [full(200, "")], "It answered with status 200."],
    ["what it contains", { body: { contains: "fine" } }, [full(200, "all fi"), "ne"], "Its answer does not contain"],
    ["in pieces", { body: { contains: "fine" } }, [full(200, "all fine").slice(0, -2), "ne"], undefined],
    ["what it matches", { body: { matches: "^all .+e$" } }, [full(200, "all fine")], undefined],
    ["no word of later", {}, [full(200, '{"status":"queued"}')], "looked into later"],
    ["not that word in pieces", {}, [full(200, "queued").slice(0, -3), "ued"], "looked into later"],
    [
      "no redirect where none is followed",
      { redirects: 0 },
      [full(302, "", "location: /x\r\n")],
      "redirects are refused",
    ],
    ["a redirect with a place to go to", { redirects: 3 }, [full(302, "")], "does not say where to go"],
    [
      "not one to another host",
      { redirects: 3 },
      [full(302, "", "location: http://north.example/\r\n")],
      "another host",
    ],
  ])("is %s", async (_, expected, parts, why) => {
    const result = await look({ kind: "http", url: `http://${await saying(parts)}/`, ...expected }, 2_000);
    expect([result.ok, result.why]).toEqual([
      why === undefined,
      why === undefined ? undefined : expect.stringContaining(why),
    ]);
  });

  test("is looked for in 64 KiB and no further", async () => {
    const body = `${"x".repeat(70_000)}fine`;
    const target = { kind: "http", url: `http://${await saying([full(200, body)])}/` } as const;
    expect(await look({ ...target, body: { contains: "fine" } }, 2_000)).toMatchObject({ ok: false });
    expect((await look(target, 2_000)).ok).toBe(true);
  });

  test("does not come without the body that was asked for", async () => {
    const cut = {
      kind: "http",
      url: `http://${await saying(["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfi"], true)}/`,
    } as const;
    expect((await look({ ...cut, body: { contains: "fine" } }, 2_000)).why).toContain("before its answer had ended");
    const slow = {
      kind: "http",
      url: `http://${await saying(["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfi"])}/`,
    } as const;
    expect((await look({ ...slow, body: { contains: "fine" } }, 80)).why).toBe("Its answer did not end within 80 ms.");
    expect((await look(slow, 80)).ok).toBe(true);
  });

  test("may not come late", async () => {
    const address = await listen(createHttpServer((_, response) => void setTimeout(() => response.end("ok"), 60)));
    const target = { kind: "http", url: `http://${address}/`, latencyMaxMs: 30 } as const;
    expect((await look(target, 2_000)).why).toMatch(/^It answered after \d+ ms, and may take 30 ms\.$/);
    expect((await look({ ...target, latencyMaxMs: 1_500 }, 2_000)).ok).toBe(true);
  });

  test("is followed as often as that is allowed, and a circle is left", async () => {
    const asked: (string | undefined)[] = [];
    const address = await listen(
      createHttpServer((request, response) => {
        asked.push(request.url);
        const n = Number(request.url?.slice(1));
        if (n < 2) response.writeHead(307, { location: `${n + 1}` }).end();
        else if (n === 9) response.writeHead(301, { location: "/9" }).end();
        else response.end("there");
      }),
    );
    expect(
      (await look({ kind: "http", url: `http://${address}/0`, redirects: 2, body: { contains: "there" } }, 2_000)).ok,
    ).toBe(true);
    expect(asked).toEqual(["/0", "/1", "/2"]);
    expect((await look({ kind: "http", url: `http://${address}/0`, redirects: 1 }, 2_000)).why).toBe(
      "It redirected more than 1 times.",
    );
    expect((await look({ kind: "http", url: `http://${address}/9`, redirects: 5 }, 2_000)).why).toBe(
      "It redirected more than 5 times.",
    );
    expect((await look({ kind: "http", url: `http://${address}/9` }, 2_000)).ok).toBe(true);
  });
});

describe("a kept connection", () => {
  async function counting(
    more: (n: number) => string | undefined,
  ): Promise<{ address: string; connections: () => number }> {
    let [connections, requests] = [0, 0];
    const address = await listen(
      createServer((socket) => {
        connections += 1;
        socket.on("data", () => {
          requests += 1;
          const said = more(requests);
          if (said === undefined) socket.destroy();
          else socket.write(said);
        });
      }),
    );
    return { address, connections: () => connections };
  }
  const fine = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

  test("is used again where that was asked for, and only there", async () => {
    const keeping = makeProber({ via: {}, secretOf: () => ({ kind: "missing", why: "" }) });
    const { address, connections } = await counting(() => fine);
    const target = { kind: "http", url: `http://${address}/`, keepAlive: true } as const;
    for (let n = 0; n < 3; n += 1) expect((await look(target, 2_000, keeping)).ok).toBe(true);
    expect([connections(), openConnections()]).toEqual([1, 1]);
    expect((await look({ kind: "http", url: `http://${address}/` }, 2_000, keeping)).ok).toBe(true);
    expect(connections()).toBe(2);
    keeping.close();
  });

  test("that has gone stale is no failure: a new one is made", async () => {
    const keeping = makeProber({ via: {}, secretOf: () => ({ kind: "missing", why: "" }) });
    const { address, connections } = await counting((n) => (n === 2 ? undefined : fine));
    const target = { kind: "http", url: `http://${address}/`, keepAlive: true } as const;
    expect((await look(target, 2_000, keeping)).ok).toBe(true);
    expect((await look(target, 2_000, keeping)).ok).toBe(true);
    expect(connections()).toBe(2);
    keeping.close();
  });

  test("is not kept when it said more than it was asked", async () => {
    const keeping = makeProber({ via: {}, secretOf: () => ({ kind: "missing", why: "" }) });
    const { address } = await counting(() => fine);
    expect(
      (
        await look(
          { kind: "http", url: `http://${address}/`, keepAlive: true, status: [{ from: 500, to: 599 }] },
          2_000,
          keeping,
        )
      ).ok,
    ).toBe(false);
    keeping.close();
  });
});

describe("a look at an HTTPS address", () => {
  const dayMs = 86_400_000;
  const at = (days: number): Date => new Date(Date.now() + days * dayMs);
  const shop = certificateFor("south.example", at(-10), at(5));
  const old = certificateFor("south.example", at(-10), at(-1));
  const through = (address: string, authorities?: string): OwnProber =>
    makeProber({
      via: { "south.example:443": address, "north.example:443": address },
      secretOf: () => ({ kind: "missing", why: "" }),
      ...(authorities === undefined ? {} : { authorities }),
    });

  test("warns of a certificate that runs out soon, which is no failure", async () => {
    const one = through(await sayingSecretly(shop, [head(200)]), shop.cert);
    const target = { kind: "http", url: "https://south.example/" } as const;
    expect(await look(target, 2_000, one)).toEqual({ ok: true, roundTripMs: expect.any(Number) });
    expect((await look({ ...target, certificateDays: 3 }, 2_000, one)).warning).toBeUndefined();
    expect(await look({ ...target, certificateDays: 14 }, 2_000, one)).toMatchObject({
      ok: true,
      warning: expect.stringMatching(/^Its certificate runs out on \d{4}-\d\d-\d\d, in 4 days\.$/),
    });
  });

  test.each([
    ["that has run out", old, old.cert, "south.example", "Its certificate has run out."],
    ["for another host", shop, shop.cert, "north.example", "Its certificate is for another host."],
    ["that nobody vouches for", shop, undefined, "south.example", "Its certificate is not trusted here"],
  ])("with a certificate %s is not well", async (_, keys, authorities, host, why) => {
    const one = through(await sayingSecretly(keys, [head(200)]), authorities);
    expect((await look({ kind: "http", url: `https://${host}/` }, 2_000, one)).why).toContain(why);
  });

  test("that does not speak TLS, or says nothing, is not well", async () => {
    expect(
      (await look({ kind: "http", url: "https://south.example/" }, 2_000, through(await saying([head(200)])))).ok,
    ).toBe(false);
    expect((await look({ kind: "http", url: "https://south.example/" }, 80, through(await silent()))).why).toBe(
      "It took no connection within 80 ms.",
    );
  });
});

describe("a look at a TCP address", () => {
  const greeting = (said: string): Promise<string> =>
    listen(createServer((socket) => void socket.resume().write(said)));

  test("says what it was told to, and waits for the answer", async () => {
    const address = await saying(["-ERR\r\n", "+PO", "NG\r\n"]);
    expect((await look({ kind: "tcp", address, send: "PING\r\n", expect: "+PONG" }, 2_000)).ok).toBe(true);
    expect((await look({ kind: "tcp", address: await greeting("220 ready\r\n"), expect: "220" }, 2_000)).ok).toBe(true);
    expect((await look({ kind: "tcp", address: await silent(), send: "x" }, 2_000)).ok).toBe(true);
  });

  test.each<[string, () => Promise<string>, string]>([
    ["says nothing", silent, "It took the connection and said nothing within 80 ms."],
    ["says something else", () => greeting("no"), 'It did not say "+PONG" within 80 ms, but "no".'],
    [
      "says something else and goes",
      () => saying(["no"], true),
      'It closed the connection and had not said "+PONG", but "no".',
    ],
    [
      "goes",
      () => listen(createServer((socket) => void socket.resume().end())),
      "It closed the connection and had said nothing.",
    ],
    ["says too much", () => greeting("x".repeat(100_000)), 'It did not say "+PONG" in its first 4096 bytes.'],
  ])("that %s is not well", async (_, target, why) => {
    expect((await look({ kind: "tcp", address: await target(), send: "PING\r\n", expect: "+PONG" }, 80)).why).toBe(why);
  });
});

describe("a look at a name server", () => {
  /** The question as it came, made an answer with these records. */
  const answering =
    (flags: number, ...records: string[]) =>
    (question: Buffer): Buffer => {
      const end = question.indexOf(0, 12) + 5;
      const answer = Buffer.from(question.subarray(0, end));
      answer.writeUInt16BE(flags, 2);
      answer.writeUInt16BE(records.length, 6);
      answer.writeUInt16BE(0, 10);
      return Buffer.concat([answer, ...records.map((record) => Buffer.from(record.replaceAll(" ", ""), "hex"))]);
    };
  const a = "c00c 0001 0001 0000003c 0004 c0000201";
  const question = { kind: "dns", name: "shop.example", record: "A", expect: ["192.0.2.1"] } as const;

  test("finds the address that it should", async () => {
    const server = await overUdp(answering(0x8180, a));
    expect((await look({ ...question, server }, 2_000)).ok).toBe(true);
    expect((await look({ ...question, server, expect: [] }, 2_000)).ok).toBe(true);
    expect((await look({ ...question, server, expect: ["192.0.2.2"] }, 2_000)).why).toBe(
      "It resolves shop.example to 192.0.2.1, and not to 192.0.2.2.",
    );
    expect((await look({ ...question, server, record: "AAAA" }, 2_000)).why).toBe(
      "It knows no AAAA record of shop.example.",
    );
  });

  test.each<[string, (question: Buffer) => Buffer | undefined, string]>([
    ["knows no such name", answering(0x8183), "It did not resolve shop.example: there is no such name (NXDOMAIN)."],
    ["cannot find out", answering(0x8182), "It did not resolve shop.example: it could not find out (SERVFAIL)."],
    ["says nothing", () => undefined, "It did not answer within 80 ms."],
    [
      "answers another question",
      (asked) => Buffer.concat([Buffer.from([asked.readUInt8(0) ^ 1]), answering(0x8180, a)(asked).subarray(1)]),
      "It did not answer within 80 ms.",
    ],
    ["says half of it", (asked) => answering(0x8180, a)(asked).subarray(0, -3), "What it answered is not DNS."],
  ])("that %s is not well", async (_, answer, why) => {
    expect((await look({ ...question, server: await overUdp(answer) }, 80)).why).toBe(why);
  });

  test("at which nothing listens is told at once", async () => {
    expect((await look({ ...question, server: "127.0.0.1:1" }, 2_000)).why).toContain("ECONNREFUSED");
    expect((await look({ ...question, server: "nowhere" }, 2_000)).why).toContain("host:port");
  });
});

describe("a look by a command", () => {
  const node = (script: string): readonly string[] => [process.execPath, "-e", script];
  const run = (command: readonly string[], timeoutMs = 5_000, expected?: string) =>
    prober.probe(
      {
        kind: "command",
        command,
        env: { LEEWARD_REGION: "south" },
        ...(expected === undefined ? {} : { expect: expected }),
      },
      timeoutMs,
    );

  test("is well when it ends with 0, and says what it should", async () => {
    expect(await run(node("console.log(process.env.LEEWARD_REGION)"), 5_000, "south")).toMatchObject({ ok: true });
    expect(await run(node("console.log('so'); process.exitCode = 0"), 5_000, "south")).toMatchObject({
      ok: false,
      why: expect.stringContaining('did not say "south", but "so"'),
    });
    expect(await run(node("console.error('one'); console.error('no route'); process.exit(3)"))).toMatchObject({
      ok: false,
      why: expect.stringContaining('ended with 3 and said "no route"'),
    });
  });

  test("is told nothing else of this process's environment", async () => {
    process.env.LEEWARD_TEST_SECRET = "hunter2";
    const result = await run(node("process.exit(process.env.LEEWARD_TEST_SECRET === undefined ? 0 : 1)"));
    delete process.env.LEEWARD_TEST_SECRET;
    expect(result).toMatchObject({ ok: true });
  });

  test("ends with its time, with all that it started", async () => {
    let gone: (() => void) | undefined;
    const over = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const address = await listen(
      createServer((socket) => {
        socket.resume();
        socket.once("close", () => gone?.());
      }),
    );
    // A grandchild that holds a connection, the output, and would go on for ever.
    const grandchild = `require("node:net").connect(${address.split(":")[1]}, "127.0.0.1"); setInterval(() => {}, 1000)`;
    const command = node(
      `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}], { stdio: "inherit" }); setInterval(() => {}, 1000)`,
    );
    expect(await run(command, 1_500)).toMatchObject({
      ok: false,
      why: expect.stringContaining("did not end within 1500 ms"),
    });
    await over;
  });

  test("does not wait for what its child left running, and takes in no more than its bound", async () => {
    const quick = node(
      `require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" }).unref(); process.stdout.write("x".repeat(60000)); process.exitCode = 0`,
    );
    expect(await run(quick, 20_000)).toMatchObject({ ok: true });
  });

  test("that is not there says nothing of the target", async () => {
    expect(await run(["/no/such/program"])).toMatchObject({ skipped: true, why: expect.stringContaining("ENOENT") });
  });
});

describe("a look at a PostgreSQL server that takes nobody in", () => {
  const refusing = (code: string): Promise<string> => {
    const fields = Buffer.from(`SFATAL\0C${code}\0Msorry\0\0`);
    const length = Buffer.alloc(4);
    length.writeInt32BE(fields.length + 4);
    return saying([Buffer.concat([Buffer.from("E"), length, fields]).toString("latin1")], true);
  };

  test.each([
    ["53300", "it has no connection left", true],
    ["57P03", "it is starting up, shutting down or recovering", undefined],
  ])("with %s finds it ill, and busy where it serves others", async (code, why, busy) => {
    const result = await look({ kind: "sql", url: `postgres://shop@${await refusing(code)}/shop` }, 2_000);
    expect(result).toMatchObject({ ok: false, why: `It did not answer \`select 1\`: ${why}.` });
    expect(result.busy).toBe(busy);
  });
});

describe("an answer that comes after its time was up", () => {
  const answering = (ms: number, status = 200): Promise<string> =>
    listen(createHttpServer((_, response) => void setTimeout(() => response.writeHead(status).end(), ms)));
  /** A miss; what the look still found comes with it. */
  async function missed(target: ProbeTarget, lateMs: number): Promise<ProbeResult> {
    for (let tries = 0; tries < 50; tries += 1) {
      const result = await prober.probe(target, 100, lateMs);
      if (!("skipped" in result)) return result;
    }
    throw new Error("no look was made");
  }

  test("is told afterwards, with the time it took", async () => {
    const result = await missed({ kind: "http", url: `http://${await answering(250)}/` }, 5_000);
    expect(result).toMatchObject({ ok: false, why: "It did not answer within 100 ms." });
    expect((await result.late)?.roundTripMs).toBeGreaterThan(240);
  });

  test.each(["dead", "ill", "later than may be"])("is none when it is %s", async (how) => {
    const address = how === "dead" ? await silent() : await answering(200, how === "ill" ? 500 : 200);
    const mayTake = how === "later than may be" ? { latencyMaxMs: 150 } : {};
    const result = await missed({ kind: "http", url: `http://${address}/`, ...mayTake }, 400);
    expect(result.ok).toBe(false);
    expect(await result.late).toBeUndefined();
  });

  test("is not waited for unless that was asked for", async () => {
    const result = await look({ kind: "http", url: `http://${await answering(250)}/` }, 100);
    expect([result.ok, result.late]).toEqual([false, undefined]);
  });

  test("is waited for at a bounded number of looks, and takes no place from those that are due", async () => {
    const own = makeProber({ via: {}, secretOf: () => ({ kind: "missing", why: "" }) });
    const target = { kind: "tcp", address: await silent(), expect: "fine" } as const;
    const results = await Promise.all(Array.from({ length: 300 }, () => own.probe(target, 100, 1_500)));
    const made = results.filter((one) => !("skipped" in one));
    const listening = made.filter((one) => "late" in one);
    expect(listening.length).toBeLessThanOrEqual(256);
    if (made.length > 256) expect(listening.length).toBe(256);
    for (const one of listening) expect("late" in one && (await one.late)).toBeUndefined();
  });
});

describe("a prober that has too much to do", () => {
  const spin = (ms: number): void => {
    const untilMs = performance.now() + ms;
    while (performance.now() < untilMs);
  };

  test("leaves looks out beyond its bound, says so, and calls nothing down", async () => {
    const own = makeProber({ via: {}, secretOf: () => ({ kind: "missing", why: "" }) });
    const target = { kind: "tcp", address: await silent(), expect: "never" } as const;
    expect(own.trouble()).toBeUndefined();
    const results = await Promise.all(Array.from({ length: 520 }, () => own.probe(target, 300)));
    const skipped = results.filter((one) => "skipped" in one);
    expect(skipped.length).toBeGreaterThanOrEqual(8);
    expect(skipped).toContainEqual({ skipped: true, why: expect.stringContaining("512 looks are under way") });
    expect(own.trouble()).toMatch(
      /^The prober here left out \d+ of its last \d+ looks \(\d+ s\), because .* They count as not made, not as failures;/,
    );
  });

  test("gives an answer that came while it was held up its due", async () => {
    const address = await saying([head(200)]);
    const looking = prober.probe({ kind: "http", url: `http://${address}/` }, 100);
    // The connection stands and the answer comes while this process cannot look.
    spin(60);
    await new Promise((resolve) => setTimeout(resolve, 1));
    spin(300);
    expect(await looking).toMatchObject({ ok: true });
  });

  test("takes no silence for a failure that it could not have heard through", async () => {
    const looking = prober.probe({ kind: "http", url: `http://${await silent()}/` }, 100);
    await new Promise((resolve) => setTimeout(resolve, 20));
    spin(400);
    expect(await looking).toMatchObject({ skipped: true, why: expect.stringContaining("held up") });
  });
});
