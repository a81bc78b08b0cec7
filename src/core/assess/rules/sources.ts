// The documents that rules cite, each with the section that says just this.

import type { Source } from "../knowledge.ts";

export const logicApps = (section: string, anchor: string): Source => ({
  title: `Multi-region deployments for disaster recovery in Azure Logic Apps: ${section}`,
  url: `https://learn.microsoft.com/azure/logic-apps/multi-region-disaster-recovery#${anchor}`,
  asOf: "2025-01-06",
});

export const aksModels = (section: string, anchor: string): Source => ({
  title: `Multi-region deployment models for Azure Kubernetes Service: ${section}`,
  url: `https://learn.microsoft.com/azure/aks/reliability-multi-region-deployment-models#${anchor}`,
  asOf: "2025-07-28",
});

export const nonpaired = (section: string, anchor: string): Source => ({
  title: `Multi-region solutions in nonpaired regions: ${section}`,
  url: `https://learn.microsoft.com/azure/reliability/regions-multi-region-nonpaired#${anchor}`,
  asOf: "2025-01-15",
});

export const guide = (section: string): Source => ({
  title: `Opsio, Multi-Region Disaster Recovery: AWS and Azure Architecture Guide: ${section}`,
  asOf: "2026-11-20",
});

export const regionPairs: Source = {
  title: "Azure region pairs and nonpaired regions: paired regions",
  url: "https://learn.microsoft.com/azure/reliability/regions-paired",
  asOf: "2026-07-28",
};

/** What is ours to say; docs/assess.md gives the argument under this heading. */
export const own = (heading: string): Source => ({
  title: `Leeward, docs/assess.md: ${heading}`,
  asOf: "2026-11-21",
});

/** What follows from how Leeward itself works; docs/architecture.md gives the argument under this heading. */
export const design = (heading: string): Source => ({
  title: `Leeward, docs/architecture.md: ${heading}`,
  asOf: "2026-11-21",
});

export const ctmc: Source = {
  title:
    "Availability of a region pair as a Markov chain with failed switches and common causes; docs/assess.md, Downtime",
  asOf: "2026-11-21",
};

export const composition: Source = {
  title:
    "Keeton and Merchant, A framework for evaluating storage system dependability (DSN'04): recovery time and recent loss",
  url: "https://doi.org/10.1109/DSN.2004.1311964",
  asOf: "2004-06-28",
};
