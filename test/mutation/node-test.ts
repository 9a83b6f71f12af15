/**
 * Stands in for `node:test` while mutants are tried: tests are collected instead of run, so that one process can run the same few again for each
 * mutant. Knows what our unit tests use; anything else throws, and is then seen in the first run.
 */
type Body = (context: Context) => unknown;
/** What a test may ask of its context. */
interface Context {
  after(body: () => unknown): void;
  diagnostic(text: string): void;
}
interface Hooks {
  readonly before: (() => unknown)[];
  readonly after: (() => unknown)[];
  readonly beforeEach: (() => unknown)[];
  readonly afterEach: (() => unknown)[];
}
interface Suite extends Hooks {
  readonly name: string;
  readonly parent: Suite | undefined;
}
/** A test as it was written down. */
export interface Collected {
  readonly name: string;
  readonly file: string;
  run(): Promise<void>;
}

/** Every test of the files imported so far. */
export const collected: Collected[] = [];
let file = "";
let suite: Suite | undefined;
/** Suites whose `before` has run; they are ended when a test of another one runs. */
let entered: Suite[] = [];

/** Says to which file the tests belong that are collected next. */
export function collecting(name: string): void {
  file = name;
  suite = { name: "", parent: undefined, before: [], after: [], beforeEach: [], afterEach: [] };
}

/** A group of tests. */
export function describe(name: string, ...rest: readonly unknown[]): void {
  const outer = suite;
  suite = { name, parent: outer, before: [], after: [], beforeEach: [], afterEach: [] };
  (rest.at(-1) as () => void)();
  suite = outer;
}
export { describe as suite };

/** One test. */
export function it(name: string, ...rest: readonly unknown[]): void {
  const body = rest.at(-1) as Body;
  const own = suite;
  const path = chain(own).map((each) => each.name).filter((each) => each !== "");
  collected.push({ name: [...path, name].join(" › "), file, run: () => run(own, body) });
}
export { it as test };
export default it;

export function before(body: () => unknown): void { suite?.before.push(body); }
export function after(body: () => unknown): void { suite?.after.push(body); }
export function beforeEach(body: () => unknown): void { suite?.beforeEach.push(body); }
export function afterEach(body: () => unknown): void { suite?.afterEach.push(body); }

async function run(own: Suite | undefined, body: Body): Promise<void> {
  const path = chain(own);
  await leave((each) => !path.includes(each));
  for (const each of path) {
    if (entered.includes(each)) continue;
    entered.push(each);
    for (const hook of each.before) await hook();
  }
  const afterwards: (() => unknown)[] = [];
  try {
    for (const each of path) for (const hook of each.beforeEach) await hook();
    await body({ after: (done) => void afterwards.push(done), diagnostic: () => undefined });
  } finally {
    for (const done of afterwards.toReversed()) await done();
    for (const each of path.toReversed()) for (const hook of each.afterEach) await hook();
  }
}

/** Ends the suites that were entered; called after the last test of a run. */
export async function leave(which: (suite: Suite) => boolean = () => true): Promise<void> {
  const leaving = entered.filter(which).toReversed();
  entered = entered.filter((each) => !leaving.includes(each));
  for (const each of leaving) for (const hook of each.after) await hook();
}

function chain(own: Suite | undefined): Suite[] {
  return own === undefined ? [] : [...chain(own.parent), own];
}
