// Data: whether the declared method exists, what it cannot protect from, and who can write past the fence.

import type { Service } from "../../model/system.ts";
import type { Facts } from "../facts.ts";
import type { Area } from "../knowledge.ts";
import { recoveryPointOf, settingsOf } from "../numbers.ts";
import type { Rule, Said } from "../rule.ts";
import { missingPair } from "./places.ts";
import { aksModels, guide, nonpaired, own } from "./sources.ts";

export const dataRules: readonly Rule[] = [
  {
    id: "method-ruled-out",
    severity: "error",
    title: "a replication method that does not exist here",
    why: "Many methods ask for something: a pair, the same geography, a tier, a kind of account, a region that is on a list. Where that is missing the method cannot be set up, or stops at the first change, and what the manifest counts on is not there.",
    mend: "Choose one of the methods listed as possible, or change what rules this one out.",
    source: nonpaired("Multi-region solutions by service", "multi-region-solutions-in-nonpaired-regions"),
    check: (facts) =>
      facts.services.flatMap((verdict): readonly Said[] => {
        const ruledOut = verdict.ruledOut.find((method) => method.method === verdict.method);
        const service = facts.service(verdict.name);
        // A missing pair has a rule of its own.
        if (ruledOut === undefined || (service !== undefined && missingPair(facts, service) !== undefined)) return [];
        const others = verdict.possible.map((method) => method.method).filter((name) => name !== verdict.method);
        return [
          {
            service: verdict.name,
            path: ["services", verdict.name, "replication", "method"],
            source: ruledOut.source,
            message: `${verdict.name} counts on ${ruledOut.method}, which is not possible here: ${ruledOut.why}`,
            fix:
              others.length === 0
                ? "No other method is possible here; change the regions or the tier."
                : `Possible here: ${others.join(", ")}.`,
          },
        ];
      }),
  },
  {
    id: "method-unverified",
    severity: "info",
    title: "a method that is possible only if something holds",
    why: "The manifest does not say everything that the method asks for. Until somebody has looked, the method may turn out not to exist.",
    mend: "Look, and write what you found under `settings`.",
    source: own("What a manifest leaves open"),
    check: (facts) =>
      facts.services.flatMap((verdict): readonly Said[] => {
        const method = verdict.possible.find((possible) => possible.method === verdict.method);
        if (method?.requires === undefined || method.requires.length === 0) return [];
        const service = facts.service(verdict.name);
        // In one region alone nothing is replicated, whatever the usual method would be.
        if (service !== undefined && facts.regionsOf(service).length === 1) return [];
        return [
          {
            service: verdict.name,
            path: ["services", verdict.name],
            source: method.source,
            message: `${method.method} of ${verdict.name} works only if ${method.requires.map(asClause).join("; and if ")}.`,
            fix: "Look, and write it under `settings` of the service.",
          },
        ];
      }),
  },
  {
    id: "data-in-one-region",
    severity: "error",
    title: "data that only one region has",
    why: "A group that switches leaves behind whatever exists in the lost region alone. If a service of the group keeps data there and nowhere else, the other side starts without it, or not at all.",
    mend: "Deploy it in the other regions of its group with one of the possible methods, or keep a copy elsewhere.",
    source: guide("Key takeaways, database replication"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const group = facts.group(service);
        if (group === undefined || facts.typeOf(service)?.holdsData !== true) return [];
        if (facts.typeOf(service)?.scope === "global") return [];
        const missing = group.primary.filter((region) => service.in[region] === undefined);
        if (missing.length === 0 || group.primary.length < 2) return [];
        const copy = (service.copies ?? []).some((level) => level.in !== facts.regionsOf(service)[0]);
        return [
          {
            service: service.name,
            path: ["services", service.name, "in"],
            severity: copy ? "warning" : "error",
            message: `${service.name} keeps data and is not in ${missing.join(" or ")}, where ${group.name} may be primary${copy ? "; only its copies get there" : ""}.`,
            fix: `Add ${missing.join(" and ")} under \`in\`, with a replication method.`,
          },
        ];
      }),
  },
  {
    id: "data-without-group",
    severity: "warning",
    title: "replicated data of which nobody says who is primary",
    why: "A group says in which regions a service may be primary, and in which order. Data with one writing region that stands in several regions and belongs to no group has a primary somewhere, and losing that one costs a switch and perhaps work. The manifest does not say where it is, so none of that is reckoned, and the verdict stays open.",
    mend: "Put it into a group.",
    source: own("The loss of a region"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const type = facts.typeOf(service);
        const method = facts.methodOf(service);
        const regions = facts.regionsOf(service).filter((name) => facts.region(name)?.witness !== true);
        if (service.group !== undefined || type?.holdsData !== true || type.scope === "global") return [];
        // Logs and machines have rules of their own; this is about what users' work is kept in.
        if (method?.kind !== "replication" || regions.length < 2 || !keepsWork.has(type.area)) return [];
        // What is needed only to start others, such as a registry, keeps no work of users.
        const users = facts.usersOf(service.name);
        if (users.length > 0 && !users.some(({ needs }) => needs.includes(service.name))) return [];
        return [
          {
            service: service.name,
            path: ["services", service.name],
            message: `${service.name} keeps data in ${regions.join(" and ")}, by a method with one writing region (${method.name}), and belongs to no group: who is primary is not known, so what its loss costs is not reckoned.`,
            fix: "Write `group`, and which regions may be primary under `groups`.",
          },
        ];
      }),
  },
  {
    id: "direct-clients-async-automatic",
    severity: "error",
    title: "clients that reach an asynchronous database past every fence",
    why: "Routers stop acknowledging when a lease runs out, and agents stop the server. A client that connects straight to the database of a host that is frozen or cut off passes neither: it goes on writing there while the other side already serves. With asynchronous replication these writes are two histories, and an automatic failover makes them without asking anybody.",
    mend: "Lead these clients through the routers, replicate synchronously, or let a person approve the failover.",
    source: own("Clients that nothing can fence"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const group = facts.group(service);
        if (service.access !== "direct" || group?.failover !== "automatic" || group.primary.length < 2) return [];
        if (facts.typeOf(service)?.holdsData !== true || service.replication?.mode === "sync") return [];
        if (facts.methodOf(service)?.kind === "multi-write") return [];
        return [
          {
            service: service.name,
            path: ["services", service.name, "access"],
            message: `Clients connect straight to ${service.name}, which is replicated asynchronously and fails over by itself: if its host is only frozen, they go on writing to the old side.`,
            fix: `Write \`access: routed\` once they use the router, or \`mode: sync\`, or \`failover: approve\` for ${group.name}.`,
          },
        ];
      }),
  },
  {
    id: "loss-unbounded",
    severity: "info",
    title: "data whose possible loss nobody bounds",
    why: "Asynchronous replication is behind by as much as it happens to be: seconds as a rule, and without any limit when the link, the target or the load is bad. A few services promise a bound, or let you set one; most only publish a usual figure. Where nobody bounds it the worst case is an open question, whatever the usual lag looks like.",
    mend: "Take a method or a setting with a bound, keep copies at a fixed interval, or measure the lag, alarm on it, and accept this with the limit you hold.",
    source: guide("Cross-region data consistency challenges, replication lag"),
    check: (facts) => {
      const open = facts.services.flatMap((verdict): readonly string[] => {
        const service = facts.service(verdict.name);
        const method = verdict.possible.find((possible) => possible.method === verdict.method);
        if (service?.group === undefined || method?.rpoSeconds === undefined) return [];
        if (facts.typeOf(service)?.holdsData !== true || facts.regionsOf(service).length < 2) return [];
        // A copy that is made at a fixed interval has a bound of its own, where nothing live is followed.
        const kind = facts.methodOf(service)?.kind;
        if ((service.copies ?? []).length > 0 && (kind === "copy" || kind === "backup")) return [];
        return Number.isFinite(method.rpoSeconds.worst) ? [] : [service.name];
      });
      const [first] = open;
      if (first === undefined) return [];
      const rest = open.length - namedMax;
      return [
        {
          ...(open.length === 1 ? { service: first } : {}),
          path: ["services", first],
          message: `Nobody bounds what may be lost of ${open.slice(0, namedMax).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}: replication is as far behind as it happens to be.`,
          fix: "Choose a method or a setting with a bound, or alarm on the lag and accept this with the limit you hold.",
        },
      ];
    },
  },
  {
    id: "active-active-single-writer",
    severity: "error",
    title: "active-active over data that has one writer",
    why: "In an active-active group every region takes writes. A method with one writing region sends the other region's writes across, or refuses them; and when the writing region is lost there is still a switch to make, so the group is active-passive in what counts.",
    mend: "Use a method with several writing regions and decide how conflicts end, or declare the group active-passive.",
    source: guide("Cross-region data consistency challenges, conflict resolution"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const [group, method, type] = [facts.group(service), facts.methodOf(service), facts.typeOf(service)];
        if (group?.pattern !== "active-active" || method === undefined || type?.holdsData !== true) return [];
        if (method.kind === "multi-write" || method.kind === "global" || method.kind === "redeploy") return [];
        return [
          {
            service: service.name,
            path: ["services", service.name, "replication"],
            message: `${group.name} is active-active, and ${service.name} (${method.name}) takes writes in one region only.`,
            fix: `Choose a method with several writers, or write \`pattern: active-passive\` for ${group.name}.`,
          },
        ];
      }),
  },
  {
    id: "write-conflicts",
    severity: "warning",
    title: "two regions that may write the same thing at once",
    why: "With several writing regions two users can change one record at the same moment. Something then decides which change stays: the last writer, a merge in the application, or rules of the domain. If nobody has chosen, the default drops one of the two without telling anybody.",
    mend: "Decide how conflicts end, test it, and accept this finding with the decision.",
    source: guide("Cross-region data consistency challenges, conflict resolution"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const [group, method] = [facts.group(service), facts.methodOf(service)];
        if (method?.kind !== "multi-write" || group?.pattern !== "active-active") return [];
        if (!recordAreas.has(facts.typeOf(service)?.area)) return [];
        return [
          {
            service: service.name,
            path: ["services", service.name, "replication"],
            source: method.source,
            message: `${service.name} takes writes in several regions (${method.consistency}); two changes of one record at once end as that says.`,
            fix: "Decide how conflicts end and accept this with the decision.",
          },
        ];
      }),
  },
  {
    id: "stateful-set-holds-data",
    severity: "warning",
    title: "data kept inside a cluster",
    why: "A stateful set's volumes live in its own region's cluster. Restoring them elsewhere rests on backups of disks, some of them in preview and tied to region pairs. If data lies in a managed database with replication across regions, or in external storage, none of that is needed.",
    mend: "Keep the data in a managed database or in storage outside the cluster, or replicate inside the application.",
    source: guide("Frequently asked questions, multi-region with Kubernetes"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] =>
        service.type === "kubernetes/stateful-set"
          ? [
              {
                service: service.name,
                path: ["services", service.name, "type"],
                message: `${service.name} keeps its data inside the cluster, where only backups of disks reach another region.`,
                fix: "Move the data to a managed database or to storage outside the cluster.",
              },
            ]
          : [],
      ),
  },
  {
    id: "cloud-tiering-on",
    severity: "error",
    title: "files that are not there",
    why: "With cloud tiering a server keeps only what was used lately and fetches the rest from the share in its region. A server that is meant to take over then holds names without contents, and the contents are in the region that was lost.",
    mend: "Turn cloud tiering off on the server that is to take over, and give it disks for the whole set of files.",
    source: nonpaired("Azure Storage, Azure Files, important note", "azure-storage"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const on = facts.regionsOf(service).filter((region) => {
          const tiering = facts.settingOf(service, "cloudTiering", region);
          return tiering === true || tiering === "on" || tiering === "enabled";
        });
        return on.length === 0
          ? []
          : [
              {
                service: service.name,
                path: ["services", service.name, "settings"],
                message: `Cloud tiering of ${service.name} is on in ${on.join(" and ")}: what is not in use there exists only in the other region.`,
                fix: "Turn it off and provide disks for all of the files.",
              },
            ];
      }),
  },
  {
    id: "account-holds-every-copy",
    severity: "warning",
    title: "every copy belongs to one account",
    why: "Replicas follow a deletion as faithfully as a write. Whoever can delete the account, or the subscription, deletes the data together with all its replicas, by mistake or not; this has happened, and a backup at another provider saved the company.",
    mend: "Keep one copy in an account that the first one's administrators cannot reach, or at another provider.",
    source: {
      title: "Google Cloud, Sharing details on a recent incident impacting one of our customers (UniSuper)",
      url: "https://cloud.google.com/blog/products/infrastructure/details-of-google-cloud-gcve-incident",
      asOf: "2024-05-25",
    },
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        if (service.group === undefined || !keepsData(facts, service)) return [];
        const accounts = facts.regionsOf(service).map((region) => facts.region(region)?.account);
        const known = accounts.filter((account) => account !== undefined);
        // Only where the manifest names accounts is anything known about them.
        if (known.length !== accounts.length || accounts.length === 0) return [];
        const all = [
          ...known,
          ...(service.copies ?? []).map(
            (copy) => copy.account ?? facts.region(copy.in)?.account ?? `${copy.in} itself`,
          ),
        ];
        if (new Set(all).size > 1) return [];
        return [
          {
            service: service.name,
            path: ["services", service.name],
            message: `Every copy of ${service.name} belongs to the account ${known[0]}: who deletes that, by mistake or not, deletes all of them.`,
            fix: "Keep a copy under another account (`copies: [{ account: ... }]`).",
          },
        ];
      }),
  },
  {
    id: "no-copy-outside",
    severity: "info",
    title: "replicas, and no backup",
    why: "Replication carries a wrong deletion, a broken migration and an attacker's encryption to the other side within seconds. Only a copy from before lets anybody go back.",
    mend: "Keep backups that reach further back than it takes to notice, and name them under `copies`.",
    source: own("What replicas do not protect from"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        if (facts.typeOf(service)?.area !== "data" || service.group === undefined) return [];
        if ((service.copies ?? []).length > 0 || facts.methodOf(service)?.kind === "backup") return [];
        return [
          {
            service: service.name,
            path: ["services", service.name],
            message: `The manifest names no backup of ${service.name}: a wrong deletion reaches every replica within seconds.`,
            fix: "Name its backups under `copies`.",
          },
        ];
      }),
  },
  {
    id: "backup-beside-data",
    severity: "error",
    title: "every backup lies where the data lies",
    why: "A backup in the region of the data is lost together with it. It helps against a wrong deletion, and not against the one thing that this product is for.",
    mend: "Keep one in another region.",
    source: aksModels("Azure Backup", "active-passive-disaster-recovery-deployment-model"),
    check: (facts) =>
      facts.system.services.flatMap((service): readonly Said[] => {
        const copies = service.copies ?? [];
        const regions = facts.regionsOf(service);
        const home = regions[0];
        if (copies.length === 0 || home === undefined || regions.length > 1) return [];
        const at = facts.region(home)?.at;
        if (copies.some((copy) => copy.in !== home && (facts.region(copy.in)?.at ?? copy.in) !== at)) return [];
        return [
          {
            service: service.name,
            path: ["services", service.name, "copies"],
            message: `Every copy of ${service.name} lies in ${home}, where the data is: all of it is lost together.`,
            fix: "Keep a copy in another region.",
          },
        ];
      }),
  },
];

const namedMax = 10;

/** Where two people can change one record; a cluster or a gateway that serves in several regions has no records. */
const recordAreas: ReadonlySet<Area | undefined> = new Set<Area>(["data", "cache", "storage"]);

/** Where the only thing of its kind may lie; a queue passes on, a cache is filled again, a registry is built from source. */
const keptAreas: ReadonlySet<Area> = new Set<Area>(["data", "storage", "security"]);

/** Whether anything is in it that cannot be made anew: a cluster whose state lies in stores outside, for one, is empty. */
function keepsData(facts: Facts, service: Service): boolean {
  const type = facts.typeOf(service);
  if (type?.holdsData !== true) return false;
  if (keptAreas.has(type.area)) return true;
  if (type.area !== "compute") return false;
  const method = facts.methodOf(service);
  if (method === undefined || (method.kind !== "redeploy" && method.kind !== "multi-write")) return true;
  const settings = settingsOf(service, type, facts.regionsOf(service)[0]);
  return recoveryPointOf(method, service.replication?.mode, settings)?.kind !== "zero";
}

/** A requirement that was written as a sentence, within one. Names keep their capitals. */
function asClause(text: string): string {
  return text
    .replace(/^(The|A|An|At|It|No|Each|Every|Something|Members|Clients) /, (word) => word.toLowerCase())
    .replace(/\.$/, "");
}

const keepsWork: ReadonlySet<Area> = new Set(["data", "cache", "messaging", "storage"]);
