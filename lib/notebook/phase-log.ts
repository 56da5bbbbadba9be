// Follows a long call that has phases: a progress bar while it runs, and each phase with its count and its time
// afterwards.
import type { ProgressCallback } from '../core/progress';
import { progressBar } from './progress-bar';

/** One phase. */
export interface PhaseRow {
  /** The file or model part that the phase worked on; empty where there was none. */
  readonly part: string;
  readonly phase: string;
  /** Samples, nodes or files that it went through. */
  readonly done: number;
  /** From the end of the phase before it to its last report: the times add up to the whole. */
  readonly 'time s': string;
}

export interface PhaseLog {
  readonly progress_callback: ProgressCallback;
  /** The phases so far, in order; a phase that is repeated is listed twice. */
  rows(): PhaseRow[];
}

/**
 * A progress bar that remembers its phases.
 *
 * @example
 * const phases = phaseLog('NNCF');
 * await quantizeBlip(folder, samples, output, { progress_callback: phases.progress_callback });
 * showTable(phases.rows()); // [{ part: 'vision_model', phase: 'SmoothQuant', done: 48, 'time s': '17.0' }, …]
 */
export function phaseLog(label: string): PhaseLog {
  const bar = progressBar(label);
  const phases: { part: string; phase: string; done: number; first: number; last: number }[] = [];
  const start = performance.now();
  return {
    progress_callback: (progress) => {
      const { file: part = '', status: phase, loaded: done = 0 } = progress;
      const now = performance.now();
      const current = phases.at(-1);
      const goesOn = current && current.part === part && current.phase === phase && done >= current.done;
      if (goesOn) Object.assign(current, { done, last: now });
      else phases.push({ part, phase, done, first: current?.last ?? start, last: now });
      bar(progress);
    },
    rows: () =>
      phases.map(({ part, phase, done, first, last }) => ({
        part,
        phase,
        done,
        'time s': ((last - first) / 1000).toFixed(1),
      })),
  };
}
