import type { ImportKindName, RowError } from './import-kind.js';

export const IMPORT_MODES = ['all-or-nothing', 'valid-rows'] as const;
/** What happens when some rows are wrong: nothing is written, or the others are. */
export type ImportMode = (typeof IMPORT_MODES)[number];

/** How many errors are kept, and how many characters of them; beyond them they are only counted. */
const MAX_ERRORS = 1_000;
const MAX_ERROR_CHARACTERS = 500_000;

export type ImportState = 'waiting' | 'running' | 'finished' | 'failed';

/** How an import stands, as people ask for it. */
export interface ImportReport {
  readonly id: string;
  readonly kind: ImportKindName;
  readonly mode: ImportMode;
  readonly dryRun: boolean;
  readonly uploadedBy: string;
  readonly bytes: number;
  readonly state: ImportState;
  readonly progress: {
    readonly stage: 'waiting' | 'reading' | 'deciding' | 'writing' | 'done';
    readonly done: number;
    /** Not known while the file is being read. */
    readonly total?: number;
  };
  readonly counts: {
    /** Rows of data in the file. */
    readonly rows: number;
    /** Rows that are wrong or refused. */
    readonly rejected: number;
    /** Rows that say what is so already. */
    readonly unchanged: number;
    /** Rows that change something: written, or in a rehearsal such as would be. */
    readonly changing: number;
    readonly written: number;
    readonly events: number;
  };
  readonly errors: readonly RowError[];
  /** All of them, also those that are not listed. */
  readonly errorCount: number;
  /** What came of it, in words. */
  readonly note: string;
}

/** A mutable report, filled while an import runs. */
export class Report {
  state: ImportState = 'waiting';
  stage: ImportReport['progress']['stage'] = 'waiting';
  done = 0;
  total: number | undefined;
  readonly counts = { rows: 0, rejected: 0, unchanged: 0, changing: 0, written: 0, events: 0 };
  private readonly errors: RowError[] = [];
  errorCount = 0;
  note = '';
  private errorCharacters = 0;

  constructor(private readonly head: Pick<ImportReport, 'id' | 'kind' | 'mode' | 'dryRun' | 'uploadedBy' | 'bytes'>) {}

  /** Of the first errors only the first are kept: a person puts them right from the top. */
  fail(error: RowError): void {
    this.errorCount += 1;
    if (this.errors.length >= MAX_ERRORS || this.errorCharacters >= MAX_ERROR_CHARACTERS) return;
    this.errorCharacters += error.message.length + (error.column?.length ?? 0);
    this.errors.push(error);
  }

  begin(stage: ImportReport['progress']['stage'], total?: number): void {
    this.stage = stage;
    this.done = 0;
    this.total = total;
  }

  finish(state: 'finished' | 'failed', note: string): void {
    this.state = state;
    this.note = note;
    this.begin('done');
  }

  view(): ImportReport {
    return {
      ...this.head,
      state: this.state,
      progress: { stage: this.stage, done: this.done, ...(this.total !== undefined && { total: this.total }) },
      counts: { ...this.counts },
      errors: this.errors.toSorted((one, other) => one.row - other.row),
      errorCount: this.errorCount,
      note: this.note,
    };
  }
}
