// Positions in the write-ahead log: PostgreSQL prints them as two hexadecimal halves, we count bytes from the origin.
// Source: https://www.postgresql.org/docs/18/datatype-pg-lsn.html

export type Lsn = bigint;

/** "16/B374D848" -> bytes. Throws on anything else: a position that is guessed is worse than none. */
export function parseLsn(text: string): Lsn {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text);
  const [, high, low] = match ?? [];
  if (high === undefined || low === undefined) throw new RangeError(`"${text}" is not a position in the log`);
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
}

export function parseLsnOrNone(text: string | null | undefined): Lsn | undefined {
  return text === null || text === undefined ? undefined : parseLsn(text);
}
