export { PostgresDriver, type PostgresDriverOptions } from "./driver.ts";
export type { Processes } from "./processes.ts";
export type { Endpoint, Site } from "./site.ts";
