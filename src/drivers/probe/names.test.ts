import { describe, expect, test } from "vitest";
import { Names } from "./names.ts";

const here = [{ address: "192.0.2.1", family: 4 }];

describe("names", () => {
  test("are looked up once for all who ask at a time, and kept for a while", async () => {
    let asked = 0;
    const names = new Names(async () => {
      asked += 1;
      return here;
    });
    expect(await Promise.all([names.of("a.example"), names.of("a.example")])).toEqual([here, here]);
    expect(await names.of("a.example")).toEqual(here);
    expect(asked).toBe(1);
    expect(await names.of("192.0.2.7")).toEqual([{ address: "192.0.2.7", family: 4 }]);
    expect(await names.of("::1")).toEqual([{ address: "::1", family: 6 }]);
    expect(asked).toBe(1);
  });

  test("are looked up two at a time at most: the threads that do it serve the disk as well", async () => {
    let looking = 0;
    const answers: (() => void)[] = [];
    const names = new Names(() => {
      looking += 1;
      return new Promise((resolve) => answers.push(() => resolve(here)));
    });
    const first = [names.of("a.example"), names.of("b.example")];
    await expect(names.of("c.example")).rejects.toMatchObject({ code: "ENAMESBUSY" });
    expect(looking).toBe(2);
    for (const answer of answers) answer();
    await Promise.all(first);
    void names.of("c.example");
    expect(looking).toBe(3);
  });

  test("that cannot be found are looked up again", async () => {
    let asked = 0;
    const names = new Names(() => {
      asked += 1;
      return Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    });
    for (let n = 1; n <= 2; n += 1) {
      await expect(names.of("a.example")).rejects.toMatchObject({ code: "ENOTFOUND" });
      expect(asked).toBe(n);
    }
  });
});
