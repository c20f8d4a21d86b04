/**
 * JSON in one column of a table's rows, read once a row: projections ask for what they remember event after event, and rows
 * stay the same objects until something is put in their place. What is answered belongs to the row and must not be changed.
 */
export class JsonColumn<R extends object, Column extends keyof R & string, Value> {
  /** What rows say that came from a table. */
  private readonly read = new WeakMap<R, Value>();
  private readonly Made: MadeClass<Value>;

  constructor(private readonly column: Column) {
    this.Made = madeClass<Value>(column);
  }

  in(row: R): Value {
    if (row instanceof this.Made) return row.said();
    let value = this.read.get(row);
    if (value === undefined) this.read.set(row, (value = JSON.parse(row[this.column] as string) as Value));
    return value;
  }

  /**
   * A row whose column says a value. Its text is made when somebody first asks for it: of a row that changes with every event
   * only the last of a batch is written. To be put as it is: a copy of its properties would lack the column.
   */
  row(rest: Omit<R, Column>, value: Value): R {
    return new this.Made(rest, value) as object as R;
  }
}

interface Made<Value> {
  said(): Value;
}

type MadeClass<Value> = new (rest: object, value: Value) => Made<Value>;

/** A class of rows, of which one column is made when it is asked for. */
function madeClass<Value>(column: string): MadeClass<Value> {
  class Row implements Made<Value> {
    readonly #value: Value;
    #text: string | undefined;

    constructor(rest: object, value: Value) {
      Object.assign(this, rest);
      this.#value = value;
    }

    said(): Value {
      return this.#value;
    }

    text(): string {
      return (this.#text ??= JSON.stringify(this.#value));
    }
  }
  const get = function (this: Row) {
    return this.text();
  };
  Object.defineProperty(Row.prototype, column, { get });
  return Row;
}
