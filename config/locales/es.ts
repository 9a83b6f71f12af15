/** Spanish: everything that is said, and how commands are typed. */
import * as access from "./es/access.ts";
import * as alert from "./es/alert.ts";
import * as app from "./es/app.ts";
import * as audit from "./es/audit.ts";
import * as common from "./es/common.ts";
import * as comparison from "./es/comparison.ts";
import * as delivery from "./es/delivery.ts";
import * as doctor from "./es/doctor.ts";
import * as doctorPerson from "./es/doctor-person.ts";
import * as identity from "./es/identity.ts";
import * as jit from "./es/jit.ts";
import * as late from "./es/late.ts";
import * as me from "./es/me.ts";
import * as restored from "./es/restored.ts";
import * as room from "./es/room.ts";
import * as status from "./es/status.ts";
import * as task from "./es/task.ts";
import * as wakeTest from "./es/wake-test.ts";

export const sayings = {
  ...common.sayings, ...app.sayings, ...identity.sayings, ...jit.sayings, ...me.sayings, ...task.sayings, ...comparison.sayings, ...delivery.sayings, ...access.sayings, ...alert.sayings, ...audit.sayings, ...late.sayings, ...restored.sayings, ...room.sayings, ...status.sayings, ...doctor.sayings, ...doctorPerson.sayings, ...wakeTest.sayings,
} as const;
export const words = {
  ...common.words, ...app.words, ...identity.words, ...jit.words, ...me.words, ...task.words, ...comparison.words, ...delivery.words, ...access.words, ...alert.words, ...audit.words, ...late.words, ...restored.words, ...room.words, ...status.words, ...doctor.words, ...doctorPerson.words, ...wakeTest.words,
} as const;
