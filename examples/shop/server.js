// A small order service: takes orders and keeps them in PostgreSQL. An order carries a key of the client's own making, so that the
// client may send it again after silence and still get one order. It is answered only after its commit.
//
//   POST /orders   idempotency-key: KEY   { item, quantity }   -> 201 { id, key }
//   POST /markers  { run, seq, epoch, at }                     -> 201
//   GET  /orders/KEY                                           -> 200 { id, key, item, quantity } or 404
//   GET  /healthz                                              -> 200 { ok, database }; ?deep=1: 503 unless it can write
//   GET  /                                                     -> a page with the newest orders

import { createServer } from "node:http";
import { makeDatabase } from "./database.js";

const region = process.env.LEEWARD_REGION ?? "here";
const port = Number(process.env.PORT ?? 8080);
const bodyBytesMax = 64 * 1024;
const drainMs = 2_000;

const database = makeDatabase();

const server = createServer((request, response) => {
  void answer(request, response);
});
// Longer than the router's, so that the router is the one that closes idle connections.
server.keepAliveTimeout = 65_000;
server.listen(port, "127.0.0.1", () => console.log(`shop in ${region} listens on ${port}`));

process.on("SIGTERM", () => {
  setTimeout(() => process.exit(0), drainMs).unref();
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

async function answer(request, response) {
  const { status, body, type = "application/json" } = await handle(request).catch(failure);
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": type, "x-region": region });
  response.end(type === "application/json" ? JSON.stringify(body) : body);
}

async function handle(request) {
  const { pathname, searchParams } = new URL(request.url, "http://shop");
  const route = `${request.method} ${pathname.startsWith("/orders/") ? "/orders/:key" : pathname}`;
  switch (route) {
    case "POST /orders":
      return placeOrder(request.headers["idempotency-key"], await readJson(request));
    case "POST /markers":
      return writeMarker(await readJson(request));
    case "GET /orders/:key":
      return findOrder(decodeURIComponent(pathname.slice("/orders/".length)));
    case "GET /healthz":
      return health(searchParams.has("deep"));
    case "GET /":
      return page();
    default:
      return { status: 404, body: { why: `there is no ${route} here` } };
  }
}

async function placeOrder(key, { item = "lamp", quantity = 1 }) {
  if (typeof key !== "string" || key === "" || key.length > 200) {
    return { status: 400, body: { why: "an order needs an idempotency-key header of 1 to 200 characters" } };
  }
  if (typeof item !== "string" || !Number.isInteger(quantity) || quantity < 1) {
    return { status: 400, body: { why: "an order needs an item and a whole quantity of at least 1" } };
  }
  const inserted = await database.query(
    "insert into orders (key, item, quantity, region) values ($1, $2, $3, $4) on conflict (key) do nothing returning id",
    [key, item, quantity, region],
  );
  // No row came back: the same order is there already, from an earlier try whose answer was lost.
  const row = inserted.rows[0] ?? (await database.query("select id from orders where key = $1", [key])).rows[0];
  return { status: 201, body: { id: row.id, key } };
}

async function writeMarker({ run = "", seq, epoch = 0, at }) {
  if (!Number.isSafeInteger(seq) || typeof at !== "number")
    return { status: 400, body: { why: "a marker needs seq and at" } };
  await database.query("insert into markers (run, seq, epoch, at) values ($1, $2, $3, $4) on conflict do nothing", [
    run,
    seq,
    epoch,
    at,
  ]);
  return { status: 201, body: { seq } };
}

async function findOrder(key) {
  const { rows } = await database.query(
    "select id, key, item, quantity, region, at, mailed_at from orders where key = $1",
    [key],
  );
  return rows[0] === undefined ? { status: 404, body: { why: "no such order" } } : { status: 200, body: rows[0] };
}

/**
 * Whether this process can serve. Its database is named but does not count, unless asked for: a standby's shop is healthy while it waits
 * for its turn, and a database that is away must not make every shop look dead.
 */
async function health(deep) {
  if (!deep) return { status: 200, body: { ok: true, region } };
  try {
    const { rows } = await database.query("select pg_is_in_recovery() as standby", [], 100);
    return {
      status: rows[0].standby ? 503 : 200,
      body: { ok: !rows[0].standby, region, database: rows[0].standby ? "readable" : "writable" },
    };
  } catch (error) {
    return { status: 503, body: { ok: false, region, database: `unreachable: ${error.message}` } };
  }
}

async function page() {
  const { rows } = await database.query(
    "select id, item, quantity, region, mailed_at from orders order by id desc limit 20",
  );
  const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const lines = rows.map(
    (row) =>
      `<tr><td>${row.id}<td>${escaped(row.item)}<td>${row.quantity}<td>${escaped(row.region)}<td>${row.mailed_at ? "mailed" : ""}`,
  );
  const body = `<!doctype html><meta charset="utf-8"><title>Shop</title><style>body{font:16px system-ui;margin:2em}td,th{padding:.2em 1em;text-align:left}</style>
<h1>Shop</h1><p>Served from ${escaped(region)}.</p><table><tr><th>order<th>item<th>quantity<th>taken in<th>${lines.join("")}</table>`;
  return { status: 200, body, type: "text/html; charset=utf-8" };
}

async function readJson(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw Object.assign(new Error("the body is too long"), { status: 413 });
    chunks.push(chunk);
  }
  try {
    return bytes === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw Object.assign(new Error("the body is not JSON"), { status: 400 });
  }
}

/** 503: it certainly did not happen. 504: nobody knows; the same key may be sent again. */
function failure(error) {
  if (error.status !== undefined) return { status: error.status, body: { why: error.message } };
  return {
    status: error.executed === false ? 503 : 504,
    body: { why: error.message, executed: error.executed === false ? false : "unknown" },
  };
}
