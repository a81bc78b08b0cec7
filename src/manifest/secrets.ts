// A password inside a URL is a secret in a file that is copied, logged and shown. It is looked for in every text of the manifest, and
// never repeated in a message; `withoutSecrets` is for whoever shows lines of the text.

import { error, type Finding } from "./problem.ts";

const withPassword = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*:[^/?#\s]*@/i;
const inQuery = /[?&](password|passwd|pwd|secret|token|sslpassword)=[^&\s]/i;

export function secretFindings(value: unknown): readonly Finding[] {
  const findings: Finding[] = [];
  // Where the visit is; copied only where something is found.
  const path: (string | number)[] = [];
  const visit = (node: unknown): void => {
    if (typeof node === "string") {
      if (node.includes("://") && (withPassword.test(node.replace(/^[A-Z]+ /, "")) || inQuery.test(node))) {
        findings.push(
          error(
            [...path],
            "password-in-url",
            "There is a password inside this URL.",
            "Take it out, write `password: env:NAME` or `file:PATH` beside the URL, and change the password, for it has been written down.",
          ),
        );
      }
    } else if (typeof node === "object" && node !== null) {
      const isList = Array.isArray(node);
      for (const key of Object.keys(node)) {
        path.push(isList ? Number(key) : key);
        visit((node as Readonly<Record<string, unknown>>)[key]);
        path.pop();
      }
    }
  };
  visit(value);
  return findings;
}

/** A line of a manifest as it may be shown: what could be a secret is replaced by dots of the same length. */
export function withoutSecrets(line: string): string {
  const dots = (text: string): string => "\u00b7".repeat(text.length);
  return line
    .replaceAll(
      /(:\/\/[^/?#\s:"']*:)([^\s"',}]+)(?=@)/g,
      (_all, before: string, secret: string) => before + dots(secret),
    )
    .replaceAll(
      /([?&](?:password|passwd|pwd|secret|token|sslpassword)=)([^&\s"',}]+)/gi,
      (_all, before: string, secret: string) => before + dots(secret),
    )
    .replaceAll(
      /((?:password|passwd|pwd|secret|token|[a-z_]*key)["']?\s*:\s*)("(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?|[^\s,}#][^,}]*)/gi,
      (all, before: string, value: string) => (/^["']?(env|file):/.test(value) ? all : before + dots(value)),
    );
}
