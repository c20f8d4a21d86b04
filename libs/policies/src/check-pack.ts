import { Decimal, isBusinessDate, sha256, unreachable } from '@app/kernel';
import {
  type Amounts,
  type Citation,
  type Clause,
  type Condition,
  type Pack,
  type RosterRule,
  type Shape,
  type Tier,
  categoriesOf,
  coveredBy,
  membersOf,
} from './pack.js';

/** A rule of the pack format that is broken, and where: the path of the offending value. */
export interface PackFault {
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

type Path = readonly (string | number)[];
const COMPARISONS = ['atLeast', 'moreThan', 'atMost', 'lessThan'] as const;
const LEAF_FORMS = ['equals', 'in', ...COMPARISONS, 'stated'] as const;
const TREE_FORMS = ['ratio', 'not', 'all', 'any'] as const;
const PAYING = new Set<Shape['kind']>(['fixed', 'percent', 'level-table', 'match', 'staged', 'discretionary', 'external', 'unspecified']);
const ROUNDED = new Set<Shape['kind']>(['percent', 'match']);

/** Everything the schema cannot say. `source` is the document's text; without it quotes are taken on trust. */
export function checkPack(pack: Pack, source?: string): PackFault[] {
  return new Checker(pack, source).run();
}

class Checker {
  private readonly faults: PackFault[] = [];
  private readonly lines: readonly string[] | undefined;
  private readonly clauseIds: ReadonlySet<string>;
  private readonly gateIds: ReadonlySet<string>;

  constructor(
    private readonly pack: Pack,
    private readonly source: string | undefined,
  ) {
    this.lines = source?.split('\n');
    this.clauseIds = new Set(pack.clauses.map(({ id }) => id));
    this.gateIds = new Set(pack.gates.map(({ id }) => id));
  }

  run(): PackFault[] {
    this.checkHead();
    for (const key of ['gates', 'envelopes', 'clauses', 'interpretations'] as const) this.checkUnique([key], this.pack[key]);
    this.pack.gates.forEach((gate, index) => {
      this.checkCitation(['gates', index, 'citation'], gate.citation);
      this.checkCondition(['gates', index, 'when'], gate.when);
    });
    this.checkEnvelopes();
    this.pack.clauses.forEach((clause, index) => this.checkClause(['clauses', index], clause));
    this.checkCatalogueIds();
    this.checkInterpretations();
    // A text once published is read as it is, whatever rules have come since.
    if (this.source !== undefined) this.checkForPublication();
    return this.faults;
  }

  private report(path: Path, code: string, message: string): void {
    this.faults.push({ path, code, message });
  }

  /** What would be published and then reach nobody: ids no address can hold, exclusions that never meet, grades that are no value. */
  private checkForPublication(): void {
    const { id, inputs, envelopes, clauses } = this.pack;
    const name = (path: Path, given: string, most: number) => {
      if (!/^[a-z0-9]/.test(given) || /[A-Z]/.test(given) || given.length > most)
        this.report(path, 'id', `${given} must be at most ${most} small letters, digits and hyphens`);
    };
    name(['id'], id, 64);
    envelopes.forEach((envelope, index) => name(['envelopes', index, 'id'], envelope.id, 40));
    clauses.forEach((clause, index) => {
      const at = ['clauses', index];
      if (clause.id.length > 40) this.report([...at, 'id'], 'id', `${clause.id} must have at most 40 characters`);
      const { shape } = clause;
      if (shape.kind === 'tier' || shape.kind === 'ladder') {
        name([...at, 'shape', 'ladder'], shape.ladder, 40);
        shape.tiers.forEach((tier, no) => name([...at, 'shape', 'tiers', no, 'id'], tier.id, 40));
      }
      for (const other of clause.excludes ?? []) {
        const excluded = clauses.find((one) => one.id === other);
        if (excluded !== undefined && excluded.uniqueness !== clause.uniqueness)
          this.report([...at, 'excludes'], 'uniqueness', `${other} has another uniqueness: the two never meet on one occasion`);
      }
    });
    for (const [input, definition] of Object.entries(inputs)) {
      if (definition.fromTitle === undefined) continue;
      const at = ['inputs', input, 'fromTitle'];
      if (definition.type !== 'word') this.report(at, 'input-type', `${input} is ${definition.type}, but the grade of a title is a word`);
      const title = clauses.find(({ shape }) => shape.kind === 'title' && shape.title === definition.fromTitle)?.shape;
      const grades = title?.kind === 'title' ? Object.keys(title.grades ?? {}) : [];
      const strange = grades.filter((grade) => !categoriesOf(definition).includes(grade));
      if (strange.length > 0) this.report(at, 'unknown-word', `the grades ${strange.join(', ')} are no values of ${input}`);
    }
  }

  private checkUnique(path: Path, items: readonly { readonly id: string }[]): void {
    const seen = new Set<string>();
    items.forEach(({ id }, index) => {
      if (seen.has(id)) this.report([...path, index, 'id'], 'duplicate-id', `the id ${id} is already taken`);
      seen.add(id);
    });
  }

  private checkHead(): void {
    const { force, source, publicNotice, interpretations, status } = this.pack;
    for (const key of ['from', 'until'] as const) {
      if (force[key] !== null && !isBusinessDate(force[key])) this.report(['force', key], 'date', `${force[key]} is not an existing day`);
    }
    if (force.from !== null && force.until !== null && force.from >= force.until)
      this.report(['force', 'until'], 'date', 'until must be later than from');
    if (status === 'in-force' && (force.from === null || force.until === null) && force.note === undefined) {
      this.report(['force'], 'date', 'a date the text does not state needs a note that says so');
    }
    if (!interpretations.some(({ id }) => id === publicNotice.basis)) {
      this.report(['publicNotice', 'basis'], 'dangling-reference', `there is no interpretation ${publicNotice.basis}`);
    }
    if (this.source !== undefined && sha256(this.source) !== source.sha256) {
      this.report(['source', 'sha256'], 'source-hash', `${source.file} has another hash: ${sha256(this.source)}`);
    }
  }

  private checkCitation(path: Path, { line, quote }: Citation): void {
    if (this.lines === undefined) return;
    const numbers = typeof line === 'number' ? [line] : line;
    if (numbers.some((number) => this.lines?.[number - 1]?.includes(quote))) return;
    this.report(
      [...path, 'quote'],
      'quote-not-found',
      `“${quote}” does not stand on line ${numbers.join(' or ')} of ${this.pack.source.file}`,
    );
  }

  private inputOf(path: Path, name: string, ...types: readonly string[]): Pack['inputs'][string] | undefined {
    const definition = Object.hasOwn(this.pack.inputs, name) ? this.pack.inputs[name] : undefined;
    if (definition === undefined) this.report(path, 'unknown-input', `there is no input ${name}`);
    else if (types.length > 0 && !types.includes(definition.type)) {
      this.report(path, 'input-type', `${name} is ${definition.type}, but ${types.join(' or ')} is needed here`);
      return undefined;
    }
    return definition;
  }

  private checkCondition(path: Path, condition: Condition): void {
    const keys = Object.keys(condition);
    const forms = keys.filter((key) => key !== 'input');
    const isLeaf = 'input' in condition;
    const allowed: readonly string[] = isLeaf ? LEAF_FORMS : TREE_FORMS;
    if (forms.length !== 1 || !allowed.includes(forms[0] as string)) {
      this.report(path, 'condition', `a condition is input with one of ${LEAF_FORMS.join(', ')}, or one of ${TREE_FORMS.join(', ')}`);
    } else if (isLeaf) this.checkLeaf(path, condition);
    else if ('not' in condition) this.checkCondition([...path, 'not'], condition.not);
    else if ('all' in condition) condition.all.forEach((child, index) => this.checkCondition([...path, 'all', index], child));
    else if ('any' in condition) condition.any.forEach((child, index) => this.checkCondition([...path, 'any', index], child));
    else {
      this.inputOf([...path, 'ratio', 'of'], condition.ratio.of, 'money');
      this.inputOf([...path, 'ratio', 'to'], condition.ratio.to, 'money');
    }
  }

  private checkLeaf(path: Path, leaf: Extract<Condition, { input: string }>): void {
    const at = [...path, 'input'];
    if ('stated' in leaf) return void this.inputOf(at, leaf.input);
    if (COMPARISONS.some((form) => form in leaf)) return void this.inputOf(at, leaf.input, 'money', 'percent');
    const definition = 'in' in leaf ? this.inputOf(at, leaf.input, 'word') : this.inputOf(at, leaf.input, 'word', 'bool');
    if (definition === undefined) return;
    const values = 'in' in leaf ? leaf.in : 'equals' in leaf ? [leaf.equals] : [];
    for (const value of values) {
      const fits = definition.type === 'bool' ? typeof value === 'boolean' : categoriesOf(definition).includes(value as string);
      if (!fits) this.report(path, 'unknown-word', `${String(value)} is not a value of ${leaf.input}`);
    }
  }

  /** A table keyed by categories: every key a word of the input and, where `whole`, every word a key. */
  private checkTable(path: Path, key: string, by: string, table: Readonly<Record<string, string>>, whole: boolean): void {
    const definition = this.inputOf([...path, 'by'], by, 'word', 'bool');
    if (definition === undefined) return;
    const words = categoriesOf(definition);
    for (const word of Object.keys(table)) {
      if (!words.includes(word)) this.report([...path, key, word], 'unknown-word', `${word} is not a value of ${by}`);
    }
    const left = whole ? words.filter((word) => !Object.hasOwn(table, word)) : [];
    if (left.length > 0) this.report([...path, key], 'table-gap', `nothing is given for ${left.join(', ')} of ${by}`);
  }

  private checkAmounts(path: Path, amounts: Amounts): void {
    const keys = Object.keys(amounts).sort().join();
    if (keys !== 'amount' && keys !== 'amounts,by') this.report(path, 'amounts', 'give either amount, or by and amounts');
    else if ('by' in amounts) this.checkTable(path, 'amounts', amounts.by, amounts.amounts, true);
  }

  private checkClause(path: Path, clause: Clause): void {
    this.checkCitation([...path, 'citation'], clause.citation);
    clause.gates?.forEach((gate, index) => {
      if (!this.gateIds.has(gate)) this.report([...path, 'gates', index], 'dangling-reference', `there is no gate ${gate}`);
    });
    clause.excludes?.forEach((other, index) => this.checkExclusion([...path, 'excludes', index], clause.id, other));
    const { kind } = clause.shape;
    if (PAYING.has(kind) && clause.uniqueness === undefined) this.report(path, 'uniqueness', 'a paying clause needs its uniqueness rule');
    if (ROUNDED.has(kind) !== (clause.rounding !== undefined)) {
      this.report(path, 'rounding', ROUNDED.has(kind) ? 'a computed amount needs its rounding' : 'only a computed amount is rounded');
    }
    if (kind === 'gate' && clause.gates === undefined) this.report(path, 'gates', 'a gate clause needs at least one gate');
    if (clause.budgetEnvelope !== undefined && !this.pack.envelopes.some(({ id }) => id === clause.budgetEnvelope)) {
      this.report([...path, 'budgetEnvelope'], 'dangling-reference', `there is no envelope ${clause.budgetEnvelope}`);
    }
    clause.clearances?.forEach((clearance, index) => {
      if (!this.pack.clauses.some(({ shape }) => shape.kind === 'clearance' && shape.clearance === clearance))
        this.report([...path, 'clearances', index], 'dangling-reference', `there is no clearance ${clearance}`);
      if (!PAYING.has(kind) && kind !== 'tier' && kind !== 'ladder')
        this.report([...path, 'clearances', index], 'clearance', 'only a paying clause or a ladder asks for clearances');
    });
    this.checkPart(path, clause);
    this.checkShape([...path, 'shape'], clause.shape);
  }

  private checkPart(path: Path, { id, partOf, covers }: Clause): void {
    if (partOf === undefined) return;
    const whole = this.pack.clauses.find((clause) => clause.id === partOf);
    if (whole === undefined || partOf === id || whole.partOf !== undefined)
      this.report([...path, 'partOf'], 'dangling-reference', `there is no whole clause ${partOf}`);
    if (covers !== undefined)
      this.report([...path, 'covers'], 'duplicate-id', `a part covers nothing of its own: ${partOf} covers the whole`);
  }

  private checkExclusion(path: Path, id: string, other: string): void {
    const excluded = this.pack.clauses.find((clause) => clause.id === other);
    if (excluded === undefined || other === id) this.report(path, 'dangling-reference', `there is no other clause ${other}`);
    else if (!excluded.excludes?.includes(id)) this.report(path, 'one-sided-exclusion', `${other} must exclude ${id} too`);
  }

  private checkShape(path: Path, shape: Shape): void {
    switch (shape.kind) {
      case 'percent':
      case 'match':
        this.inputOf([...path, 'base'], shape.base, 'money');
        if (shape.cap) this.checkAmounts([...path, 'cap'], shape.cap);
        return;
      case 'level-table':
        return this.checkTable(path, 'amounts', shape.by, shape.amounts, false);
      case 'discretionary':
        return this.checkAmounts([...path, 'ceiling'], shape.ceiling);
      case 'staged':
        return this.checkStages(path, shape);
      case 'tier':
        return this.checkTier(path, shape);
      case 'ladder':
        if (shape.size !== undefined && shape.size < shape.tiers.length)
          this.report([...path, 'size'], 'tier', 'there are more tiers than that');
        return this.checkTiers(path, shape.tiers);
      case 'target-table':
        return this.checkTargetTable(path, shape);
      case 'target':
        return this.checkTarget(path, shape);
      case 'deadline':
        return this.checkDeadline(path, shape);
      case 'budget':
        if (!this.pack.envelopes.some(({ id }) => id === shape.envelope)) {
          this.report([...path, 'envelope'], 'dangling-reference', `there is no envelope ${shape.envelope}`);
        }
        return;
      case 'roster':
        return this.checkRoster([...path, 'of'], shape.of);
      case 'note':
        if (shape.ladder !== undefined) this.checkLadder([...path, 'ladder'], shape.ladder);
        return;
      case 'fixed':
      case 'external':
      case 'unspecified':
      case 'gate':
      case 'clearance':
      case 'title':
        return;
      default:
        return unreachable(shape);
    }
  }

  private checkTarget(path: Path, { comparison, tolerance, due, counts }: Extract<Shape, { kind: 'target' }>): void {
    if ((comparison === 'about') !== (tolerance !== undefined))
      this.report(path, 'tolerance', 'about, and nothing else, needs a tolerance');
    if ('date' in due && !isBusinessDate(due.date)) this.report([...path, 'due'], 'date', 'not an existing day');
    const isSpread = counts === 'cumulative' || counts === 'yearly-average';
    if ('since' in due && !isSpread) this.report([...path, 'due', 'since'], 'date', 'only a sum or an average counts since a year');
    const [from, to] = 'since' in due ? [due.since, due.year] : 'eachYear' in due ? [due.from, due.to] : [];
    if (from !== undefined && to !== undefined && from > to)
      this.report([...path, 'due'], 'date', 'the first year must not be later than the last');
  }

  /** Every cell is held against its line, because a table of figures is where a slip hides best. */
  private checkTargetTable(path: Path, { columns, rows }: Extract<Shape, { kind: 'target-table' }>): void {
    rows.forEach(({ title, line, values }, index) => {
      const at = [...path, 'rows', index];
      if (values.length !== columns.length) this.report([...at, 'values'], 'table-gap', 'a row needs one value a column');
      this.checkCitation([...at, 'title'], { line, quote: title });
      if (this.lines === undefined) return;
      const strange = outOfOrder(
        values.filter((value) => value !== null),
        this.lines[line - 1]?.match(/\d+(\.\d+)?/g) ?? [],
      );
      if (strange !== undefined) {
        this.report(
          [...at, 'values'],
          'quote-not-found',
          `${strange} does not stand on line ${line} of ${this.pack.source.file}, or not in this order`,
        );
      }
    });
  }

  private checkRoster(path: Path, rule: RosterRule): void {
    if (rule.kind === 'facts') this.checkCondition([...path, 'when'], rule.when);
    if (rule.kind === 'ladder') this.checkLadder([...path, 'ladder'], rule.ladder);
  }

  private checkLadder(path: Path, ladder: string): void {
    const isKnown = this.pack.clauses.some(({ shape }) => (shape.kind === 'tier' || shape.kind === 'ladder') && shape.ladder === ladder);
    if (!isKnown) this.report(path, 'dangling-reference', `there is no ladder ${ladder}`);
  }

  private checkDeadline(path: Path, { every, by, fulfilledBy }: Extract<Shape, { kind: 'deadline' }>): void {
    if (fulfilledBy !== undefined && 'ladder' in fulfilledBy) this.checkLadder([...path, 'fulfilledBy', 'ladder'], fulfilledBy.ladder);
    if (
      fulfilledBy?.kind === 'title' &&
      !this.pack.clauses.some(({ shape }) => shape.kind === 'title' && shape.title === fulfilledBy.title)
    )
      this.report([...path, 'fulfilledBy', 'title'], 'dangling-reference', `there is no title ${fulfilledBy.title}`);
    const isDay = every === 'once' ? isBusinessDate(by) : by === 'end' || (every === 'year' && isBusinessDate(`2023-${by}`));
    const wanted = every === 'once' ? 'a date' : every === 'year' ? 'a day of every year such as 04-30, or end' : 'end';
    if (!isDay) this.report([...path, 'by'], 'date', `${by} is not ${wanted}`);
  }

  private checkTiers(path: Path, tiers: readonly Tier[]): void {
    this.checkUnique([...path, 'tiers'], tiers);
    tiers.forEach(({ covers, citation, gates }, index) => {
      gates?.forEach((gate, at) => {
        if (!this.gateIds.has(gate)) this.report([...path, 'tiers', index, 'gates', at], 'dangling-reference', `there is no gate ${gate}`);
      });
      if (citation !== undefined) this.checkCitation([...path, 'tiers', index, 'citation'], citation);
      else if (covers !== undefined)
        this.report([...path, 'tiers', index], 'missing-field', 'a tier with a catalogue id of its own needs its citation');
    });
  }

  private checkStages(path: Path, shape: Extract<Shape, { kind: 'staged' }>): void {
    shape.instalments.forEach((instalment, index) => {
      this.checkCitation([...path, 'instalments', index, 'citation'], instalment.citation);
      this.checkCondition([...path, 'instalments', index, 'when'], instalment.when);
    });
    const sum = shape.instalments.reduce((total, { amount }) => total.plus(amount), new Decimal(0));
    if (!sum.equals(shape.total)) this.report([...path, 'total'], 'total', `the instalments come to ${sum.toFixed(2)}`);
  }

  private checkTier(path: Path, shape: Extract<Shape, { kind: 'tier' }>): void {
    this.checkTiers(path, shape.tiers);
    const isFixed = 'place' in shape;
    if (isFixed === ('by' in shape || 'places' in shape)) return this.report(path, 'tier', 'give either place, or by and places');
    // The schema lets either stand without the other; the type speaks of packs that have passed this check.
    const { by, places: table } = shape as { readonly by?: string; readonly places?: object };
    if (!isFixed && (by === undefined || table === undefined)) return this.report(path, 'tier', 'give both by and places');
    const places: readonly string[] = isFixed ? [shape.place] : Object.values(shape.places);
    for (const place of places) {
      if (!shape.tiers.some(({ id }) => id === place)) this.report(path, 'dangling-reference', `there is no tier ${place}`);
    }
    if (!isFixed) this.checkTable(path, 'places', shape.by, shape.places, false);
  }

  private checkEnvelopes(): void {
    this.pack.envelopes.forEach((envelope, index) => {
      const clause = this.pack.clauses.find(({ id }) => id === envelope.clause);
      if (clause?.shape.kind !== 'budget' || clause.shape.envelope !== envelope.id) {
        this.report(['envelopes', index, 'clause'], 'dangling-reference', `${envelope.clause} is not the budget clause of ${envelope.id}`);
      }
      if (envelope.period !== 'annual' && envelope.period.from > envelope.period.to) {
        this.report(['envelopes', index, 'period'], 'date', 'from must not be later than to');
      }
    });
  }

  private checkCatalogueIds(): void {
    const seen = new Set<string>();
    this.pack.clauses.forEach((clause, index) => {
      const members = membersOf(clause).flatMap(({ covers }) => covers ?? []);
      for (const id of new Set([...coveredBy(clause), ...members])) {
        if (seen.has(id)) this.report(['clauses', index], 'duplicate-id', `${id} is covered twice`);
        seen.add(id);
      }
      if (members.some((id) => !clause.covers?.includes(id)))
        this.report(['clauses', index], 'dangling-reference', 'an instalment or tier covers what its clause does not');
    });
  }

  private checkInterpretations(): void {
    this.pack.interpretations.forEach(({ clauses, options, chosen, simulatedAs }, index) => {
      const path = ['interpretations', index];
      this.checkUnique([...path, 'options'], options);
      clauses.forEach((clause, at) => {
        if (!this.clauseIds.has(clause)) this.report([...path, 'clauses', at], 'dangling-reference', `there is no clause ${clause}`);
      });
      for (const [key, option] of [
        ['chosen', chosen],
        ['simulatedAs', simulatedAs],
      ] as const) {
        if (option !== null && option !== undefined && !options.some(({ id }) => id === option))
          this.report([...path, key], 'dangling-reference', `there is no option ${option}`);
      }
      if (chosen !== null && simulatedAs !== undefined)
        this.report([...path, 'simulatedAs'], 'interpretation', 'only an open question is simulated');
    });
  }
}

/** The first of `wanted` that `found` does not hold behind those before it. */
function outOfOrder(wanted: readonly string[], found: readonly string[]): string | undefined {
  let next = 0;
  return wanted.find((value) => {
    const at = found.indexOf(value, next);
    next = at + 1;
    return at < 0;
  });
}
