/** Spanish: everything that is said, and how commands are typed. */
import * as alert from "./es/alert.ts";
import * as app from "./es/app.ts";
import * as audit from "./es/audit.ts";
import * as common from "./es/common.ts";
import * as delivery from "./es/delivery.ts";
import * as jit from "./es/jit.ts";
import * as late from "./es/late.ts";
import * as me from "./es/me.ts";
import * as status from "./es/status.ts";
import * as task from "./es/task.ts";

export const sayings = {
  ...common.sayings, ...app.sayings, ...jit.sayings, ...me.sayings, ...task.sayings, ...delivery.sayings, ...alert.sayings, ...audit.sayings, ...late.sayings, ...status.sayings,
} as const;
export const words = {
  ...common.words, ...app.words, ...jit.words, ...me.words, ...task.words, ...delivery.words, ...alert.words, ...audit.words, ...late.words, ...status.words,
} as const;
