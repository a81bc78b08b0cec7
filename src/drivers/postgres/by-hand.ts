// Somebody promoted a standby without Leeward. That is noticed and said, never undone: a person had a reason, and only a person
// can say which side is right (I1, I7).

export type PartPlayed = "primary" | "standby" | "fenced";

/**
 * A sentence when the server plays a part that nobody told it to, undefined when all is as ordered.
 * `ordered` is what Leeward last made of this member, `epoch` the one under which it did so.
 */
export function noticeByHand(seen: {
  readonly service: string;
  readonly region: string;
  readonly role: "primary" | "standby" | "none";
  readonly timeline: number;
  readonly ordered: { readonly part: PartPlayed; readonly epoch: number } | undefined;
}): string | undefined {
  const { service, region, role, timeline, ordered } = seen;
  if (ordered === undefined || role === "none" || role === ordered.part) return undefined;
  if (role === "primary") {
    const was = ordered.part === "standby" ? "a standby" : "fenced";
    return `${service} in ${region} takes writes on timeline ${timeline}, but under epoch ${ordered.epoch} it is ${was}: somebody promoted or started it by hand. No users are sent there; a person must say which side is right.`;
  }
  return `${service} in ${region} is a standby, but under epoch ${ordered.epoch} it is ${ordered.part === "primary" ? "the primary" : "fenced"}: somebody changed it by hand.`;
}
