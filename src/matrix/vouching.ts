/** The bot's own signature under somebody's identity: with it the engine refuses another identity by itself, both ways (reference: live.md 4.2). */
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { MasterKey, UserId } from "../domain/ids.ts";
import type { Informed } from "./informed.ts";
import { engineUser } from "./machine.ts";
import type { Outgoing } from "./outgoing.ts";
import { masterKeyOf } from "./standing.ts";

/** Signs identities and takes the signature back. */
export class Vouching {
  readonly #informed: Informed;
  readonly #outgoing: Outgoing;

  constructor(informed: Informed, outgoing: Outgoing) {
    this.#informed = informed;
    this.#outgoing = outgoing;
  }

  /** See {@link Crypto.vouch}; throws a gateway fault if the signature could not be brought to the server. */
  async vouch(user: UserId, masterKey: MasterKey): Promise<boolean> {
    const id = engineUser(user);
    if (id === undefined) return false;
    // Compared and signed in one turn: the identity that is signed is the one that was compared.
    const first = await this.#informed.about([user], async (engine, _standings, unknown) => {
      const identity = unknown.has(user) ? undefined : await otherIdentity(engine, user);
      if (identity === undefined || masterKeyOf(identity) !== masterKey) return undefined;
      return { request: identity.isVerified() ? undefined : await identity.verify() };
    });
    if (first === undefined) return false;
    if (first.request === undefined) return true;
    await this.#outgoing.send(first.request);
    await this.#outgoing.queryAnew(id);
    return this.isVouched(user, masterKey);
  }

  /** Whether the bot's signature is under exactly this identity, as the server shows it now. */
  async isVouched(user: UserId, masterKey: MasterKey): Promise<boolean> {
    return this.#informed.about([user], async (engine, _standings, unknown) => {
      const identity = unknown.has(user) ? undefined : await otherIdentity(engine, user);
      return identity !== undefined && masterKeyOf(identity) === masterKey && identity.isVerified();
    });
  }

  /** See {@link Crypto.unvouch}. */
  async unvouch(user: UserId, masterKey: MasterKey): Promise<boolean> {
    return this.#informed.about([user], async (engine, _standings, unknown) => {
      const identity = unknown.has(user) ? undefined : await otherIdentity(engine, user);
      if (identity === undefined || masterKeyOf(identity) !== masterKey) return false;
      await identity.withdrawVerification();
      await identity.pinCurrentMasterKey();
      return true;
    });
  }
}

async function otherIdentity(engine: olm.OlmMachine, user: UserId): Promise<olm.OtherUserIdentity | undefined> {
  const identity = await engine.getIdentity(new olm.UserId(user));
  return identity instanceof olm.OtherUserIdentity ? identity : undefined;
}
