import type { Command } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import type { PersonRole } from '@app/kernel';
import type { Cell } from './sheet/sheet.js';
import { CellFault, type Take } from './values.js';

export const IMPORT_KINDS = ['enterprises', 'facts', 'certificates', 'tiers', 'targets', 'target-plans', 'target-baselines'] as const;
export type ImportKindName = (typeof IMPORT_KINDS)[number];

/** One column of an import, as the template shows it. */
export interface Column {
  /** Its name in English, which a heading may also be. */
  readonly field: string;
  readonly heading: string;
  readonly required?: true;
  readonly example: string;
  /** What to fill in, for the sheet of explanations. */
  readonly help: string;
}

/** What is wrong with a row. `column` is the heading as the file has it; absent where it is about the row or the file. */
export interface RowError {
  readonly row: number;
  readonly column?: string;
  readonly code: string;
  readonly message: string;
}

/** One row's cells by field, with a place to say what is wrong with them. */
export class RowCells {
  failed = false;

  constructor(
    readonly row: number,
    private readonly cells: ReadonlyMap<string, Cell>,
    private readonly report: (field: string | undefined, code: string, message: string) => void,
  ) {}

  /** The value of a cell; undefined when it is empty or wrong. */
  take<Value>(field: string, take: Take<Value>): Value | undefined {
    const cell = this.cells.get(field);
    if (cell === undefined) return undefined;
    try {
      return take(cell);
    } catch (error) {
      if (!(error instanceof CellFault)) throw error;
      this.fail(field, error.code, error.message);
      return undefined;
    }
  }

  /** Like `take`, of a cell that has to be filled in. When it is not, the row has failed and the value is not used. */
  need<Value>(field: string, take: Take<Value>): Value {
    if (!this.cells.has(field)) this.fail(field, 'required', '不能为空');
    return this.take(field, take) as Value;
  }

  fail(field: string | undefined, code: string, message: string): void {
    this.failed = true;
    this.report(field, code, message);
  }
}

export interface Entry<Item> {
  readonly row: number;
  readonly item: Item;
}

export interface Refusal {
  readonly row: number;
  readonly field?: string | undefined;
  readonly code: string;
  readonly message: string;
}

/** Rows that come to one command, which changes each of them by one event or not at all. */
export interface Bundle<Item, Content> {
  readonly entries: readonly Entry<Item>[];
  /** What the command says, which is its identity. */
  readonly content: Content;
  /** The row and column a field of the command stands for; the column of that name when left out. */
  readonly placeOf?: (field: string) => { readonly index: number; readonly field: string };
}

/** Every row a command of its own. */
export function oneByOne<Item>(entries: readonly Entry<Item>[]): readonly Bundle<Item, Item>[] {
  return entries.map((entry) => ({ entries: [entry], content: entry.item }));
}

/** A command to be written. */
export interface Order {
  /** Those of one group are written one after the other. */
  readonly group: string;
  readonly rows: readonly number[];
  /** How many of them change something. */
  readonly changes: number;
  /** Writes it. @throws Problem */
  write(): Promise<{ readonly events: number; readonly replayed: boolean }>;
}

export interface Verdict {
  readonly refusals: readonly Refusal[];
  readonly orders: readonly Order[];
  /** Rows that say what is so already. */
  readonly unchanged: number;
}

/** One kind of file: what its rows hold and which commands they come to. */
export interface ImportKind<Item = unknown, Content = Item> {
  readonly name: ImportKindName;
  readonly title: string;
  /** Who may bring it in: those who may do the same by hand. */
  readonly roles: readonly PersonRole[];
  readonly columns: readonly Column[];
  /** The column a refusal is about, by its code, where it names no field itself. */
  readonly columnOf?: Readonly<Record<string, string>>;
  /** Rows whose order matters are of one group: they are decided together and written one after the other. */
  read(cells: RowCells): { readonly group: string; readonly item: Item };
  /** Passes over what rows of a group repeat, and refuses what they contradict. */
  sift?(entries: readonly Entry<Item>[]): {
    readonly rest: readonly Entry<Item>[];
    readonly refusals: readonly Refusal[];
    readonly repeats: number;
  };
  /** Some rows of a group, in their order. A row alone comes to one bundle. */
  bundles(entries: readonly Entry<Item>[]): readonly Bundle<Item, Content>[];
  command(content: Content, group: string, context: CommandContext): Command<Receipt>;
}
