// Eleven published outages and what the assessment has to say of them from the system alone, as it was before. For each there are two
// manifests beside this file: `<id>.yaml`, every edge with the fact that it comes from, and `<id>.clean.yaml`, the same system mended.

export type Incident = {
  readonly id: string;
  readonly name: string;
  readonly day: string;
  readonly source: string;
  /** What happened, in one sentence of facts. */
  readonly what: string;
  /** The shared fate that has to be told, and a way to it that has these things in this order. */
  readonly fate?: { readonly cut: readonly string[]; readonly path: readonly string[] };
  /** Findings that have to be made, by rule. */
  readonly rules: readonly string[];
  readonly foreseen: string;
  readonly unforeseen: string;
};

export const incidents: readonly Incident[] = [
  {
    id: "github-2018",
    name: "GitHub, both coasts with writes of their own",
    day: "2018-10-21",
    source: "https://github.blog/news-insights/company-news/oct21-post-incident-analysis/",
    what: "43 seconds without a line between two sites: the databases were promoted on the other coast, with nothing fencing the old ones; 24 h 11 min until both histories were one.",
    rules: ["direct-clients-async-automatic"],
    foreseen:
      "An asynchronous database that clients reach directly and that is promoted automatically cannot be fenced: two histories are a matter of time.",
    unforeseen: "That the applications of one coast were too far from databases on the other to serve.",
  },
  {
    id: "aws-2025-10",
    name: "AWS us-east-1, DynamoDB's name empty",
    day: "2025-10-20",
    source: "https://aws.amazon.com/message/101925/",
    what: "A delayed older DNS plan and the clean-up of older plans left the regional name without an address; 14 h 32 min, because launches and health checks of other services depended on it.",
    fate: { cut: ["table"], path: ["shop.example.com", "web@west", "table@east"] },
    rules: ["single-region-dependency"],
    foreseen:
      "A standby in the west that needs a table in the east only, and a registry there to be started, is no standby.",
    unforeseen: "The race of the two DNS workers, and the long backlog after the name was back.",
  },
  {
    id: "google-2025-06",
    name: "Google Cloud, one policy row in every region",
    day: "2025-06-12",
    source: "https://status.cloud.google.com/incidents/ow5i3PPK96RduMcb1SsW",
    what: "A policy with blank fields was replicated to all regions within seconds; the code that met it was behind no flag and fell over everywhere.",
    fate: {
      cut: ["change of policies"],
      path: ["googleapis.example", "api@", "service-control@", "policies@", "change of policies"],
    },
    rules: ["change-reaches-everywhere"],
    foreseen: "Regional instances that all read what reaches every region at once share the fate of the next change.",
    unforeseen: "The null pointer; and that restarting everything at once would overload what lay below.",
  },
  {
    id: "cloudflare-2025-06",
    name: "Cloudflare, a store at somebody else's",
    day: "2025-06-12",
    source: "https://blog.cloudflare.com/cloudflare-service-outage-june-12-2025/",
    what: "Workers KV runs everywhere and keeps its truth in one central store, part of it at a cloud provider, which failed: 90.22 % of requests failed for 2 h 28 min.",
    fate: {
      cut: ["central-store"],
      path: ["access.example", "access@", "workers-kv@", "central-store@cloud-provider"],
    },
    rules: ["single-region-dependency"],
    foreseen: "Every location needs one third party, two needs down from what users call.",
    unforeseen: "Nothing of the graph; how much the caches would still answer is a matter of measuring.",
  },
  {
    id: "cloudflare-2025-11",
    name: "Cloudflare, one file too large",
    day: "2025-11-18",
    source: "https://blog.cloudflare.com/18-november-2025-outage/",
    what: "A change of a database's permissions doubled a generated file, which was sent to the whole network at once and was larger than the proxy allowed.",
    fate: {
      cut: ["change of bot-features"],
      path: ["customers.example", "proxy@", "bot-features@", "change of bot-features"],
    },
    rules: ["change-reaches-everywhere"],
    foreseen: "A generated file that the proxy cannot do without reaches all locations at the same time.",
    unforeseen: "That a change of permissions would make the file larger.",
  },
  {
    id: "cloudflare-2023-11",
    name: "Cloudflare, a cluster over three sites with one of them needed",
    day: "2023-11-02",
    source: "https://blog.cloudflare.com/post-mortem-on-cloudflare-control-plane-and-analytics-outage/",
    what: "One of three sites lost its power. Kafka and ClickHouse were there only, and services of the cluster over all three depended on them.",
    fate: { cut: ["kafka"], path: ["dash.example", "dashboard@", "kafka@pdx-04"] },
    rules: ["single-region-dependency", "never-drilled"],
    foreseen: "Two stores of one site stand below a service that is said to survive any site; and nobody had tried.",
    unforeseen: "That generators and batteries would fail together with both feeds.",
  },
  {
    id: "unisuper-2024-05",
    name: "UniSuper, two geographies of one subscription",
    day: "2024-05-02",
    source: "https://cloud.google.com/blog/products/infrastructure/details-of-google-cloud-gcve-incident",
    what: "The private cloud was deleted with both its geographies when a term ran out that a blank parameter had set; backups with another provider brought it back in more than a week.",
    fate: { cut: ["account private-cloud"], path: ["members.example", "portal@", "account private-cloud"] },
    rules: [],
    foreseen:
      "Both sides belong to one account; a copy outside it exists, so the data survives, and everything has to be built anew.",
    unforeseen: "The blank parameter.",
  },
  {
    id: "s3-2017-02",
    name: "AWS S3, too many servers removed",
    day: "2017-02-28",
    source: "https://aws.amazon.com/message/41926/",
    what: "A mistyped command took away most of S3's index in one region; its restart, not practised for years, took hours, and the status page could not be changed because its console needed S3.",
    fate: { cut: ["objects"], path: ["status.example", "status-console@west", "objects@east"] },
    rules: ["single-region-dependency", "never-drilled"],
    foreseen: "The console that has to tell of an outage needs what fails; and the recovery had never been rehearsed.",
    unforeseen: "The mistyped command. A limit on what a tool may remove is not in the manifest.",
  },
  {
    id: "paris-2023-04",
    name: "Google Cloud Paris, water and fire",
    day: "2023-04-25",
    source: "https://status.cloud.google.com/incidents/dS9ps52MUnxQfyDGPfkY",
    what: "Water leaked in one data centre, fire followed: first several zones of the region were switched off, one of them for weeks.",
    fate: { cut: ["gcp/europe-west9"], path: ["shop.example.com", "web@zone-b", "gcp/europe-west9"] },
    rules: ["zones-taken-for-regions"],
    foreseen: "Two zones are one place.",
    unforeseen: "Which of the zones share a building; a provider does not say.",
  },
  {
    id: "us-west1-2026-08",
    name: "Google Cloud us-west1, little capacity between its data centres",
    day: "2026-08-20",
    source: "https://status.cloud.google.com/incidents/utF3FMFdQfwBzJcGG6vf",
    what: "Maintenance of fibre took away capacity between the data centres of one region; databases and storage were hurt, the region was not down.",
    rules: ["shallow-health-check"],
    foreseen: "A health check that does not look at what the service needs stays green while users fail.",
    unforeseen:
      "The failure itself: a region that is neither up nor down is nothing that is lost, so no cut shows it. It is the watch that has to find it, from what users meet.",
  },
  {
    id: "west-us-2026-07",
    name: "Azure West US, unreachable with its data intact",
    day: "2026-07-23",
    source: "https://azure.status.microsoft/en-us/status/history/",
    what: "Routes were withdrawn from several devices at once; the data centre was cut from the wide-area network.",
    fate: { cut: ["sessions"], path: ["shop.example.com", "web@east", "sessions@west"] },
    rules: ["single-region-dependency"],
    foreseen:
      "Whoever keeps one thing in that region alone goes down with it. The customer in this manifest is made up.",
    unforeseen: "Whether to wait or to switch: the data was safe, and only the watch and a person can weigh that.",
  },
];
