// All calls that a process may answer, whoever asks: other processes and people.

import type { z } from "zod";
import { calls } from "./calls.ts";
import { peopleCalls } from "./people.ts";

export const everyCall = { ...calls, ...peopleCalls } as const;

export type EveryCallName = keyof typeof everyCall;
export type EveryRequest<N extends EveryCallName> = z.infer<(typeof everyCall)[N]["request"]>;
export type EveryResponse<N extends EveryCallName> = z.infer<(typeof everyCall)[N]["response"]>;
