// Reads one HTTP/1.1 answer from the bytes of a connection, strictly: what is not HTTP by the letter is no answer of a server that is well.
// Takes in no more than its bounds.

/** A head that is longer is no answer of a server that is well. */
export const headBytesMax = 16 * 1024;
/** So much of a body is kept; what follows is read past. */
export const bodyBytesMax = 64 * 1024;

export type Head = {
  readonly status: number;
  /** By name in small letters; of several with one name, joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** Where the body ends: after so many bytes, with its last chunk, or with the connection. */
  readonly framing: { readonly by: "length"; readonly bytes: number } | { readonly by: "chunks" | "end" };
  /** Whether the server will take another request on this connection. */
  readonly stays: boolean;
};

const headEnd = "\r\n\r\n";
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?$/;
const headerLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;
const chunkLine = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?$/;
const chunkLineMax = 256;

export class HttpAnswer {
  /** Not HTTP: nothing more is taken. */
  broken = false;
  head: Head | undefined;
  /** All of the body came. */
  complete = false;
  /** Bytes of the body that came, framing included. */
  bodyBytes = 0;
  #text = "";
  readonly #parts: Buffer[] = [];
  #kept = 0;
  #rest: Buffer | undefined;
  #chunkLeft = 0;
  #chunkState: "size" | "data" | "after" | "trailer" = "size";

  push(data: Buffer): void {
    if (this.broken || this.complete) return;
    if (this.head !== undefined) {
      this.#body(data);
      return;
    }
    this.#text += data.toString("latin1");
    this.#readHead();
  }

  /** The server has ended its side. */
  end(): void {
    if (this.head?.framing.by === "end") this.complete = true;
  }

  /** What came of the body, up to the bound. */
  body(): string {
    return Buffer.concat(this.#parts).toString("utf8");
  }

  #readHead() {
    for (;;) {
      const start = this.#text.slice(0, 7);
      if (!"HTTP/1.".startsWith(start)) return this.#break();
      const at = this.#text.indexOf(headEnd);
      if (at < 0 ? this.#text.length > headBytesMax : at > headBytesMax) return this.#break();
      if (at < 0) return;
      const head = headOf(this.#text.slice(0, at));
      if (head === undefined) return this.#break();
      const rest = this.#text.slice(at + headEnd.length);
      this.#text = rest;
      // An interim answer; but no protocol was to be switched to.
      if (head.status < 200) {
        if (head.status === 101) return this.#break();
        continue;
      }
      this.#text = "";
      this.head = head;
      if (head.framing.by === "length" && head.framing.bytes === 0) this.complete = true;
      else if (rest !== "") this.#body(Buffer.from(rest, "latin1"));
      return;
    }
  }

  #break(): void {
    this.broken = true;
    this.#text = "";
  }

  #body(data: Buffer) {
    const framing = this.head?.framing;
    this.bodyBytes += data.length;
    if (framing?.by === "chunks") return this.#chunks(data);
    if (framing?.by === "length") {
      const left = framing.bytes - (this.bodyBytes - data.length);
      this.#keep(data.subarray(0, left));
      if (this.bodyBytes >= framing.bytes) this.complete = true;
      return;
    }
    this.#keep(data);
  }

  #keep(data: Buffer): void {
    if (this.#kept >= bodyBytesMax || data.length === 0) return;
    const part = data.subarray(0, bodyBytesMax - this.#kept);
    // The buffer is used again for whatever comes next, on whichever connection.
    this.#parts.push(Buffer.from(part));
    this.#kept += part.length;
  }

  #chunks(data: Buffer) {
    let rest = this.#rest === undefined ? data : Buffer.concat([this.#rest, data]);
    this.#rest = undefined;
    for (;;) {
      if (this.#chunkState === "data") {
        this.#keep(rest.subarray(0, this.#chunkLeft));
        const taken = Math.min(rest.length, this.#chunkLeft);
        this.#chunkLeft -= taken;
        rest = rest.subarray(taken);
        if (this.#chunkLeft > 0) return;
        this.#chunkState = "after";
      }
      const at = rest.indexOf("\r\n");
      if (at < 0) {
        if (rest.length > chunkLineMax) return this.#break();
        this.#rest = Buffer.from(rest);
        return;
      }
      const line = rest.toString("latin1", 0, at);
      rest = rest.subarray(at + 2);
      if (this.#chunkState === "after") {
        if (line !== "") return this.#break();
        this.#chunkState = "size";
      } else if (this.#chunkState === "size") {
        const bytes = chunkLine.exec(line)?.[1];
        if (bytes === undefined) return this.#break();
        this.#chunkLeft = Number.parseInt(bytes, 16);
        this.#chunkState = this.#chunkLeft === 0 ? "trailer" : "data";
      } else if (line === "") {
        this.complete = true;
        return;
      }
    }
  }
}

function headOf(text: string): Head | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const found = statusLine.exec(first);
  if (found === null) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const header = headerLine.exec(line);
    if (header === null) return undefined;
    const name = (header[1] ?? "").toLowerCase();
    const value = header[2] ?? "";
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const status = Number(found[2]);
  const framing = framingOf(status, headers);
  if (framing === undefined) return undefined;
  const connection = headers.get("connection")?.toLowerCase() ?? "";
  const stays = found[1] === "1" ? !connection.includes("close") : connection.includes("keep-alive");
  return { status, headers, framing, stays };
}

/** RFC 9112, 6.3. Undefined: two ends of the body are named, or none that can be understood. */
function framingOf(status: number, headers: ReadonlyMap<string, string>): Head["framing"] | undefined {
  if (status < 200 || status === 204 || status === 304) return { by: "length", bytes: 0 };
  const [encoding, length] = [headers.get("transfer-encoding"), headers.get("content-length")];
  if (encoding !== undefined) {
    if (length !== undefined) return undefined;
    return encoding.toLowerCase().endsWith("chunked") ? { by: "chunks" } : { by: "end" };
  }
  if (length === undefined) return { by: "end" };
  const [bytes = "", ...more] = length.split(/, */);
  if (!/^\d{1,15}$/.test(bytes) || more.some((one) => one !== bytes)) return undefined;
  return { by: "length", bytes: Number(bytes) };
}
