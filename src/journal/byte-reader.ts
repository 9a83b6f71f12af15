/** Takes so many bytes at a time from a stream that comes in pieces of any size; holds no more of it than was asked for and one piece. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#pieces = bytes[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes; undefined if the stream ends before. */
  async take(length: number): Promise<Buffer | undefined> {
    const parts: Uint8Array[] = [];
    for (let left = length; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) return undefined;
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts, length);
  }

  /** Some of the next bytes, at most so many; undefined at the end. They are good until the next call. */
  async some(most: number): Promise<Uint8Array | undefined> {
    if (await this.atEnd()) return undefined;
    const given = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(given.length);
    return given;
  }

  /** Whether nothing follows. */
  async atEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return true;
      this.#rest = next.value;
    }
    return false;
  }
}
