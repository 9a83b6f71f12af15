/** Every span of time that configuration may change; the demo has seconds where an installation has hours. All in milliseconds. */
export interface Windows {
  /** How long before a task is due its owner is reminded; longest first. */
  readonly taskReminders: readonly number[];
  /** How often an overdue task is said again, and at most how many times. */
  readonly taskOverdueEvery: number;
  readonly taskOverdueTimes: number;
  /** How long a question that binds may be answered. */
  readonly bindingAnswer: number;
  /** How long a request waits for the consent of others. */
  readonly requestOpen: number;
  /** How long after being taken a seal reading may still be corrected. */
  readonly sealCorrection: number;
  /** Longest silence on a leg before the room is asked who has contact. */
  readonly contactEvery: number;
  /** How long that question stands before a P1 alert is raised. */
  readonly contactAnswer: number;
  /** For each priority: by when an answer is expected, and how often those who have not answered are asked again. */
  readonly alerts: Readonly<Record<"P1" | "P2" | "P3" | "P4", { readonly answer: number; readonly repeat: number; readonly times: number }>>;
  /** Checkpoints of a case's chain are posted this often. */
  readonly checkpointEvery: number;
  /** How long after it was asked for a wake test rings, and how long it waits for an answer then. */
  readonly wakeTestWait: number;
  readonly wakeTestAnswer: number;
}
