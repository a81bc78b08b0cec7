// Is a replica ready to be sent users? It is when its health path answers 200 in time. And: is its port free before it starts?

import { get } from "node:http";
import { createServer } from "node:net";

/** True for a 200 within `timeoutMs`; everything else, a redirect too, is not ready. A connection of its own each time: a kept one could outlive a stuck accept. */
export function answers200(host: string, port: number, path: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host, port, path, agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      finish(response.statusCode === 200);
    });
    // The socket's own timeout counts only silence; a trickle of bytes must not keep us here.
    const timer = setTimeout(() => finish(false), timeoutMs);
    request.on("error", () => finish(false));
    request.on("timeout", () => finish(false));
    function finish(ready: boolean): void {
      clearTimeout(timer);
      request.destroy();
      resolve(ready);
    }
  });
}

/** Free, or a sentence that says why it cannot be used. */
export function portTrouble(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? "another program listens there"
          : error.code === "EACCES"
            ? "this user may not use it"
            : error.message;
      resolve(`port ${port} of ${host} cannot be used: ${why}`);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
