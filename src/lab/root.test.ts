import { expect, test } from "vitest";
import { chooseUser, firstUnreadable, type User } from "./root.ts";

const user = (name: string, uid: number): User => ({ name, uid, gid: uid, home: "/" });
const among =
  (...users: User[]) =>
  (name: string) =>
    users.find((one) => one.name === name);

test("the named user is taken, else postgres, else nobody, never root", () => {
  const find = among(user("root", 0), user("postgres", 101), user("nobody", 65534), user("dana", 1000));
  expect(chooseUser("dana", find)).toMatchObject({ name: "dana" });
  expect(chooseUser(undefined, find)).toMatchObject({ name: "postgres" });
  expect(chooseUser("", among(user("nobody", 65534)))).toMatchObject({ name: "nobody" });
  expect(chooseUser("root", find)).toMatch(/is root too/);
  expect(chooseUser("gone", find)).toMatch(/no user gone/);
  expect(chooseUser(undefined, among())).toMatch(/LEEWARD_USER/);
});

const folder = 0o040000;
const modes = (table: Record<string, [number, number?, number?]>) => (path: string) => {
  const [mode, uid = 0, gid = 0] = table[path] ?? [folder | 0o755];
  return { mode, uid, gid };
};

test("the folder that keeps the user out is named, from the top", () => {
  const reader = { uid: 101, gid: 104 };
  const paths = ["/root/leeward/bin/leeward.js"];
  const file = { "/root/leeward/bin/leeward.js": [0o100644] as [number] };
  expect(firstUnreadable(paths, reader, modes(file))).toBeUndefined();
  expect(firstUnreadable(paths, reader, modes({ ...file, "/root": [folder | 0o700] }))).toEqual({
    path: "/root",
    wants: "a+x",
  });
  expect(firstUnreadable(paths, reader, modes({ ...file, "/root": [folder | 0o710, 0, 104] }))).toBeUndefined();
  expect(firstUnreadable(paths, reader, modes({ "/root/leeward/bin/leeward.js": [0o100600] }))).toEqual({
    path: paths[0],
    wants: "a+r",
  });
  expect(firstUnreadable(["/x"], reader, modes({ "/x": [folder | 0o711] }))).toEqual({ path: "/x", wants: "a+rx" });
  // The owner's own bits count, not those of the others.
  expect(firstUnreadable(["/x"], reader, modes({ "/x": [0o100044, 101] }))).toEqual({ path: "/x", wants: "a+r" });
});
