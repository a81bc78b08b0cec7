// How long the stories wait. None of these is a promise; what is promised is in the manifest's objectives.

export const successorWithinMs = 60_000;
/** For late acknowledgements, late wakers and late orders to show themselves. */
export const settleMs = 3_000;
