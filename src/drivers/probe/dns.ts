// Looks at a name server: one question over UDP from a port of its own, and does the answer hold what it should? The name is asked of
// that server and of no other, and never of this machine's own resolver.

import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import type { DnsQuestion } from "../../core/model/health-probe.ts";
import { addressOf } from "./address.ts";
import { dnsQuestion, plainAddress, readDnsAnswer } from "./dns-message.ts";
import { broken, type Finding, ill, type Look, well } from "./look.ts";

export async function lookAtDns(server: string, question: DnsQuestion, look: Look): Promise<Finding> {
  const address = addressOf(server, look.via);
  if (address === undefined) return ill(`${server} is not an address of the form host:port.`);
  const id = randomInt(0x1_0000);
  const message = dnsQuestion(id, question.name, question.record);
  if (message === undefined) return ill(`${question.name} is not a host name.`);
  return new Promise((resolve) => {
    let over = false;
    let close = (): void => {};
    const end = (finding: Finding): void => {
      if (over) return;
      over = true;
      close();
      resolve(finding);
    };
    look.onDeadline((withinMs) => ill(`It did not answer within ${withinMs} ms.`), end);
    look.names.of(address.host).then(
      ([first]) => {
        if (over) return;
        if (first === undefined) return end(ill("The name server's own name has no address."));
        const socket = createSocket(first.family === 6 ? "udp6" : "udp4");
        close = () => socket.close();
        socket.on("error", (error: NodeJS.ErrnoException) => end(refused(error)));
        socket.on("message", (answer: Buffer) => {
          const found = readDnsAnswer(answer, id, question.name, question.record);
          if (found.kind === "foreign") return;
          if (found.kind === "malformed") return end(ill("What it answered is not DNS."));
          if (found.kind === "error") return end(ill(`It did not resolve ${question.name}: ${found.why}.`));
          end(judge(question, found.records));
        });
        // Connected, so that nobody else's packets come in and a refusal is told at once.
        socket.connect(address.port, first.address, () => {
          if (over) return;
          socket.send(message, (error) => {
            if (error !== null) end(refused(error));
          });
        });
      },
      (error: NodeJS.ErrnoException) => end(broken(error, false)),
    );
  });
}

function refused(error: NodeJS.ErrnoException): Finding {
  return error.code === "ECONNREFUSED" ? ill("Nothing listens there (ECONNREFUSED).") : broken(error, false);
}

function judge(
  { name, record, expect }: DnsQuestion,
  records: readonly { readonly type: string; readonly value: string }[],
): Finding {
  const values = records.filter((one) => one.type === record).map((one) => one.value);
  if (values.length === 0) return ill(`It knows no ${record} record of ${name}.`);
  const missing = expect.find((one) => !values.includes(plainAddress(one)));
  if (missing === undefined) return well;
  const shown = values.slice(0, 8).join(", ");
  return ill(`It resolves ${name} to ${shown}, and not to ${missing}.`);
}
