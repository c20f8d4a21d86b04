import type { Citation, Pack } from '@app/policies';
import type { GateVerdict } from './propose.js';

export interface InputView {
  readonly input: string;
  readonly label: string;
}

/** A gate with its verdict and the words it rests on. */
export interface GateView {
  readonly gate: string;
  readonly title: string;
  readonly citation?: Citation;
  readonly holds: boolean | null;
  readonly unknown: readonly InputView[];
}

/** A verdict in the words of the pack it was given under. */
export function gateView(pack: Pack, { gate, holds, unknown = [] }: GateVerdict): GateView {
  const known = pack.gates.find(({ id }) => id === gate);
  return { gate, title: known?.title ?? gate, ...(known && { citation: known.citation }), holds, unknown: inputViews(pack, unknown) };
}

export const inputViews = (pack: Pack, inputs: readonly string[]): readonly InputView[] =>
  inputs.map((input) => ({ input, label: pack.inputs[input]?.label ?? input }));
