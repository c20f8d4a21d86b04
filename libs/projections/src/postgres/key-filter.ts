const FIRST_WORDS = 2_048;
const BITS_A_KEY = 16;
const PROBES = 4;

/**
 * Which keys have certainly never been added: a Bloom filter (Bloom, CACM 13(7), 1970) that grows by layers, each twice as
 * large as the one before. Two bytes a key and a little more; a key that was not added passes for one that was in two cases
 * of a hundred at most.
 */
export class KeyFilter {
  private readonly layers: Uint32Array[] = [];
  private room = 0;

  add(key: string): void {
    if (this.room === 0) {
      const words = FIRST_WORDS * 2 ** this.layers.length;
      this.layers.push(new Uint32Array(words));
      this.room = (words * 32) / BITS_A_KEY;
    }
    this.room -= 1;
    const layer = this.layers.at(-1) as Uint32Array;
    let bit = hashOf(key);
    const step = stepOf(bit);
    for (let probe = 0; probe < PROBES; probe += 1, bit = (bit + step) >>> 0) {
      const word = (bit >>> 5) & (layer.length - 1);
      layer[word] = (layer[word] as number) | (1 << (bit & 31));
    }
  }

  /** False: never. True: perhaps. */
  mayHave(key: string): boolean {
    const hash = hashOf(key);
    return this.layers.some((layer) => isIn(layer, hash));
  }
}

function isIn(layer: Uint32Array, hash: number): boolean {
  const step = stepOf(hash);
  for (let probe = 0, bit = hash; probe < PROBES; probe += 1, bit = (bit + step) >>> 0)
    if (((layer[(bit >>> 5) & (layer.length - 1)] as number) & (1 << (bit & 31))) === 0) return false;
  return true;
}

/** FNV-1a over the code units, its bits mixed once more: every one of them counts, of whatever is taken of them. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * How far it is from one probe to the next (Kirsch and Mitzenmacher, 2006): odd, so that no probe falls on another. It goes by
 * the upper bits of the hash as well: keys that share the lower ones, and so the first probe, part at the second.
 */
function stepOf(hash: number): number {
  const step = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
  return ((step ^ (step >>> 15)) | 1) >>> 0;
}
