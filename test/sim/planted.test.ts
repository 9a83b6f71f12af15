/** The simulation can fail: one fault for each promise, planted in the app's ports or its rules, is found within a few runs and told as that fault. */
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { Command } from "../../src/chat/command.ts";
import { makeRegistry } from "../../src/chat/registry.ts";
import type { Decision } from "../../src/domain/decision.ts";
import type { DeliveryEvent } from "../../src/domain/delivery.ts";
import { ENTITIES } from "../../src/domain/entities.ts";
import type { EventId, Instant, UserId } from "../../src/domain/ids.ts";
import type { Batch, Crypto, Gateway, NewRow } from "../../src/ports.ts";
import { masterKeyOf } from "../support/model.ts";
import type { Beginning } from "./beginnings.ts";
import { beginnings } from "./beginnings.ts";
import { STRANGER } from "./people.ts";
import { run } from "./run.ts";
import type { Planted } from "./scene.ts";

/** A fault is found within so many runs of so many steps. */
const RUNS = 80;
const STEPS = 150;
const DAY = 86_400_000;

interface Fault {
  readonly what: string;
  readonly planted: Planted;
  readonly found: RegExp;
  /** Where the runs begin that come near it; anywhere if it is not said. */
  readonly from?: string;
  /** Something that is no port: changed before, put back after. */
  readonly change?: () => () => void;
}

/** The command with another rule. */
function decides(name: string, decide: (own: NonNullable<Command["decide"]>) => NonNullable<Command["decide"]>): Planted {
  return { registry: (registry) => makeRegistry(registry.commands.map((command) => (command.name === name && command.decide !== undefined ? { ...command, decide: decide(command.decide) } : command))) };
}
function gateway(change: (own: Gateway) => Partial<Gateway>): Planted {
  return { life: (life) => {
    const made = life.gateway();
    life.gateway = () => ({ ...made, ...change(made) });
    return life;
  } };
}
function crypto(change: (own: Crypto) => Partial<Crypto>): Planted {
  return { life: (life) => {
    const made = life.crypto();
    life.crypto = () => ({ ...made, ...change(made) });
    return life;
  } };
}
/** Rows that are written otherwise. */
function rows(change: (row: NewRow) => NewRow): Planted {
  return { commit: (batch) => [{ ...batch, ...(batch.rows === undefined ? {} : { rows: batch.rows.map(change) }) }] };
}
function gone({ id, at, by }: Pick<Extract<DeliveryEvent, { type: "delivery.go-said" }>, "id" | "at" | "by">): DeliveryEvent {
  return { type: "delivery.gone", v: 1, id, at, by: [by], country: by.country, nextContact: at };
}
function oneOf(times: number): () => boolean {
  let count = 0;
  return () => (count += 1) % times === 0;
}
function kindOf(body: string): unknown {
  return (JSON.parse(body) as { readonly kind?: unknown }).kind;
}

const FAULTS: readonly Fault[] = [
  {
    what: "a message is done and nothing of it is on record",
    planted: { commit: ({ rows: _rows, outbox: _outbox, ...rest }) => [rest] }, found: /was done and nothing is on record/,
  },
  {
    what: "a message counts, and is not ended with it",
    planted: { commit: ({ inboxEnds, ...rest }) => [inboxEnds?.some(({ end }) => end === "done") === true ? rest : { ...rest, ...(inboxEnds === undefined ? {} : { inboxEnds }) }] },
    found: /counted twice|never dealt with/,
  },
  {
    what: "a message that failed has its effect all the same",
    planted: { commit: ({ inboxEnds = [], ...rest }): readonly Batch[] => (inboxEnds.length === 0 || (rest.rows ?? []).length === 0 ? [{ ...rest, inboxEnds }] : [{ inboxEnds: inboxEnds.map(({ event }) => ({ event, end: "failed" as const })) }, rest]) },
    found: /which was over \(failed\)/,
  },
  {
    what: "the homeserver drops a message and says that it has it",
    planted: gateway((own) => {
      const isLost = oneOf(9);
      return { send: async (...message) => (isLost() ? ("$lost" as EventId) : own.send(...message)) };
    }),
    found: /decided and never sent|is over: |cannot read|no board|not pinned/,
  },
  {
    what: "a message goes out twice",
    planted: gateway((own) => ({ send: async (room, type, transaction, content) => {
      await own.send(room, type, `${transaction} before`, content);
      return own.send(room, type, transaction, content);
    } })),
    found: /a message was sent 2 times/,
  },
  {
    what: "somebody who may know gets no key", found: /may know what is said in .*, and was not given the key/,
    planted: crypto((own) => ({ encrypt: async (room, recipients, ...rest) => own.encrypt(room, recipients.slice(1), ...rest) })),
  },
  {
    what: "a stranger gets a key", found: /was given the key of .*, and may not know/,
    planted: crypto((own) => ({ encrypt: async (room, recipients, ...rest) => own.encrypt(room, [...recipients, { user: STRANGER, pinned: masterKeyOf(STRANGER) }], ...rest) })),
  },
  {
    what: "a room is taken to be encrypted that is not", found: /which is not encrypted/,
    planted: gateway((own) => ({
      createRoom: async (spec) => own.createRoom({ ...spec, state: spec.state.filter(({ type }) => type !== "m.room.encryption") }),
      sync: async (...of) => {
        const sync = await own.sync(...of);
        const told = { type: "m.room.encryption", stateKey: "", sender: own.user, content: { algorithm: "m.megolm.v1.aes-sha2" } };
        return { ...sync, joined: sync.joined.map((room) => ({ ...room, state: [...room.state, told] })) };
      },
    })),
  },
  {
    what: "a case's words stand in a room's name", found: /went out in clear/,
    planted: gateway((own) => ({ createRoom: async (spec) => own.createRoom({ ...spec, name: "zebra7 1/26" }), setState: async (room, type, key, content) => own.setState(room, type, key, type === "m.room.name" ? { name: "zebra7" } : content) })),
  },
  {
    what: "a board is not brought up to date", found: /the board of \S+ shows what is over|there is no board/,
    planted: { commit: (batch) => [{ ...batch, ...(batch.outbox === undefined ? {} : { outbox: batch.outbox.map((row) => (kindOf(row.body) === "board" ? { ...row, expires: 1 as Instant } : row)) }) }] },
  },
  {
    what: "an alert falls asleep", from: "deliveries are drafted", planted: {}, found: /is not acknowledged and asks nobody any more/,
    change: () => {
      const own = ENTITIES.alert.nextWake;
      Object.assign(ENTITIES.alert, { nextWake: () => undefined });
      return () => void Object.assign(ENTITIES.alert, { nextWake: own });
    },
  },
  {
    what: "a delivery goes without a grant", from: "deliveries are drafted", found: /it went without the grant/,
    planted: rows((row) => (row.event.type === "delivery.granted" || row.event.type === "delivery.grant-asked" ? { ...row, event: gone(row.event) } : row)),
  },
  {
    what: "a delivery goes on the word of one country", from: "a delivery is ready", found: /it went on the word of one country/,
    planted: rows((row) => (row.event.type === "delivery.go-said" ? { ...row, event: gone(row.event) } : row)),
  },
  {
    what: "a delivery goes after a stop", from: "a delivery moves", found: /delivery\.gone after a stop/,
    planted: rows((row) => (row.event.type === "delivery.stop-repeated" ? { ...row, event: gone(row.event) } : row)),
  },
  {
    what: "a snapshot forgets", found: /what the bot held in memory is not what its journal says|fault of its own/,
    planted: { snapshot: (state) => ({ ...(state as Record<string, unknown>), member: [] }) },
  },
  {
    what: "an answer counts twice", found: /a question was answered that was/,
    planted: { commit: (batch) => {
      const again = (batch.rows ?? []).filter(({ event }) => event.type === "question.answered");
      return again.length === 0 ? [batch] : [batch, { rows: again }];
    } },
  },
  {
    what: "an answer counts that came late", found: /came after the question's time/,
    planted: rows((row) => (row.event.type === "question.answered" ? { ...row, at: (row.at + 30 * DAY) as Instant } : row)),
  },
  {
    what: "an answer counts of somebody else", found: /who had not been asked/,
    planted: rows((row) => (row.event.type === "question.answered" ? { ...row, event: { ...row.event, by: STRANGER } } : row)),
  },
  {
    what: "a stop does not count", found: /a stop of CD-\d+ by \S+ did not count/,
    planted: decides("cd stop", () => (): Decision => ({ ok: true, events: [] })),
  },
  {
    what: "time goes back in the journal", found: /time went back in the journal/,
    planted: (() => {
      const isOff = oneOf(40);
      return rows((row) => (isOff() ? { ...row, at: (row.at - DAY) as Instant } : row));
    })(),
  },
  {
    what: "a sync leaves out a message and does not say so", found: /was never taken in/,
    planted: gateway((own) => {
      const isLeftOut = oneOf(30);
      return { sync: async (...of) => {
        const sync = await own.sync(...of);
        return { ...sync, joined: sync.joined.map((room) => ({ ...room, timeline: room.timeline.filter(({ type }) => type !== "m.room.encrypted" || !isLeftOut()) })) };
      } };
    }),
  },
  {
    what: "somebody is taken in on the word of one", from: "two cases are open", found: /was taken in on the word of one person/,
    planted: rows((row) => (row.event.type === "member.added" ? { ...row, event: { ...row.event, approvedBy: [row.event.by] as readonly UserId[] } } : row)),
  },
];

describe("a fault is found by the simulation", () => {
  let all: readonly Beginning[] = [];
  before(async () => { all = await beginnings(); });

  for (const { what, planted, found, from, change } of FAULTS) {
    it(what, async (test) => {
      const putBack = change?.();
      const told: string[] = [];
      const near = all.filter(({ name }) => from === undefined || name === from);
      try {
        for (let seed = 1; seed <= RUNS && !told.some((broken) => found.test(broken)); seed += 1) {
          const { broken } = await run({ seed, steps: STEPS, beginnings: near, planted });
          if (broken !== undefined) told.push(broken);
          if (found.test(broken ?? "")) test.diagnostic(`run ${seed}: ${broken?.slice(0, 120) ?? ""}`);
        }
      } finally {
        putBack?.();
      }
      assert.ok(told.some((broken) => found.test(broken)), `not found in ${RUNS} runs; told instead: ${[...new Set(told)].slice(0, 3).join(" | ") || "nothing"}`);
    });
  }
});
