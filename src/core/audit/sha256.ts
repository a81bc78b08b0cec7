// SHA-256 of a text (FIPS 180-4), as lower-case hexadecimal. Written out here because the audit trail's chain has to be a pure function:
// the controller that writes it, the command that checks it and a page that shows it compute the same, and none needs a platform for it.
// Its test holds it against Node's own.

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const round = Uint32Array.from(
  // biome-ignore format: a table of constants
  [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
  ],
);

/** The first 32 bits of the fractional parts of the square roots of the first 8 primes. */
// biome-ignore format: a table of constants
const start = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

const blockBytes = 64;
/** The length in bits takes the last 8 bytes of the last block. */
const lengthBytes = 8;

/** Of the text as UTF-8; half a surrogate pair counts as U+FFFD, as everywhere else. */
export function sha256(text: string): string {
  const message = padded(text);
  const words = new DataView(message.buffer);
  const schedule = new Uint32Array(64);
  const state = Uint32Array.from(start);
  for (let block = 0; block < message.length; block += blockBytes) mix(state, schedule, words, block);
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
}

function mix(state: Uint32Array, schedule: Uint32Array, words: DataView, block: number): void {
  for (let at = 0; at < 16; at += 1) schedule[at] = words.getUint32(block + at * 4);
  for (let at = 16; at < 64; at += 1) {
    const fifteen = schedule[at - 15] ?? 0;
    const two = schedule[at - 2] ?? 0;
    const s0 = right(fifteen, 7) ^ right(fifteen, 18) ^ (fifteen >>> 3);
    const s1 = right(two, 17) ^ right(two, 19) ^ (two >>> 10);
    schedule[at] = (schedule[at - 16] ?? 0) + s0 + (schedule[at - 7] ?? 0) + s1;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let at = 0; at < 64; at += 1) {
    const s1 = right(e, 6) ^ right(e, 11) ^ right(e, 25);
    const choice = (e & f) ^ (~e & g);
    const one = (h + s1 + choice + (round[at] ?? 0) + (schedule[at] ?? 0)) | 0;
    const s0 = right(a, 2) ^ right(a, 13) ^ right(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const two = (s0 + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  // A Uint32Array keeps the low 32 bits of what is put into it.
  [a, b, c, d, e, f, g, h].forEach((word, at) => {
    state[at] = (state[at] ?? 0) + word;
  });
}

function right(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The bytes, a one bit, zeros, and the length in bits at the end of the last block. */
function padded(text: string): Uint8Array<ArrayBuffer> {
  const bytes = utf8(text);
  const blocks = Math.ceil((bytes.length + 1 + lengthBytes) / blockBytes);
  const message = new Uint8Array(blocks * blockBytes);
  message.set(bytes);
  message[bytes.length] = 0x80;
  const view = new DataView(message.buffer);
  const bits = bytes.length * 8;
  view.setUint32(message.length - 8, Math.floor(bits / 2 ** 32));
  view.setUint32(message.length - 4, bits % 2 ** 32);
  return message;
}

function utf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let at = 0;
  for (let index = 0; index < text.length; index += 1) {
    let point = text.charCodeAt(index);
    if (point >= 0xd800 && point <= 0xdfff) {
      const low = text.charCodeAt(index + 1);
      const pair = point <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
      point = pair ? 0x10000 + (point - 0xd800) * 0x400 + (low - 0xdc00) : 0xfffd;
      if (pair) index += 1;
    }
    if (point < 0x80) bytes[at++] = point;
    else {
      if (point < 0x800) bytes[at++] = 0xc0 | (point >> 6);
      else {
        if (point < 0x10000) bytes[at++] = 0xe0 | (point >> 12);
        else {
          bytes[at++] = 0xf0 | (point >> 18);
          bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
        }
        bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      }
      bytes[at++] = 0x80 | (point & 0x3f);
    }
  }
  return bytes.subarray(0, at);
}
