/** Runs pieces of asynchronous work one after the other, in the order in which they were given; one that fails does not stop the next. */
export class Serial {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.then(ignore, ignore);
    return result;
  }
}

/** One {@link Serial} for each name, for as long as it is in use. */
export class SerialByName {
  readonly #lines = new Map<string, { readonly serial: Serial; users: number }>();

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(name) ?? { serial: new Serial(), users: 0 };
    this.#lines.set(name, line);
    line.users++;
    try {
      return await line.serial.run(work);
    } finally {
      line.users--;
      if (line.users === 0) this.#lines.delete(name);
    }
  }
}

function ignore(): void {
  // The caller of run() has the error; here only the order counts.
}
