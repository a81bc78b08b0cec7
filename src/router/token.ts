// The bearer token between routers. It travels in Proxy-Authorization, so that a user's own Authorization header reaches the origin.

import { createHash, timingSafeEqual } from "node:crypto";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** A check that takes the same time whatever is wrong. */
export function makeTokenCheck(token: string): (header: string | undefined) => boolean {
  const expected = digest(`Bearer ${token}`);
  return (header) => timingSafeEqual(digest(header ?? ""), expected);
}
