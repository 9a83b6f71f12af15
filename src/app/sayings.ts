/** What the bot says of itself, besides what rules say: the codes and their facts; the words stand in config/locales. */
export {};

declare module "../domain/say.ts" {
  interface Sayings {
    "app.failed": Record<never, never>;
    "app.homeserver-silent": Record<never, never>;
    "app.not-here": { where: Fact };
    "app.not-allowed": Record<never, never>;
    "app.not-now": Record<never, never>;
    "app.no-case": Record<never, never>;
    "app.which-case": { codenames: Fact; example: Fact };
    "app.late-not-counted": { at: Fact };
    "late.ran": { sent: When; arrived: When };
    "late.arrived": { arrived: When };
    "late.unread": Record<never, never>;
    "clock.jumped": { by: Span };
    "clock.after-jump": Record<never, never>;
    "clock.behind": { wall: When; now: When };
    "clock.far-ahead": { wall: When; now: When };
    "app.edited": Record<never, never>;
    "app.ambiguous": Record<never, never>;
    "app.ambiguous-stub": { codename: string };
    "app.none-of-these": Record<never, never>;
    "app.unproven": Record<never, never>;
    "app.unproven-imported": Record<never, never>;
    "app.stop-raw": { who: string };
    "app.unproven-stop": { codename: string; delivery: string };
    "app.repair-failed": { room: Fact; step: string };
    "app.set-aside": { room: Fact };
    "app.given-up": { room: Fact };
    "app.place-direct-of": { who: string };
    "app.checkpoint": Record<never, never>;
    "app.place-workspace": Record<never, never>;
    "app.place-delivery": Record<never, never>;
    "app.place-direct": Record<never, never>;
  }
}
