import {
  type Decider,
  type DecisionContext,
  type DomainEvent,
  type Evidence,
  businessDate,
  contentHash,
  notFound,
  refused,
  unreachable,
} from '@app/kernel';
import { canonicalPack, packFromCanonical, packHash } from './load-pack.js';
import { type Interpretation, type Pack } from './pack.js';

interface Publication {
  /** The whole pack, so that a decision can be recomputed from the ledger alone. */
  readonly pack: unknown;
  readonly hash: string;
  readonly version: number;
  readonly from: string | null;
  readonly until: string | null;
  readonly status: Pack['status'];
}

export type PolicyEvent =
  | DomainEvent<'policy-published', Publication>
  | DomainEvent<'policy-amended', Publication & { readonly reason: string }>
  | DomainEvent<'policy-expired', { readonly on: string; readonly reason: string }>
  | DomainEvent<'policy-repealed', { readonly on: string; readonly reason: string }>
  | DomainEvent<
      'interpretation-settled',
      { readonly version: number; readonly interpretation: string; readonly chosen: string; readonly reason: string }
    >;

/** What reaches back before the day of the command rests on documents. */
interface Documented {
  readonly evidence?: readonly Evidence[];
}

export type PolicyCommand =
  | ({ readonly type: 'publish'; readonly pack: Pack } & Documented)
  | ({ readonly type: 'amend'; readonly pack: Pack; readonly reason: string } & Documented)
  | ({ readonly type: 'expire'; readonly on: string; readonly reason: string } & Documented)
  | ({ readonly type: 'repeal'; readonly on: string; readonly reason: string } & Documented)
  | { readonly type: 'settle'; readonly interpretation: string; readonly chosen: string; readonly reason: string };

/** One published text of a policy. Its shape fits `AssessmentRequest.policy`. */
export interface PolicyVersion {
  readonly version: number;
  /** The hash of the pack as published. */
  readonly hash: string;
  /** The pack as published, with the questions settled since. */
  readonly pack: Pack;
  /** Why it replaced the version before. */
  readonly reason?: string;
  /** The first day it no longer applies because the policy expired or was repealed. */
  readonly endedOn?: string;
}

type Versions = readonly [PolicyVersion, ...PolicyVersion[]];
export interface PolicyEnd {
  readonly kind: 'expired' | 'repealed';
  readonly on: string;
  readonly reason: string;
}

export type PolicyState =
  | { readonly status: 'unpublished' }
  | { readonly status: 'published'; readonly versions: Versions }
  | { readonly status: 'ended'; readonly versions: Versions; readonly end: PolicyEnd };

type PublishedState = Exclude<PolicyState, { status: 'unpublished' }>;

/** The life of one policy: published, amended, its open questions settled, expired or repealed. */
export const policyDecider: Decider<PolicyCommand, PolicyEvent, PolicyState> = {
  initialState: { status: 'unpublished' },
  decide: decidePolicy,
  evolve: evolvePolicy,
};

/** The version that applies on a day: the newest that has begun, unless it or the policy has ended. Drafts never apply. */
export function versionInForce(state: PolicyState, on: string): PolicyVersion | undefined {
  const version = versionFor(state, on);
  if (version === undefined || version.pack.status === 'draft') return undefined;
  const { from, until } = version.pack.force;
  const hasBegun = from === null || from <= on;
  const hasEnded = (until !== null && until <= on) || (version.endedOn !== undefined && version.endedOn <= on);
  return hasBegun && !hasEnded ? version : undefined;
}

/**
 * The version to judge a day by, in force then or not: the newest that has begun, else the first.
 * A newer version wins from its first day on; once it ends, the one before does not come back.
 */
export function versionFor(state: PolicyState, on: string): PolicyVersion | undefined {
  if (state.status === 'unpublished') return undefined;
  const hasBegun = ({ pack: { status, force } }: PolicyVersion) => status === 'in-force' && (force.from === null || force.from <= on);
  return state.versions.findLast(hasBegun) ?? state.versions.find(({ pack }) => pack.status === 'in-force') ?? state.versions.at(-1);
}

/** A version by its number. */
export function versionNumbered(state: PolicyState, version: number): PolicyVersion | undefined {
  return state.status === 'unpublished' ? undefined : state.versions.find((candidate) => candidate.version === version);
}

/** The version published last. */
export function latestVersion(state: PolicyState): PolicyVersion | undefined {
  return state.status === 'unpublished' ? undefined : state.versions.at(-1);
}

function decidePolicy(command: PolicyCommand, state: PolicyState, { today }: DecisionContext): readonly PolicyEvent[] {
  switch (command.type) {
    case 'publish':
      return publish(command, state, today);
    case 'amend':
      return amend(command, state, today);
    case 'expire':
    case 'repeal':
      return end(command, state, today);
    case 'settle':
      return settle(command, state);
    default:
      return unreachable(command);
  }
}

function publish(
  { pack, evidence }: Extract<PolicyCommand, { type: 'publish' }>,
  state: PolicyState,
  today: string,
): readonly PolicyEvent[] {
  const data = publication(pack, 1);
  if (state.status === 'unpublished') return [{ type: 'policy-published', data, ...documented(beginsBefore(pack, today), evidence) }];
  if (state.versions.some(({ hash }) => hash === data.hash)) return [];
  throw refused('policy-published', `${pack.id} is already published as another text; amend it instead`, {
    version: state.versions.length,
  });
}

function amend(
  { pack, reason, evidence }: Extract<PolicyCommand, { type: 'amend' }>,
  state: PolicyState,
  today: string,
): readonly PolicyEvent[] {
  const current = currentOf(requirePublished(state));
  const data = publication(pack, current.version + 1);
  if (current.hash === data.hash) return [];
  if (state.status === 'ended') throw refused('policy-ended', `${pack.id} was ${state.end.kind} on ${state.end.on}`);
  if (pack.id !== current.pack.id) throw refused('another-policy', `${pack.id} cannot amend ${current.pack.id}`);
  if (current.pack.status === 'in-force') requireLaterStart(pack, current, today);
  return [{ type: 'policy-amended', data: { ...data, reason }, ...documented(beginsBefore(pack, today), evidence) }];
}

function requireLaterStart(pack: Pack, current: PolicyVersion, today: string): void {
  if (pack.status === 'draft') throw refused('draft-amends-nothing', `${pack.id} is in force; a draft cannot replace it`);
  const { from } = current.pack.force;
  if (pack.force.from === null || (from !== null && pack.force.from <= from)) {
    throw refused(
      'amendment-not-later',
      `an amendment must begin later than version ${current.version}, which begins ${from ?? 'on no stated day'}`,
    );
  }
  // Decisions already taken under the text in force would change under their feet.
  if (pack.force.from < today)
    throw refused(
      'amendment-retroactive',
      `an amendment of a text in force may not begin before ${today}; this one begins ${pack.force.from}`,
    );
}

function end(command: Extract<PolicyCommand, { type: 'expire' | 'repeal' }>, state: PolicyState, today: string): readonly PolicyEvent[] {
  const { reason, evidence } = command;
  const on = businessDate(command.on, 'on');
  const kind = command.type === 'expire' ? 'expired' : 'repealed';
  requirePublished(state);
  if (state.status === 'ended') {
    if (state.end.kind === kind && state.end.on === on) return [];
    throw refused('policy-ended', `the policy was already ${state.end.kind} on ${state.end.on}`);
  }
  return [{ type: `policy-${kind}`, data: { on, reason }, ...documented(on < today, evidence) }];
}

/** Whether a text already applied before a day. A draft never applies. */
function beginsBefore({ status, force }: Pack, day: string): boolean {
  return status === 'in-force' && (force.from === null || force.from < day);
}

/** @throws Problem `evidence-required` when none is given for what reaches back. */
function documented(reachesBack: boolean, evidence: readonly Evidence[] = []): Documented {
  if (evidence.length > 0) return { evidence };
  if (reachesBack) throw refused('evidence-required', 'what applies before today rests on a document: name it as evidence');
  return {};
}

function settle(
  { interpretation: id, chosen, reason }: Extract<PolicyCommand, { type: 'settle' }>,
  state: PolicyState,
): readonly PolicyEvent[] {
  const { version, pack } = currentOf(requirePublished(state));
  const question = pack.interpretations.find((interpretation) => interpretation.id === id);
  if (question === undefined) throw notFound('interpretation-not-found', `${pack.id} has no interpretation ${id}`);
  if (question.chosen === chosen) return [];
  if (question.chosen !== null)
    throw refused('interpretation-settled', `${id} is settled as ${question.chosen}; another reading needs an amendment`);
  requireComputable(question, chosen);
  return [{ type: 'interpretation-settled', data: { version, interpretation: id, chosen, reason } }];
}

/** Settling changes no formula, so only the reading the clauses already compute can be settled on. */
function requireComputable({ id, options, simulatedAs }: Interpretation, chosen: string): void {
  if (!options.some((option) => option.id === chosen)) throw notFound('option-not-found', `${id} has no option ${chosen}`);
  if (simulatedAs !== undefined && simulatedAs !== chosen) {
    throw refused('reading-not-computed', `the clauses compute ${simulatedAs}; to read ${id} as ${chosen}, amend the pack`);
  }
}

function evolvePolicy(state: PolicyState, event: PolicyEvent): PolicyState {
  switch (event.type) {
    case 'policy-published':
      return { status: 'published', versions: [versionOf(event.data)] };
    case 'policy-amended': {
      const { versions } = requirePublished(state);
      return { status: 'published', versions: [...versions, { ...versionOf(event.data), reason: event.data.reason }] };
    }
    case 'policy-expired':
      return ended(requirePublished(state), { kind: 'expired', ...event.data });
    case 'policy-repealed':
      return ended(requirePublished(state), { kind: 'repealed', ...event.data });
    case 'interpretation-settled': {
      const published = requirePublished(state);
      const { version: number, ...settled } = event.data;
      const versions = published.versions.map((version) =>
        version.version === number ? { ...version, pack: withSettled(version.pack, settled) } : version,
      );
      return { ...published, versions: versions as unknown as Versions };
    }
    default:
      return unreachable(event);
  }
}

function publication(pack: Pack, version: number): Publication {
  const { force, status } = pack;
  return { pack: canonicalPack(pack), hash: packHash(pack), version, from: force.from, until: force.until, status };
}

function versionOf({ pack, hash, version }: Publication): PolicyVersion {
  return { version, hash, pack: storedPack(pack, hash) };
}

function ended(state: PublishedState, end: PolicyEnd): PolicyState {
  const versions = state.versions.map((version) => ({ ...version, endedOn: end.on })) as unknown as Versions;
  return { status: 'ended', versions, end };
}

function withSettled(pack: Pack, { interpretation, chosen, reason }: { interpretation: string; chosen: string; reason: string }): Pack {
  const interpretations = pack.interpretations.map((question): Interpretation => {
    if (question.id !== interpretation) return question;
    const { simulatedAs: _simulatedAs, ...rest } = question;
    return { ...rest, chosen, reason };
  });
  return { ...pack, interpretations };
}

function requirePublished(state: PolicyState): PublishedState {
  if (state.status === 'unpublished') throw notFound('policy-not-published', 'this policy has not been published');
  return state;
}

function currentOf({ versions }: PublishedState): PolicyVersion {
  return versions.at(-1) as PolicyVersion;
}

const MOST_STORED_PACKS = 64;
const storedPacks = new Map<string, Pack>();

/** Reads a stored pack once per content: folding a stream again must not validate it, nor compile its clauses, again. */
function storedPack(data: unknown, hash: string): Pack {
  const known = storedPacks.get(hash);
  if (known !== undefined) return known;
  if (contentHash(data) !== hash) throw new Error(`a stored pack does not have its hash ${hash}`);
  const pack = packFromCanonical(data);
  if (storedPacks.size >= MOST_STORED_PACKS) storedPacks.clear();
  storedPacks.set(hash, pack);
  return pack;
}
