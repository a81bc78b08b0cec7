// Mails the orders, in small batches. It runs in the primary region only: two of them would mail twice as often as anyone likes. The
// rows are locked while they are mailed and skipped by others, so that even two at the same database mail each order once.

import { makeDatabase } from "./database.js";

const everyMs = 250;
const batch = 100;

const database = makeDatabase();
let ending = false;
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    ending = true;
    setTimeout(() => process.exit(0), 1_000).unref();
  });
}

let complained = false;
while (!ending) {
  try {
    const { rowCount } = await database.query(
      `update orders set mailed_at = now(), mails = mails + 1
       where id in (select id from orders where mailed_at is null order by id limit ${batch} for update skip locked)`,
    );
    if (rowCount > 0) complained = false;
  } catch (error) {
    // The same trouble is said once, not four times a second.
    if (!complained) console.error(`orders wait for their mail: ${error.message}`);
    complained = true;
  }
  await new Promise((resolve) => setTimeout(resolve, everyMs));
}
await database.close();
