import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { secretOf } from "./secret.ts";

const folder = mkdtempSync(join(tmpdir(), "leeward-secret-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, text: string, mode = 0o600): string => {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
  return name;
};

describe("a secret", () => {
  test("comes from the environment or from a file beside the manifest, without the line break at its end", () => {
    expect(secretOf("env:SHOP_TOKEN", folder, { SHOP_TOKEN: "t0ken\n" })).toEqual({ kind: "secret", value: "t0ken" });
    expect(secretOf(`file:${put("token", "t0ken with space\n")}`, folder)).toEqual({
      kind: "secret",
      value: "t0ken with space",
    });
    expect(secretOf(`file:${join(folder, "token")}`, "/elsewhere")).toEqual({
      kind: "secret",
      value: "t0ken with space",
    });
  });

  test("that everybody may read is used, with a warning that says how to mend it", () => {
    put("open", "t0ken", 0o644);
    const secret = secretOf("file:open", folder);
    expect(secret).toEqual({
      kind: "secret",
      value: "t0ken",
      warning: expect.stringContaining(`chmod 600 ${join(folder, "open")}`),
    });
  });

  test.each([
    ["env:NOT_SET", "is not set"],
    ["env:EMPTY", "is empty"],
    ["env:not a name", "only letters"],
    ["file:nowhere", "does not exist"],
    ["file:blank", "is empty"],
    ["file:large", "70000 bytes"],
    ["file:.", "is a folder"],
    ["hunter2", "env:NAME or file:PATH"],
    ["postgres://u:hunter2@h", "env:NAME or file:PATH"],
    ["", "env:NAME or file:PATH"],
  ])("named %s is missing, and the sentence says why without the secret", (reference, words) => {
    put("blank", " \n");
    put("large", "hunter2".repeat(10_000));
    const secret = secretOf(reference, folder, { EMPTY: "" });
    expect(secret).toEqual({ kind: "missing", why: expect.stringContaining(words) });
    expect(JSON.stringify(secret)).not.toContain("hunter2");
  });
});
