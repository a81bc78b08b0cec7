// One connection from a place to an address in another place, as the two links between them let it be.
//
// Silence in either direction at the handshake: the connection is accepted into the void, and nobody at the far end hears of it. (Real
// TCP would leave it unaccepted; the client waits either way.) Silence later: what goes in the silent direction is swallowed, ends and
// resets too, while the other direction still delivers, so that a cut may be one-way. "refuse" resets at once, like a host that says no.

import { connect, type Socket } from "node:net";
import { makeAnswers } from "./answers.ts";
import { type Direction, makeDirection } from "./direction.ts";
import type { Link } from "./faults.ts";

/** What Linux waits before it sends a lost first packet of a connection again. */
const synRetransmitMs = 1_000;

export type Connection = {
  /** One of the two links changed. */
  linkChanged(): void;
  destroy(): void;
};

export function openConnection(parts: {
  readonly client: Socket;
  readonly host: string;
  readonly port: number;
  /** Behind the address is a service that answers users; its answers may be made to fail, or to come late. */
  readonly serves: boolean;
  /** From the client's place to the address, and back. */
  readonly up: Link;
  readonly down: Link;
  readonly closed: (connection: Connection) => void;
}): Connection {
  const { client } = parts;
  let upstream: Socket | undefined;
  let clientClosed = false;
  let upstreamClosed = true;
  let intoTheVoid = false;
  let connectTimer: NodeJS.Timeout | undefined;

  const up = makeDirection({ link: parts.up, source: () => client, target: () => upstream });
  const answers = makeAnswers(parts.down);
  const down = makeDirection({
    link: parts.down,
    lateMs: () => (parts.serves && answers.isHttp() ? parts.down.lateMs : 0),
    source: () => upstream,
    target: () => client,
  });

  const silent = (): boolean => parts.up.silence !== "none" || parts.down.silence !== "none";
  const refused = (): boolean => parts.up.silence === "refuse" || parts.down.silence === "refuse";

  const settle = (): void => {
    if (!clientClosed || !upstreamClosed) return;
    connection.destroy();
    parts.closed(connection);
  };

  const connection: Connection = {
    linkChanged() {
      up.silenced();
      down.silenced();
      if (refused()) {
        client.resetAndDestroy();
        upstream?.resetAndDestroy();
        return;
      }
      if (intoTheVoid) {
        if (!silent()) client.resetAndDestroy();
        return;
      }
      resetIfHealed(up, down, upstream);
      resetIfHealed(down, up, client);
    },
    destroy() {
      clearTimeout(connectTimer);
      up.dispose();
      down.dispose();
      client.destroy();
      upstream?.destroy();
    },
  };

  const dial = (): void => {
    if (clientClosed) return;
    if (silent()) {
      intoTheVoid = true;
      return;
    }
    upstreamClosed = false;
    upstream = connect({ host: parts.host, port: parts.port, noDelay: true, allowHalfOpen: true });
    let ended = false;
    upstream.on("data", (chunk: Buffer) => {
      const failure = parts.serves ? answers.takes() : undefined;
      if (failure === "swallow") return;
      down.data(failure ?? chunk);
      if (failure !== undefined) down.end();
    });
    upstream.on("end", () => {
      ended = true;
      if (!answers.failed()) down.end();
    });
    upstream.on("error", () => {});
    upstream.on("close", () => {
      upstreamClosed = true;
      if (!ended && !clientClosed && !answers.failed()) down.reset();
      settle();
    });
  };

  let clientEnded = false;
  client.setNoDelay(true);
  client.on("data", (chunk: Buffer) => {
    if (intoTheVoid) return;
    answers.asked(chunk);
    up.data(chunk);
  });
  client.on("end", () => {
    clientEnded = true;
    if (intoTheVoid) client.destroy();
    else up.end();
  });
  client.on("error", () => {});
  client.on("close", () => {
    clientClosed = true;
    if (upstream === undefined) upstreamClosed = true;
    else if (!clientEnded && !upstreamClosed) up.reset();
    settle();
  });

  if (refused()) {
    client.resetAndDestroy();
  } else if (silent()) {
    intoTheVoid = true;
  } else {
    const lostFirstPacket = Math.random() < 1 - (1 - parts.up.lossShare) * (1 - parts.down.lossShare);
    const handshakeMs = lostFirstPacket ? synRetransmitMs : 0;
    connectTimer = setTimeout(dial, parts.up.delayMs + handshakeMs);
    // The client's first byte leaves when the answer to its handshake has come back.
    up.notBefore(performance.now() + handshakeMs + 2 * parts.up.delayMs + parts.down.delayMs);
  }
  return connection;
}

/** A stream with a hole ends with a reset at its receiver; its sender hears of it as soon as the way back is open. */
function resetIfHealed(healed: Direction, other: Direction, target: Socket | undefined): void {
  if (!healed.dirty() || healed.link.silence !== "none") return;
  target?.resetAndDestroy();
  other.spoil();
}
