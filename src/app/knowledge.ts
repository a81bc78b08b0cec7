// The commands that say what Leeward knows: no manifest, no server, no credentials. Each loads what it needs when it runs.

import type { Command } from "commander";
import type { CatalogIo } from "../cli/catalog.ts";
import { whole } from "./whole.ts";

export function addKnowledgeCommands(program: Command): void {
  const catalog = program
    .command("catalog")
    .helpCommand(false)
    .description("what each service can do across regions, and which regions there are, with sources");

  catalog
    .command("list")
    .description("the service types that Leeward knows, and the methods of each")
    .option("--area <area>", "only this area: data, messaging, storage, compute, workflow, routing, ...")
    .option("--json <file>", "write the answer as JSON (- for standard output)")
    .action(async (flags) => {
      const { catalogList } = await import("../cli/catalog.ts");
      catalogList(flags, await ioOf());
    });

  catalog
    .command("show <type>")
    .description("one service type: which methods are possible between these regions, and why the others are not")
    .option("--from <region>", "where it is: norwayeast or azure/norwayeast")
    .option("--to <region...>", "where it goes; several are asked for all at once")
    .option("--set <name=value...>", "what is so with yours, such as tier=premium")
    .option("--json <file>", "write the answer as JSON (- for standard output)")
    .action(async (type: string, flags) => {
      const { catalogShow } = await import("../cli/catalog.ts");
      catalogShow(type, flags, await ioOf());
    });

  catalog
    .command("regions")
    .description("which region could take over for one, best first, by a score whose parts are shown")
    .requiredOption("--from <region>", "the region that may be lost: norwayeast or azure/norwayeast")
    .option("--geography", "only regions of the same geography")
    .option("--residency <codes>", "only in these countries or groups of them, such as NO,SE,EU")
    .option("--needs <type...>", "service types that must get there")
    .option("--provider <provider>", "regions of another provider: azure, aws, gcp")
    .option("--limit <n>", "so many at most", whole, 10)
    .option("--json <file>", "write the answer as JSON (- for standard output)")
    .action(async (flags) => {
      const { catalogRegions } = await import("../cli/catalog.ts");
      catalogRegions(flags, await ioOf());
    });
}

async function ioOf(): Promise<CatalogIo> {
  const { writeFileSync } = await import("node:fs");
  return {
    out: (text) => void process.stdout.write(text),
    writeFile: (file, text) => {
      try {
        writeFileSync(file, text);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw Object.assign(new Error(`${file} cannot be written (${why})`), { exitCode: 3 });
      }
    },
    color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
    ...(process.stdout.columns === undefined ? {} : { width: process.stdout.columns }),
  };
}
