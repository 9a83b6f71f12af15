/** Stop: one person on the route, one word, no vote, no confirmation, in every state; what follows each territory decides on its own ground. */
import { raiseAlert } from "./alert-asking.ts";
import type { Context, Decision } from "./decision.ts";
import { decided } from "./decision.ts";
import { alarmed } from "./delivery-alarm.ts";
import { asked, inRoomOf, isRefusal, zoneOf } from "./delivery-circle.ts";
import { aboutContact } from "./delivery-contact.ts";
import { aboutTake } from "./delivery-take-question.ts";
import type { DeliveryId } from "./ids.ts";
import { withdraw } from "./question.ts";
import { line, message, when } from "./say.ts";
import type { Scope } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.alert-stopped": { delivery: string; by: string; at: Fact };
    "delivery.reason": { reason: string };
  }
}

/** Longest reason of a stop, in characters: as much as a message can hold, because no stop may fail for being too long. */
export const MAX_REASON = 64_000;

/** Stops the delivery for good. It is never too late, never twice too often, and no rule of the agreement's period stands against it. */
export function stopDelivery(scope: Scope, id: DeliveryId, reason: string | undefined, ctx: Context): Decision {
  const found = asked(scope, id, ctx);
  if (isRefusal(found)) return found;
  const { delivery, by } = found;
  const said = { v: 1, id, at: ctx.now, by, inRoom: inRoomOf(id, ctx), ...(reason === undefined ? {} : { reason }) } as const;
  if (delivery.state === "stopped") return decided({ type: "delivery.stop-repeated", ...said });
  return decided(
    { type: "delivery.stopped", ...said, from: delivery.state },
    ...withdraw(scope.state.question, aboutTake(id), ctx.now),
    ...withdraw(scope.state.question, aboutContact(id), ctx.now),
    ...(delivery.state === "moving"
      ? raiseAlert(scope, ctx, alarmed(scope, delivery, "stopped", message(
        line("delivery.alert-stopped", { delivery: id, by: by.callSign, at: when(ctx.now, zoneOf(delivery)) }),
      )))
      : []),
  );
}
