// What `GET /healthz?deep=1` of an agent answers: 200 when every part is well, 503 when one is not, with the parts in either case.
//
// No token: load balancers and other clouds' probes have none to give. So it says names and plain states only: no address, no error text.

export type HealthPart = {
  readonly part: "service" | "write" | "router" | "disk";
  /** The service's, or the group's. */
  readonly name?: string;
  readonly ok: boolean;
  /** A sentence. */
  readonly says: string;
};

export type DeepHealth = {
  readonly ok: boolean;
  readonly region: string;
  /** Left out: all groups. */
  readonly group?: string;
  /** Whether this region is the primary, by group, as far as it knows. */
  readonly roles: Readonly<Record<string, "primary" | "standby" | "unknown">>;
  readonly parts: readonly HealthPart[];
};
