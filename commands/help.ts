import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { helpAbout, helpHere } from "../src/chat/help.ts";
import { text } from "../src/chat/params.ts";
import { ROLES } from "../src/domain/roster.ts";

/** What its author may do where they ask, or how one command is typed. */
export const help = command({
  name: "help",
  params: z.object({ command: text({ max: 60 }).optional() }),
  scope: "person",
  weight: "read",
  rooms: ["workspace", "delivery", "direct"],
  when: [],
  needs: ["anyone"],
  audience: "author",
  examples: ["help", "help task add"],
  answer: (scope, params, ctx, { commands }) => {
    const { member, owner, person } = ctx.author;
    const asker = {
      // Somebody of several cases who has not said which: whatever a role allows.
      roles: member === undefined ? (owner ? [] : ROLES) : [member.role],
      owner, place: ctx.origin.room, caseState: scope.state.case.get("case")?.state ?? "open",
    };
    return params.command === undefined ? helpHere(commands, asker, person.language) : helpAbout(commands, params.command, asker, person.language);
  },
});
