// What would make the next decision another one, for each row of the transition table that needs saying. A row that is not here is
// explained by its own condition: it decides as long as that holds.

const byRule: Readonly<Record<string, readonly string[]>> = {
  "not-established": ["a first record: it is made as soon as an agent of the preferred region reports"],
  "run-under-way": ["the end of the run", "an order to that run: `leeward run pause|abort|force RUN`"],
  "store-away": ["the store answers again; the primary goes on meanwhile by the holds of its standbys"],
  "promoted-by-hand": ["one of the two that were promoted is stopped", "an order that says which of them goes on"],
  unknown: ["a quorum of vantages that reach their own control targets: then it is known whether the primary serves"],
  paused: ["automation is switched on again", "an order of a person"],
  manual: ["an order of a person: the manifest's policy for this group is manual", "the trouble ends"],
  denied: ["an order of a person, for somebody said no", "the trouble ends: the no ends with it"],
  "lease-runs": [
    "the lease runs out without being renewed: then a standby may be promoted",
    "the primary renews its lease",
  ],
  "restart-window": ["the service runs again by itself", "the time for a restart in place is over"],
  "no-target": ["a region that was refused below becomes able to take over", "the primary comes back"],
  "cooling-down": ["the cool-down after the last switch ends", "an order of a person"],
  "failed-too-often": ["an order of a person", "the trouble ends: the failures are forgotten with it"],
  "retry-later": ["the pause before the next try ends", "an order of a person"],
  "ask-loss": ["a person's yes or no", "the standby catches up: then less would be lost", "the trouble ends"],
  "ask-policy": ["a person's yes or no", "the trouble ends: then the question is withdrawn"],
  "ask-unproven": ["a person's yes or no", "the target is seen to run the service", "the trouble ends"],
  "half-way": ["an order of a person, after a look at what the run left undone"],
  recovering: ["the primary answers for long enough", "it stops answering again"],
  "link-cut": ["the link between the regions is mended", "the primary itself is lost"],
  warned: ["what is warned of is mended", "the primary itself gets into trouble"],
  "after-switch": ["the cool-down ends", "the new primary gets into trouble"],
  steady: ["a diagnosis of trouble by a quorum of vantages", "an order of a person"],
  recovered: ["a diagnosis of trouble by a quorum of vantages", "an order of a person"],
  withdrawn: ["a diagnosis of trouble by a quorum of vantages", "an order of a person"],
};

export function wouldChange(rule: string, when: string): readonly string[] {
  const known = byRule[rule];
  if (known !== undefined) return known;
  return when === "" ? [] : [`it stands as long as this holds: ${when}`];
}
