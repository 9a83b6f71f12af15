/** All events there are. An event is plain JSON, never changed once released: a change of meaning is a new `v`. */
import type { AlertEvent } from "./alert.ts";
import type { CaseEvent } from "./case.ts";
import type { CodenameEvent } from "./codename.ts";
import type { ComparisonEvent } from "./comparison.ts";
import type { DeliveryEvent } from "./delivery.ts";
import type { PersonEvent } from "./person.ts";
import type { QuestionEvent } from "./question.ts";
import type { RequestEvent } from "./request.ts";
import type { RoomEvent } from "./room.ts";
import type { MemberEvent } from "./roster.ts";
import type { TaskEvent } from "./task.ts";
import type { WakeTestEvent } from "./wake-test.ts";

/** Any event that changes an entity. */
export type DomainEvent =
  | PersonEvent | CodenameEvent | CaseEvent | MemberEvent | RoomEvent | QuestionEvent | RequestEvent | TaskEvent | DeliveryEvent | AlertEvent | WakeTestEvent | ComparisonEvent;
