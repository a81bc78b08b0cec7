// The steps that people take in a switch, as a list to work through at 3 a.m.: who does it, how long it takes, what to type.

import type { Loss } from "../../core/model/assess-report.ts";
import type { ByHand, HandStep } from "../plan/by-hand.ts";
import { clean, counted, span } from "../words.ts";
import { aligned, hang, type Paint, painter, shownWidth, type TextOptions, widthOf, wrap } from "./layout.ts";

export type HandPlan = {
  readonly group: string;
  readonly from: string;
  readonly to: string;
  readonly failover: boolean;
  readonly byHand: ByHand;
  /** What the assessment says of the loss of `from`; only for a failover. */
  readonly loss?: Loss;
};

export function byHandText(plan: HandPlan, options: TextOptions): string {
  const paint = painter(options);
  const width = widthOf(options);
  const { out, back } = plan.byHand;
  const blocks = [
    wrap(leading(plan), width).map((line) => paint("strong", line)),
    list(out, { from: plan.from, width, paint }),
    [
      paint("strong", "The way back, once the old side is well again"),
      ...list(back, { from: plan.from, width, paint }),
    ],
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function leading({ group, from, to, failover, byHand, loss }: HandPlan): string {
  const own = byHand.out.filter((step) => step.by === "customer").length;
  const who = byHand.agentsMoveSome
    ? `${counted(byHand.services.length, "service")} of ${clean(group)} ${byHand.services.length === 1 ? "is" : "are"} moved by people, beside what agents do`
    : `${clean(group)} is moved by people, for no agent can move its services`;
  const event = failover
    ? `If ${clean(from)} is lost, ${clean(group)} goes to ${clean(to)}`
    : `${clean(group)} goes from ${clean(from)} to ${clean(to)}`;
  const time =
    loss === undefined
      ? ""
      : loss.survives
        ? ` Users can write again after about ${span(loss.rtoSeconds.expected)}, at worst ${span(loss.rtoSeconds.worst)}; leeward assess gives the parts.`
        : ` That does not bring users back: ${ended(clean(loss.why))}`;
  return `${event}: ${who}, in ${counted(own, "step")} of your own and ${counted(byHand.out.length - own, "step")} of others.${time}`;
}

const ended = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const doers: Readonly<Record<HandStep["by"], string>> = { customer: "you", provider: "provider", leeward: "Leeward" };

function list(
  steps: readonly HandStep[],
  { from, width, paint }: { readonly from: string; readonly width: number; readonly paint: Paint },
): readonly string[] {
  if (steps.length === 0) return ["  Nothing is to be done."];
  const nameWidth = Math.min(20, Math.max(7, ...steps.map((step) => shownWidth(clean(step.service)))));
  const lines: string[] = [];
  let phase = "";
  for (const [index, step] of steps.entries()) {
    if (step.phase !== phase) lines.push(paint("strong", step.phase));
    phase = step.phase;
    const first = [
      aligned(String(index + 1), 4, "right"),
      aligned(doers[step.by], 8),
      aligned(span(step.expectedSeconds), 7, "right"),
      aligned(clean(step.service), nameWidth),
      "",
    ].join("  ");
    const asks =
      step.needs === undefined || step.needs === "target-region"
        ? ""
        : `; asks ${placeOf(step.needs, step.type, from)}`;
    lines.push(
      ...hang(
        first,
        `${clean(step.what)}${asks}${step.call === undefined ? "" : ` ${paint("quiet", `[${clean(step.call)}]`)}`}`,
        width,
      ),
    );
  }
  return lines;
}

/** By its name: "the region that is left" may be read as the one that remains. On the way back it is the one that is gone back to. */
function placeOf(needs: NonNullable<HandStep["needs"]>, type: string, from: string): string {
  if (needs === "source-region") return clean(from);
  if (needs !== "global") return needs;
  // A name service, a repository or a balancer of one's own has no provider.
  return /^(azure|aws)\//.test(type) ? "the provider's global control plane" : "something outside both regions";
}
