import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { NotifyTarget } from "../../core/model/system.ts";
import type { Notice, Notifier } from "../../ports/notifier.ts";
import { makeNotifier, type NotifierSettings } from "./notify.ts";

const folder = mkdtempSync(join(tmpdir(), "leeward-notify-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const notice: Notice = {
  system: "shop",
  group: "storefront",
  kind: "asked",
  sentence: 'north is silent; $(touch pwned) "fail over"?',
  next: "leeward approve storefront",
  atMs: Date.UTC(2025, 2, 1, 12),
};

function notifier(targets: readonly NotifyTarget[], more: Partial<NotifierSettings> = {}): Notifier {
  return makeNotifier({
    targets,
    baseFolder: folder,
    secretOf: (reference) =>
      reference === "env:TOKEN"
        ? { kind: "secret", value: "t0ken" }
        : { kind: "missing", why: "The environment variable X is not set." },
    via: {},
    limits: { deadlineMs: 400, pausesMs: [5, 10] },
    ...more,
  });
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(
    () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const script = (text: string): NotifyTarget => ({ kind: "command", command: [process.execPath, "-e", text] });

describe("a webhook", () => {
  test("gets the notice as JSON, with its token", async () => {
    const got: unknown[] = [];
    const base = await serve(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += String(chunk);
      got.push([request.method, request.url, request.headers.authorization, JSON.parse(text)]);
      response.end("ok");
    });
    expect(await notifier([{ kind: "webhook", url: `${base}/hook?x=1`, token: "env:TOKEN" }]).notify(notice)).toEqual(
      [],
    );
    expect(got).toEqual([["POST", "/hook?x=1", "Bearer t0ken", notice]]);
  });

  test("is tried again after a fault of the server, with the same id, and then given up", async () => {
    const ids: unknown[] = [];
    const base = await serve((request, response) => {
      ids.push(request.headers["leeward-notice"]);
      response.writeHead(ids.length === 3 ? 200 : 503).end();
    });
    const one = notifier([{ kind: "webhook", url: base }]);
    expect(await one.notify(notice)).toEqual([]);
    expect(new Set(ids).size).toBe(1);
    expect(await one.notify(notice)).toEqual([
      `The webhook at ${new URL(base).host} was not told: it answered with status 503 (3 attempts).`,
    ]);
    expect(ids).toHaveLength(6);
  });

  test("that says no is not asked again, and its path stays out of the sentence", async () => {
    let asked = 0;
    const base = await serve((_, response) => {
      asked += 1;
      response.writeHead(404).end();
    });
    expect(await notifier([{ kind: "webhook", url: `${base}/services/T00/hunter2` }]).notify(notice)).toEqual([
      `The webhook at ${new URL(base).host} was not told: it answered with status 404.`,
    ]);
    expect(asked).toBe(1);
  });

  test("is not followed elsewhere with the token", async () => {
    let reached = false;
    const other = await serve((_, response) => {
      reached = true;
      response.end();
    });
    const base = await serve((_, response) => response.writeHead(307, { location: other }).end());
    expect(await notifier([{ kind: "webhook", url: base, token: "env:TOKEN" }]).notify(notice)).toEqual([
      expect.stringContaining("status 307"),
    ]);
    expect(reached).toBe(false);
  });

  test("that never answers costs its deadline, one that is not there its attempts, and the others are told all the same", async () => {
    const silent = await serve(() => {});
    let told = 0;
    const good = await serve((_, response) => {
      told += 1;
      response.end();
    });
    const failures = await notifier(
      [
        { kind: "webhook", url: silent },
        { kind: "webhook", url: "http://127.0.0.1:1/" },
        { kind: "webhook", url: good },
        { kind: "webhook", url: "ftp://x" },
        { kind: "webhook", url: good, token: "env:X" },
      ],
      { limits: { deadlineMs: 80, pausesMs: [5] } },
    ).notify(notice);
    expect(failures).toEqual([
      expect.stringContaining("did not answer within 80 ms (2 attempts)"),
      expect.stringContaining("could not be reached (ECONNREFUSED)"),
      expect.stringContaining("neither http:// nor https://"),
      expect.stringContaining("The environment variable X is not set"),
    ]);
    expect(told).toBe(1);
  });

  test("is reached by the way that leads from here", async () => {
    let host: string | undefined;
    const base = await serve((request, response) => {
      host = request.headers.host;
      response.end();
    });
    expect(
      await notifier([{ kind: "webhook", url: "http://chat.example/x" }], {
        via: { "chat.example:80": base.replace("http://", "") },
      }).notify(notice),
    ).toEqual([]);
    expect(host).toBe("chat.example");
  });
});

describe("a command", () => {
  test("gets the notice in its environment and on its input, and no shell reads it", async () => {
    const file = join(folder, "got.json");
    const text = `let s='';process.stdin.on('data',d=>s+=d).on('end',()=>require('fs').writeFileSync(${JSON.stringify(file)},JSON.stringify([JSON.parse(s),process.env.LEEWARD_SENTENCE,process.env.LEEWARD_NEXT,process.env.LEEWARD_GROUP,process.cwd()])))`;
    expect(await notifier([script(text)], { limits: { deadlineMs: 5_000 } }).notify(notice)).toEqual([]);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual([
      notice,
      notice.sentence,
      notice.next,
      "storefront",
      folder,
    ]);
    expect(existsSync(join(folder, "pwned"))).toBe(false);
  });

  test("that fails says what it said", async () => {
    expect(
      await notifier([script("console.error('no line out');process.exit(3)")], {
        limits: { deadlineMs: 5_000 },
      }).notify(notice),
    ).toEqual([`The command ${process.execPath} was not told: it ended with exit code 3: no line out.`]);
  });

  test("that is not there is said, and the notifier goes on", async () => {
    const one = notifier([
      { kind: "command", command: ["/no/such/program"] },
      { kind: "command", command: [] },
    ]);
    for (let n = 0; n < 2; n += 1)
      expect(await one.notify(notice)).toEqual([
        expect.stringContaining("there is no such program"),
        expect.stringContaining("names no command"),
      ]);
  });

  test.each(["process.on('SIGTERM',()=>{});", ""])(
    "that hangs is ended with everything it started (%j)",
    async (deaf) => {
      const file = join(folder, "pids");
      const text = `const c=require('child_process').spawn(process.execPath,['-e','process.on("SIGTERM",()=>{});setInterval(()=>{},1000)'],{stdio:'inherit'});require('fs').writeFileSync(${JSON.stringify(file)},process.pid+' '+c.pid);${deaf}setInterval(()=>{},1000)`;
      const [failure] = await notifier([script(text)], { limits: { deadlineMs: 800 } }).notify(notice);
      expect(failure).toContain("did not end within 800 ms and was stopped");
      const pids = readFileSync(file, "utf8").split(" ").map(Number);
      expect(pids).toHaveLength(2);
      const gone = (pid: number): boolean =>
        !existsSync(`/proc/${pid}`) || / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
      while (!pids.every(gone)) await new Promise((resolve) => setTimeout(resolve, 10));
    },
  );
});

test("no more notices are under way than can be read", async () => {
  const silent = await serve(() => {});
  const one = notifier([{ kind: "webhook", url: silent }], { limits: { deadlineMs: 200, pausesMs: [] } });
  const answers = await Promise.all(Array.from({ length: 20 }, () => one.notify(notice)));
  expect(answers.filter(([why]) => why?.startsWith("Nobody was told")).length).toBe(4);
  expect(await notifier([]).notify(notice)).toEqual([]);
});
