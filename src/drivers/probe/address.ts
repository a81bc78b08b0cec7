// Where a probe really connects to.

export type Via = Readonly<Record<string, string>>;
export type Address = { readonly host: string; readonly port: number };

/** `meant` is `host:port`. Undefined when it, or what it is dialled by, is no such thing. */
export function addressOf(meant: string, via: Via): Address | undefined {
  const url = URL.parse(`tcp://${via[meant] ?? meant}`);
  if (url === null || url.hostname === "" || url.port === "") return undefined;
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port) };
}
