/** To be imported before matrix-js-sdk: its logging library looks at `localStorage`, and Node warns on the terminal each time somebody does. */
Object.defineProperty(globalThis, "localStorage", { value: undefined, configurable: true, writable: true });
