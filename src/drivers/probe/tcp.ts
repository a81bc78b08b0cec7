// Looks at a TCP address: does it take a connection, and if it was asked something, is the answer the expected one?

import { connect } from "node:net";
import type { TcpExpectation } from "../../core/model/health-probe.ts";
import { addressOf } from "./address.ts";
import { quoted } from "./http-judge.ts";
import { broken, type Finding, ill, type Look, well } from "./look.ts";

const answerBytesMax = 4 * 1024;

export function lookAtTcp(meant: string, { send, expect }: TcpExpectation, look: Look): Promise<Finding> {
  const address = addressOf(meant, look.via);
  if (address === undefined) return Promise.resolve(ill(`${meant} is not an address of the form host:port.`));
  return new Promise((resolve) => {
    const socket = connect({ ...address, lookup: look.names.lookup, noDelay: true });
    let connected = false;
    let answer = "";
    const end = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    look.onDeadline((withinMs) => {
      if (!connected) return ill(`It took no connection within ${withinMs} ms.`);
      return ill(
        answer === ""
          ? `It took the connection and said nothing within ${withinMs} ms.`
          : `It did not say ${quoted(expect ?? "")} within ${withinMs} ms, but ${quoted(answer)}.`,
      );
    }, end);
    socket.once("connect", () => {
      connected = true;
      if (expect !== undefined) {
        if (send !== undefined) socket.write(send);
        return;
      }
      if (send === undefined) return end(well);
      // Handed over to the system, and so on its way: nothing more was asked for.
      socket.write(send, () => end(well));
    });
    socket.on("data", (data: Buffer) => {
      if (expect === undefined) return;
      answer += data.toString("latin1").slice(0, answerBytesMax - answer.length);
      if (answer.includes(Buffer.from(expect, "utf8").toString("latin1"))) end(well);
      else if (answer.length >= answerBytesMax)
        end(ill(`It did not say ${quoted(expect)} in its first ${answerBytesMax} bytes.`));
    });
    socket.on("error", (error: NodeJS.ErrnoException) => end(broken(error, connected)));
    socket.on("close", () =>
      end(
        ill(
          answer === ""
            ? "It closed the connection and had said nothing."
            : `It closed the connection and had not said ${quoted(expect ?? "")}, but ${quoted(answer)}.`,
        ),
      ),
    );
  });
}
