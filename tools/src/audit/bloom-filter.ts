/**
 * A set of strings in fixed memory. It may report a string as a member that was never added, rarely, and always reports
 * one that was. (Bloom, "Space/time trade-offs in hash coding with allowable errors", 1970; two hashes make all the
 * others: Kirsch and Mitzenmacher, "Less hashing, same performance", 2006.)
 */
const { imul } = Math;

const bitsPerMember = 32;
const minBits = 2 ** 16;
/** Bit numbers are 32-bit integers. */
const maxBits = 2 ** 31;
const maxHashes = 12;

export class BloomFilter {
  /** A power of two of bits, so that the lowest bits of a hash are the number of a bit. */
  readonly #words: Uint32Array;
  readonly #mask: number;
  readonly #hashes: number;
  #members = 0;

  /** One wrong answer in a million for `expected` members; more with more of them, or with less memory. */
  constructor(expected: number, maxBytes: number) {
    const wanted = Math.min(Math.max(minBits, expected * bitsPerMember), maxBytes * 8, maxBits);
    const bits = 2 ** Math.ceil(Math.log2(wanted));
    this.#words = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
    this.#hashes = Math.min(maxHashes, Math.max(1, Math.round((bits / Math.max(1, expected)) * Math.LN2)));
  }

  add(member: string): void {
    let at = hash(member, 0x811c9dc5);
    const step = hash(member, 0x9747b28c) | 1;
    for (let i = 0; i < this.#hashes; i += 1) {
      const bit = at & this.#mask;
      this.#words[bit >>> 5]! |= 1 << (bit & 31);
      at = (at + step) | 0;
    }
    this.#members += 1;
  }

  /** False only for a string that was not added. */
  has(member: string): boolean {
    let at = hash(member, 0x811c9dc5);
    const step = hash(member, 0x9747b28c) | 1;
    for (let i = 0; i < this.#hashes; i += 1) {
      const bit = at & this.#mask;
      if ((this.#words[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
      at = (at + step) | 0;
    }
    return true;
  }

  /** The probability that a string which was not added is reported as a member. */
  get errorRate(): number {
    const filled = 1 - Math.exp((-this.#hashes * this.#members) / (this.#words.length * 32));
    return filled ** this.#hashes;
  }
}

/** 32 bits of the UTF-16 units: MurmurHash3's step and finish (Appleby, public domain). */
function hash(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i += 1) {
    let unit = imul(text.charCodeAt(i), 0xcc9e2d51);
    unit = imul((unit << 15) | (unit >>> 17), 0x1b873593);
    h ^= unit;
    h = (imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
