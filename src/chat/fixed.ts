/** Parameters that a command fixes itself before it is confirmed (`prepare`): a codename, an identity to be pinned. Nobody types them. */
import type { z } from "zod";
import { parameter } from "./reading.ts";

/** Kind of a parameter that is never typed: help, usage lines and docs leave it out. */
export const FIXED = "fixed";

/** A parameter of these values that is never read from what people type; always used as `fixed(…).optional()`. */
export function fixed<T>(values: z.ZodType<T>): z.ZodType<T> {
  return parameter(values, { kind: FIXED, read: () => [], sample: "" });
}
