// Makes the controller's store hang: `node store-stall.ts FILE MS` takes the write lock of its SQLite file as a transaction of its own,
// says so, holds it, and gives it back having changed nothing.

import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

const [, , file, ms] = process.argv;
if (file === undefined || ms === undefined) throw new Error("usage: store-stall.ts FILE MS");
const database = new DatabaseSync(file);
database.exec("PRAGMA busy_timeout = 5000");
database.exec("BEGIN EXCLUSIVE");
process.stdout.write(`${JSON.stringify({ ready: true, file, ms: Number(ms) })}\n`);
await sleep(Number(ms));
database.exec("ROLLBACK");
database.close();
