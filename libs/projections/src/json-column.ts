/**
 * JSON in one column of a table's rows, read once a row: projections ask for what they remember event after event, and rows
 * stay the same objects until something is put in their place. What is answered belongs to the row and must not be changed.
 */
export class JsonColumn<R extends object, Column extends keyof R & string, Value> {
  private readonly values = new WeakMap<R, Value>();

  constructor(private readonly column: Column) {}

  in(row: R): Value {
    let value = this.values.get(row);
    if (value === undefined) this.values.set(row, (value = JSON.parse(row[this.column] as string) as Value));
    return value;
  }

  /** A row whose column says a value. */
  row(rest: Omit<R, Column>, value: Value): R {
    const row = { ...rest, [this.column]: JSON.stringify(value) } as R;
    this.values.set(row, value);
    return row;
  }
}
