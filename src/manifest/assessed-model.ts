// The parts of the model that only the assessment reads. What the text does not give is left out: the assessment has its own defaults
// and says where it used one.

import type { Assumptions, Copy, Drills, Service, System } from "../core/model/system.ts";
import type { Draft } from "./schema.ts";

type DraftService = Draft["services"][string];
type DraftCopy = NonNullable<DraftService["copies"]>[number];
type DraftDrills = NonNullable<Draft["groups"][string]["drills"]>;
type Assessed = Pick<
  Service,
  | "startNeeds"
  | "settings"
  | "access"
  | "changes"
  | "shares"
  | "volume"
  | "copies"
  | "costPerMonth"
  | "scaleUpMs"
  | "watches"
>;

export function assessedOf(service: DraftService): Assessed {
  const { startNeeds, settings, access, changes, shares, volume, copies, cost, scaleUp, watches } = service;
  return {
    ...(startNeeds === undefined ? {} : { startNeeds }),
    ...(settings === undefined ? {} : { settings }),
    ...(access === undefined ? {} : { access }),
    ...(changes === undefined ? {} : { changes }),
    ...(shares === undefined ? {} : { shares }),
    ...(volume === undefined
      ? {}
      : {
          volume: {
            bytes: volume.size,
            ...(volume.changePerDay === undefined ? {} : { changedBytesPerDay: volume.changePerDay }),
          },
        }),
    ...(copies === undefined ? {} : { copies: copies.map(copyOf) }),
    ...(cost === undefined ? {} : { costPerMonth: cost }),
    ...(scaleUp === undefined ? {} : { scaleUpMs: scaleUp }),
    ...(watches === undefined ? {} : { watches: { region: watches.region, everyMs: watches.every } }),
  };
}

function copyOf(copy: DraftCopy): Copy {
  const { restore } = copy;
  return {
    name: copy.name,
    in: copy.in,
    ...(copy.device === undefined ? {} : { device: copy.device }),
    ...(copy.account === undefined ? {} : { account: copy.account }),
    everyMs: copy.every,
    holdMs: copy.hold,
    transferMs: copy.transfer,
    ...(copy.keep === undefined ? {} : { keepMs: copy.keep }),
    ...(restore === undefined
      ? {}
      : {
          restore: {
            provisionMs: restore.provision,
            ...(restore.rate === undefined ? {} : { bytesPerSecond: restore.rate }),
            restartMs: restore.restart,
          },
        }),
  };
}

export function drillsOf(drills: DraftDrills): Drills {
  return {
    clean: drills.clean,
    ...(drills.last === undefined ? {} : { last: drills.last }),
    ...(drills.every === undefined ? {} : { everyMs: drills.every }),
  };
}

export function assumptionsOf(assumptions: Draft["assumptions"]): Pick<System, "assumptions"> {
  if (assumptions === undefined) return {};
  const { outagesPerYear, repair, commonCause, coverage, detection, approval } = assumptions;
  const known: Assumptions = {
    ...(outagesPerYear === undefined ? {} : { outagesPerYear }),
    ...(repair === undefined ? {} : { repairMs: repair }),
    ...(commonCause === undefined ? {} : { commonCause }),
    ...(coverage === undefined ? {} : { coverage }),
    ...(detection === undefined ? {} : { detectionMs: detection }),
    ...(approval === undefined ? {} : { approvalMs: approval }),
  };
  return { assumptions: known };
}
