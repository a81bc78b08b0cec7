// The version of everything Leeward's processes say to each other. A process of another version is refused with a sentence, never half understood.

export const wireVersion = 1;

/** Every call carries it; every answer too. */
export const versionHeader = "leeward-version";
/** On requests between routers: the epoch under which the sender believes the receiver is primary. */
export const epochHeader = "leeward-epoch";
/** On a router's own 503 answers: the request was never handed to an origin, so it may be sent again without harm. */
export const notExecutedHeader = "leeward-not-executed";
/** On answers a router lets through: the epoch under which they were acknowledged. */
export const acknowledgedHeader = "leeward-acknowledged-epoch";
