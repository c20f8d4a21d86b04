import type { Change, Step } from './difference.js';
import type { Json, JsonObject } from './value.js';

/** Makes the changes of `changesBetween` in the value they were found from; undefined where it is there no more. */
export function withChanges(value: Json | undefined, changes: readonly Change[]): Json | undefined {
  return changes.reduce<Json | undefined>((changed, { path, after }) => set(changed, path, after), value);
}

function set(value: Json | undefined, [step, ...rest]: readonly Step[], after: Json | undefined): Json | undefined {
  if (step === undefined) return after;
  if (typeof step === 'string') {
    const fields = value as JsonObject;
    const { [step]: old, ...others } = fields;
    const changed = set(old, rest, after);
    return changed === undefined ? others : { ...fields, [step]: changed };
  }
  const list = value as readonly JsonObject[];
  const index = list.findIndex((element) => element[step.by] === step.is);
  const changed = set(list[index], rest, after);
  if (index < 0) return changed === undefined ? list : [...list, changed];
  return list.flatMap((element, place) => (place !== index ? [element] : changed === undefined ? [] : [changed]));
}
