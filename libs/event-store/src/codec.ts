import type { DomainEvent } from '@app/kernel';

/** Lifts the data of one stored version to the next. Pure; tested on literal old payloads. */
export type Upcaster = (data: never) => unknown;

/** How one event is stored: its current version and the upcasters from every older one (`{1: from1to2}`). */
export interface EventDefinition {
  readonly version: number;
  readonly upcasters?: Readonly<Record<number, Upcaster>>;
}

/** The stored form of every event of a union; leaving one out does not compile. */
export type EventDefinitions<Event extends DomainEvent> = { readonly [Type in Event['type']]: EventDefinition };

/** The store's own event: a command that changed nothing, kept so that its id stays bound to its content. */
export const COMMAND_NOTED = 'command-noted';

interface Decoding {
  readonly type: string;
  readonly steps: readonly Upcaster[];
}

/** Translates between domain names (`award-granted`) and stored names (`award-granted.v1`). */
export class EventCodec {
  private readonly currentNames = new Map<string, string>();
  private readonly decodings = new Map<string, Decoding>();

  constructor(definitions: Readonly<Record<string, EventDefinition>>) {
    this.register(COMMAND_NOTED, { version: 1 });
    for (const [type, definition] of Object.entries(definitions)) this.register(type, definition);
  }

  private register(type: string, { version, upcasters = {} }: EventDefinition): void {
    if (!/^[a-z][a-z0-9-]*$/.test(type) || !Number.isInteger(version) || version < 1)
      throw new Error(`bad event definition ${type}.v${version}`);
    this.currentNames.set(type, `${type}.v${version}`);
    for (let from = 1; from <= version; from += 1) {
      const steps: Upcaster[] = [];
      for (let step = from; step < version; step += 1) {
        const upcaster = upcasters[step];
        if (upcaster === undefined) throw new Error(`${type} has no upcaster from version ${step}`);
        steps.push(upcaster);
      }
      this.decodings.set(`${type}.v${from}`, { type, steps });
    }
  }

  /** @throws Error for an event no feature has defined. */
  storedName(type: string): string {
    const name = this.currentNames.get(type);
    if (name === undefined) throw new Error(`event ${type} is not defined in the codec`);
    return name;
  }

  /** The names an event is stored under, oldest version first. @throws Error for an event no feature has defined. */
  storedNames(type: string): readonly string[] {
    const current = Number(this.storedName(type).slice(type.length + 2));
    return Array.from({ length: current }, (_, index) => `${type}.v${index + 1}`);
  }

  /** @throws Error for a stored name this version of the ledger does not know: it must not be skipped. */
  decode(storedName: string, data: unknown): { readonly type: string; readonly data: unknown } {
    const decoding = this.decodings.get(storedName);
    if (decoding === undefined) throw new Error(`unknown event type ${storedName}: this ledger was written by a newer version`);
    let current = data;
    for (const upcast of decoding.steps) current = upcast(current as never);
    return { type: decoding.type, data: current };
  }
}
