// The shop's way to its database. It dials the router beside it, which leads to the primary wherever that is. A switch ends old
// sessions, so whoever uses a session expects to lose it: what was lost is tried again, on a new session, for as long as the caller allows.

import pg from "pg";

/** SQLSTATE classes and codes that mean: this session is of no more use, another may be. */
const sessionLost = /^(08|57P0|25006)/;

/** Between two tries on a new session. */
const pauseMs = 20;
/** A caller is told "unknown" when there is no answer by then... */
const answerMs = 2_000;
/** ...and the session is given up when there is none by then. */
const giveUpMs = 60_000;

export function makeDatabase(env = process.env) {
  const url = new URL(env.LEEWARD_URL_ORDERS ?? "postgres://leeward@127.0.0.1:5432/shop");
  if (env.LEEWARD_PASSWORD_ORDERS) url.password = env.LEEWARD_PASSWORD_ORDERS;
  const pool = new pg.Pool({
    connectionString: url.href,
    max: 8,
    // Longer than a caller's patience: on a busy machine, sessions that are begun and broken off at once again and again never come up.
    connectionTimeoutMillis: 2_000,
    idleTimeoutMillis: 0,
    keepAlive: true,
    application_name: `shop ${env.LEEWARD_REGION ?? ""}`.trim(),
  });
  // A session that ends is removed by the pool; without a listener its error would end the process, be it idle or lent out.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));

  /**
   * Runs one statement that may safely run twice. Throws an error with `executed: false` if it certainly did not run, else
   * `executed: undefined`.
   */
  async function query(text, values = [], patienceMs = 250) {
    const until = performance.now() + patienceMs;
    let executed = false;
    for (;;) {
      let client;
      try {
        client = await sessionBy(until);
      } catch (error) {
        if (performance.now() < until) {
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
          continue;
        }
        throw Object.assign(new Error(`no database session: ${error.message}`), { executed });
      }
      try {
        const result = await answerOf(client, text, values);
        client.release();
        return result;
      } catch (error) {
        if (error.waiting) throw Object.assign(error, { executed: undefined });
        const lost = error.code === undefined || sessionLost.test(error.code) || error.code.startsWith("E");
        client.release(lost);
        if (error.code === "42P01") {
          // A new, empty database.
          await createTables();
          continue;
        }
        // A server that says why it did not has not done it; a session that broke may have.
        if (lost && error.code !== "25006") executed = undefined;
        if (lost && performance.now() < until) continue;
        throw Object.assign(error, { executed });
      }
    }
  }

  /** A session, or an error when there is none in time; one that comes later is left to the next caller. */
  async function sessionBy(until) {
    const wanted = pool.connect();
    let timer;
    const late = new Promise((_, reject) => {
      const error = new Error("none was free in time");
      timer = setTimeout(() => reject(error), Math.max(1, until - performance.now()));
    });
    try {
      return await Promise.race([wanted, late]);
    } catch (error) {
      wanted.then(
        (client) => client.release(),
        () => {},
      );
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * The answer, or an error with `waiting: true`: then the session waits on, and stays lent out until it has its answer. A commit that waits
   * for a standby goes on waiting in the server whatever we do; giving its session up and opening another would use up the server's sessions.
   */
  function answerOf(client, text, values) {
    return new Promise((resolve, reject) => {
      let late = false;
      const lateTimer = setTimeout(() => {
        late = true;
        reject(Object.assign(new Error(`no answer within ${answerMs} ms`), { waiting: true }));
      }, answerMs);
      let released = false;
      const release = (lost) => {
        if (!released) client.release(lost);
        released = true;
        clearTimeout(giveUpTimer);
      };
      const giveUpTimer = setTimeout(() => late && release(true), giveUpMs);
      giveUpTimer.unref();
      const settle = (then) => (value) => {
        clearTimeout(lateTimer);
        clearTimeout(giveUpTimer);
        if (late) release(value instanceof Error);
        else then(value);
      };
      client.query(text, values).then(settle(resolve), settle(reject));
    });
  }

  async function createTables() {
    const client = await pool.connect();
    let broken = true;
    try {
      // Several processes may meet the empty database at once.
      await client.query("begin");
      await client.query("select pg_advisory_xact_lock(7001)");
      await client.query(`create table if not exists orders (
        id bigserial primary key, key text not null unique, item text not null, quantity integer not null,
        region text not null, at timestamptz not null default now(), mailed_at timestamptz, mails integer not null default 0)`);
      await client.query("create index if not exists orders_to_mail on orders (id) where mailed_at is null");
      await client.query(`create table if not exists markers (
        run text not null, seq bigint not null, epoch bigint not null, at double precision not null, primary key (run, seq))`);
      await client.query("commit");
      broken = false;
    } finally {
      client.release(broken);
    }
  }

  return { query, close: () => pool.end() };
}
