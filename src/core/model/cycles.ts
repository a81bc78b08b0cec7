// Services that need each other in a circle could never be started in any order.

import type { Service, ServiceName } from "./system.ts";

type Needing = Pick<Service, "name" | "needs">;

/**
 * One circle for each tangle of needs, as names in the order of needing: `[a, b]` means that a needs b, and b needs a. Names that no
 * service has are passed over. Linear in services and needs; no recursion, because a chain may be as long as the manifest.
 */
export function needsCycles(services: readonly Needing[]): readonly (readonly ServiceName[])[] {
  const byName = new Map(services.map((service) => [service.name, service]));
  const state = new Map<ServiceName, "open" | "closed">();
  const cycles: ServiceName[][] = [];
  for (const root of services) {
    if (state.has(root.name)) continue;
    const path: { readonly name: ServiceName; readonly needs: readonly ServiceName[]; next: number }[] = [];
    // How many of the path's services, from its start, are known to stand in a circle that has been told already.
    let told = 0;
    const open = (service: Needing): void => {
      state.set(service.name, "open");
      path.push({ name: service.name, needs: service.needs, next: 0 });
    };
    open(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const need = top.needs[top.next++];
      if (need === undefined) {
        state.set(top.name, "closed");
        path.pop();
        told = Math.min(told, path.length);
        continue;
      }
      const needed = byName.get(need);
      if (needed === undefined) continue;
      if (!state.has(need)) open(needed);
      else if (state.get(need) === "open" && told < path.length) {
        const circle = path.slice(path.findIndex((step) => step.name === need)).map((step) => step.name);
        cycles.push(circle);
        told = path.length;
      }
    }
  }
  return cycles;
}
