// `leeward catalog list` on a terminal: the service types that Leeward knows, by area.

import { heading, painter, type TextOptions, table, widthOf, wrap } from "./layout.ts";

export type ListedType = {
  readonly id: string;
  readonly name: string;
  readonly area: string;
  readonly scope: string;
  readonly methods: readonly string[];
  readonly usual: string;
  /** The newest day any of its claims is stated as of. */
  readonly asOf: string;
};

export type ListAnswer = {
  readonly version: 1;
  readonly summary: string;
  readonly types: readonly ListedType[];
  /** A manifest may name them; nothing is known of how they get to another region. */
  readonly byNameOnly: readonly string[];
};

export function catalogListText(answer: ListAnswer, options: TextOptions): string {
  const paint = painter(options);
  const width = widthOf(options);
  const areas = [...new Set(answer.types.map(({ area }) => area))].sort();
  const idWidth = Math.max(0, ...answer.types.map(({ id }) => id.length));
  const parts = [
    wrap(answer.summary, width).map((line) => paint("strong", line)),
    ...areas.map((area) => [
      heading(area, paint),
      ...table(
        [{}, {}],
        answer.types
          .filter((type) => type.area === area)
          .map(({ id, methods }) => [id.padEnd(idWidth), methods.join(", ")]),
        { width, indent: 2 },
      ),
    ]),
    answer.byNameOnly.length === 0 ? [] : wrap(`Known by name only: ${answer.byNameOnly.join(", ")}.`, width),
    wrap("leeward catalog show TYPE says what each method gives and asks for.", width).map((line) =>
      paint("quiet", line),
    ),
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}
