// Every rule there is, in the order in which findings are told: first what makes the rest doubtful, then what is lost, then advice.

import type { Rule } from "../rule.ts";
import { acceptanceRules } from "./acceptance.ts";
import { dataRules } from "./data.ts";
import { placeRules } from "./places.ts";
import { standbyRules } from "./standby.ts";
import { trafficRules } from "./traffic.ts";
import { verdictRules } from "./verdicts.ts";
import { watchingRules } from "./watching.ts";
import { workflowRules } from "./workflow.ts";

export const rules: readonly Rule[] = [
  ...verdictRules,
  ...placeRules,
  ...dataRules,
  ...standbyRules,
  ...workflowRules,
  ...watchingRules,
  ...trafficRules,
  ...acceptanceRules,
];
