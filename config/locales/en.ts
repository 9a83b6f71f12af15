/** English: everything that is said, and how commands are typed. */
import * as access from "./en/access.ts";
import * as alert from "./en/alert.ts";
import * as app from "./en/app.ts";
import * as audit from "./en/audit.ts";
import * as common from "./en/common.ts";
import * as comparison from "./en/comparison.ts";
import * as delivery from "./en/delivery.ts";
import * as doctor from "./en/doctor.ts";
import * as doctorPerson from "./en/doctor-person.ts";
import * as identity from "./en/identity.ts";
import * as jit from "./en/jit.ts";
import * as late from "./en/late.ts";
import * as me from "./en/me.ts";
import * as restored from "./en/restored.ts";
import * as room from "./en/room.ts";
import * as status from "./en/status.ts";
import * as task from "./en/task.ts";
import * as wakeTest from "./en/wake-test.ts";

export const sayings = {
  ...common.sayings, ...app.sayings, ...identity.sayings, ...jit.sayings, ...me.sayings, ...task.sayings, ...comparison.sayings, ...delivery.sayings, ...access.sayings, ...alert.sayings, ...audit.sayings, ...late.sayings, ...restored.sayings, ...room.sayings, ...status.sayings, ...doctor.sayings, ...doctorPerson.sayings, ...wakeTest.sayings,
} as const;
export const words = {
  ...common.words, ...app.words, ...identity.words, ...jit.words, ...me.words, ...task.words, ...comparison.words, ...delivery.words, ...access.words, ...alert.words, ...audit.words, ...late.words, ...restored.words, ...room.words, ...status.words, ...doctor.words, ...doctorPerson.words, ...wakeTest.words,
} as const;
