// Every bound of the router, each with its reason. Memory is bounded by `bufferedBytesMax` + a chunk or two for each connection.

export type RouterLimits = {
  /** How long a request or a new session waits for a primary before it is refused as not executed. Longer than a switchover's gap. */
  readonly holdMs: number;
  /** Requests and sessions waiting at one time; beyond it they are refused at once. */
  readonly heldMax: number;
  /** Requests handed on at one time, all groups. */
  readonly inFlightMax: number;
  /** The same towards another region: a silent one must not take the whole `inFlightMax`. */
  readonly inFlightPerPeerMax: number;
  /** Request bodies up to here are kept, so that they can be sent again to the new primary. */
  readonly replayBytesMax: number;
  /** All kept request bodies together. */
  readonly bufferedBytesMax: number;
  readonly bodyBytesMax: number;
  /** Answers to writes up to here are collected whole, so that they are let through at one instant or not at all. */
  readonly answerBytesMax: number;
  /** An answer of unknown length is streamed on when it has not ended so long after its head. */
  readonly answerCollectMs: number;
  /** An origin that has not answered by then: the outcome is unknown. */
  readonly answerDeadlineMs: number;
  /** Added for an answer that comes through a peer, so that the router nearer to the origin gives the verdict. */
  readonly peerExtraMs: number;
  readonly connectTimeoutMs: number;
  /** How long an answer waits for the window to be renewed under the same epoch. */
  readonly windowWaitMs: number;
  /** How long a peer's request of a higher epoch waits for this router's own configuration to catch up. */
  readonly catchUpMs: number;
  /** A streamed answer that is silent so long is given up. */
  readonly streamIdleMs: number;
  /** Pause before what was refused is tried again, unless the configuration changes sooner. It is part of a switchover's gap. */
  readonly retryMs: number;
  /** An origin that refused a connection is left out so long. */
  readonly ejectMs: number;
  /** TCP sessions at one time, all services, and through the peer port too. */
  readonly sessionsMax: number;
  readonly httpConnectionsMax: number;
  readonly headerBytesMax: number;
  readonly headersTimeoutMs: number;
  /** For a whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** At a stop: for what is in flight to end. */
  readonly drainMs: number;
  readonly pollWaitMs: number;
  /** While a switch holds requests and some are still in flight, the agent is told their count so often. */
  readonly pollWaitInHoldMs: number;
  /** Added to the wait of a poll to make its deadline. */
  readonly pollExtraMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
};

export const defaultLimits: RouterLimits = {
  holdMs: 5_000,
  heldMax: 1_000,
  inFlightMax: 2_000,
  inFlightPerPeerMax: 500,
  replayBytesMax: 256 * 1024,
  bufferedBytesMax: 64 * 1024 * 1024,
  bodyBytesMax: 64 * 1024 * 1024,
  answerBytesMax: 64 * 1024,
  answerCollectMs: 100,
  answerDeadlineMs: 10_000,
  peerExtraMs: 500,
  connectTimeoutMs: 1_000,
  windowWaitMs: 500,
  catchUpMs: 1_000,
  streamIdleMs: 300_000,
  retryMs: 25,
  ejectMs: 250,
  sessionsMax: 1_000,
  httpConnectionsMax: 4_000,
  headerBytesMax: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 120_000,
  drainMs: 5_000,
  pollWaitMs: 200,
  pollWaitInHoldMs: 25,
  pollExtraMs: 800,
  backoffMinMs: 50,
  backoffMaxMs: 1_000,
};
