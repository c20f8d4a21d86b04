import type { CommandContext } from '@app/event-store';
import type { PersonRole } from '@app/kernel';
import type { Cell } from './sheet/sheet.js';
import { CellFault, type Take } from './values.js';

export const IMPORT_KINDS = ['enterprises', 'facts', 'certificates', 'tiers', 'targets'] as const;
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
  readonly field?: string;
  readonly code: string;
  readonly message: string;
}

/** A command that some rows come to. */
export interface Order {
  readonly rows: readonly number[];
  /** How many of them change something, where that is known before it is written. */
  readonly changes?: number;
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
export interface ImportKind<Item = unknown> {
  readonly name: ImportKindName;
  readonly title: string;
  /** Who may bring it in: those who may do the same by hand. */
  readonly roles: readonly PersonRole[];
  readonly columns: readonly Column[];
  /** Whether rows can be decided without writing; else there is neither a rehearsal nor all-or-nothing. */
  readonly canRehearse: boolean;
  /** Rows of one group change one stream and are decided together, in their order. */
  read(cells: RowCells): { readonly group: string; readonly item: Item };
  /** Decides the rows of one group against the ledger as it stands, without writing. */
  decide(group: string, entries: readonly Entry<Item>[], context: CommandContext): Promise<Verdict>;
}
