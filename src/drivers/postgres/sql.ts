// One connection to one server, for Leeward's own questions and orders.
// Q1. Every question has a deadline; a connection that missed one is closed, because its next answer could belong to the last question.
// Q2. Leeward's own commits never wait for a standby (synchronous_commit = local): they hold no user data, and a strict primary
//     whose standby is away must still take orders.
// Client: https://node-postgres.com/apis/client

import pg from "pg";
import { DriverError, driverErrorOf } from "./errors.ts";

export type SqlAddress = {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
};

/** The slice of the client's connection that its own types leave out. */
type Wire = { readonly connection: { readonly stream: { destroy(): void } } };

export class Sql {
  readonly #client: pg.Client;
  readonly #where: string;
  #broken: unknown;

  private constructor(client: pg.Client, where: string) {
    this.#client = client;
    this.#where = where;
  }

  /** Throws a DriverError. */
  static async open(address: SqlAddress, deadlineMs: number): Promise<Sql> {
    const where = `${address.host}:${address.port}`;
    const client = new pg.Client({
      ...address,
      ssl: false,
      connectionTimeoutMillis: Math.max(1, Math.ceil(deadlineMs)),
      application_name: "leeward-agent",
      options: "-c synchronous_commit=local",
      keepAlive: true,
    });
    const sql = new Sql(client, where);
    // Without a listener, a server that ends an idle session would end this process.
    client.on("error", (error) => {
      sql.#broken ??= error;
    });
    try {
      await client.connect();
    } catch (error) {
      sql.destroy();
      const timedOut = error instanceof Error && /timeout/i.test(error.message);
      if (timedOut) throw new DriverError("connect-timeout", "later", `No answer from ${where} in time.`, error);
      throw driverErrorOf(error, `connecting to ${where}`);
    }
    return sql;
  }

  get usable(): boolean {
    return this.#broken === undefined;
  }

  /** Rows as the server's own texts, numbers and booleans. Throws a DriverError. */
  async query<Row>(text: string, values: readonly unknown[], deadlineMs: number): Promise<readonly Row[]> {
    if (this.#broken !== undefined) throw driverErrorOf(this.#broken, `talking to ${this.#where}`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          const error = new DriverError(
            "query-timeout",
            "unknown",
            `${this.#where} took the question but gave no answer in time.`,
          );
          this.#broken ??= error;
          this.destroy();
          reject(error);
        },
        Math.max(1, deadlineMs),
      );
    });
    try {
      const asked = values.length === 0 ? this.#client.query(text) : this.#client.query({ text, values: [...values] });
      const result = await Promise.race([asked, late]);
      return result.rows as readonly Row[];
    } catch (error) {
      throw driverErrorOf(error, `asking ${this.#where}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it politely, but not for long. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.destroy(), 500);
    await this.#client.end().catch(() => {});
    clearTimeout(timer);
  }

  destroy(): void {
    this.#broken ??= new DriverError("closed", "later", `The connection to ${this.#where} was closed.`);
    (this.#client as unknown as Wire).connection.stream.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Asks once on a connection of its own. */
export async function askOnce<Row>(address: SqlAddress, text: string, deadlineMs: number): Promise<readonly Row[]> {
  const until = performance.now() + deadlineMs;
  await using sql = await Sql.open(address, deadlineMs);
  return await sql.query<Row>(text, [], until - performance.now());
}

/** `text` as an SQL string literal. */
export function literal(text: string): string {
  return pg.escapeLiteral(text);
}

/** `name` as an SQL identifier. */
export function identifier(name: string): string {
  return pg.escapeIdentifier(name);
}
