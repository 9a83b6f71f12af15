/** Reading by places: where a million rows are read one after another, what stands between their values is known, and JSON would be most of the work. */

/** What a byte of a value may be, one bit each. `PLAIN` is what JSON writes as it is, of what is printed and ASCII. */
export const [HEX_DIGIT, NAME_LETTER, PLAIN] = [1, 2, 4] as const;
const KINDS = Uint8Array.from({ length: 256 }, (_, code) => {
  const letter = String.fromCharCode(code);
  return (/[0-9a-f]/.test(letter) ? HEX_DIGIT : 0) | (/[A-Za-z0-9_-]/.test(letter) ? NAME_LETTER : 0) | (/[ !#-[\]-~]/.test(letter) ? PLAIN : 0);
});
/** So many digits are a safe integer, whichever they are. */
const MOST_DIGITS = 15;
const [ZERO, NINE, MINUS] = [48, 57, 45] as const;

/** A place between two others in some bytes, from which they are read on; once something was not there, nothing is any more. */
export class Places {
  readonly #bytes: Buffer;
  readonly #text: string;
  readonly #from: number;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, from: number, end: number) {
    this.#bytes = bytes;
    this.#text = bytes.toString("latin1", from, end);
    this.#from = from;
    this.#end = end;
    this.#at = from;
  }

  /** From the beginning of all the bytes; behind the end once something was not there. */
  get at(): number {
    return this.#at;
  }

  /** How many bytes are left; fewer than none once something was not there. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** Whether this stands here; then it is passed. */
  pass(expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    const length = expected.length;
    if (at + length > this.#end) return this.#lost();
    for (let index = 0; index < length; index += 1) if (bytes[at + index] !== expected[index]) return false;
    this.#at = at + length;
    return true;
  }

  /** As many bytes of a kind as stand here, as text. */
  taken(kind: number, least: number, most: number): string {
    const bytes = this.#bytes;
    const end = this.#end;
    const from = this.#at;
    let at = from;
    while (at < end && ((KINDS[bytes[at] ?? 0] ?? 0) & kind) !== 0) at += 1;
    if (at - from < least || at - from > most) this.#lost();
    else this.#at = at;
    return this.#text.slice(from - this.#from, at - this.#from);
  }

  /** So many bytes, whatever they are, each as one character. */
  any(length: number): string {
    const from = this.#at - this.#from;
    if (length < 0 || length > this.left) this.#lost();
    else this.#at += length;
    return this.#text.slice(from, from + length);
  }

  /** A whole number as JSON writes it. */
  whole(): number {
    const bytes = this.#bytes;
    const end = this.#end;
    const isNegative = this.left > 0 && bytes[this.#at] === MINUS;
    const from = this.#at + (isNegative ? 1 : 0);
    let at = from;
    let value = 0;
    for (; at < end; at += 1) {
      const code = bytes[at] ?? 0;
      if (code < ZERO || code > NINE) break;
      value = value * 10 + code - ZERO;
    }
    const digits = at - from;
    const isCanonical = digits >= 1 && digits <= MOST_DIGITS && (value === 0 ? digits === 1 && !isNegative : bytes[from] !== ZERO);
    if (isCanonical) this.#at = at;
    else this.#lost();
    return isNegative ? -value : value;
  }

  #lost(): false {
    this.#at = this.#end + 1;
    return false;
  }
}
