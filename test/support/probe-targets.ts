// Servers on the loopback that are well or ill in one way, for looks at them. Each closes at the end of its test, and a test ends only
// when no look has left a connection behind.

import { createSocket } from "node:dgram";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const open = new Set<Socket>();
const closing: (() => Promise<void>)[] = [];

const goneWithinMs = 5_000;

/** Call after each test. Whatever the test did, the server's side of each connection goes by itself; throws when one does not. */
export async function closeTargets(): Promise<void> {
  const untilMs = performance.now() + goneWithinMs;
  while (open.size > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 5));
  const left = open.size;
  for (const socket of open) socket.destroy();
  for (const close of closing.splice(0)) await close();
  if (left > 0) throw new Error(`${left} connections were left behind`);
}

export function openConnections(): number {
  return open.size;
}

/** `host:port` of a server that listens now. */
export async function listen(server: Server): Promise<string> {
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((done) => server.close(() => done())));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers every connection with these bytes, in these parts, and leaves it open unless told otherwise. */
export function saying(parts: readonly string[], thenEnd = false): Promise<string> {
  return listen(createServer((socket) => say(socket, parts, thenEnd)));
}

/** The same over TLS. */
export function sayingSecretly(
  keys: { readonly key: string; readonly cert: string },
  parts: readonly string[],
): Promise<string> {
  const server = createTlsServer(keys, (socket) => {
    socket.on("error", () => {});
    say(socket, parts, false);
  });
  server.on("tlsClientError", () => {});
  return listen(server);
}

function say(socket: Socket, parts: readonly string[], thenEnd: boolean): void {
  socket.once("data", () => {
    for (const part of parts) socket.write(part, "latin1");
    if (thenEnd) socket.end();
  });
}

/** Takes what comes and says nothing. */
export function silent(): Promise<string> {
  return listen(createServer((socket) => socket.resume()));
}

/** Answers each packet with what `answer` makes of it; undefined: not at all. */
export async function overUdp(answer: (question: Buffer) => Buffer | undefined): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (question, from) => {
    const said = answer(question);
    if (said !== undefined) socket.send(said, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((done) => socket.close(done)));
  return `127.0.0.1:${socket.address().port}`;
}
