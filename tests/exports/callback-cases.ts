// One call of each public function that takes a callback or a signal, small enough to be run many times.
import type { CallbackCases } from './callback-case';
import { dataCases } from './callback-cases-data';
import { folderCases } from './callback-cases-folders';
import { measuringCases } from './callback-cases-measuring';
import { modelCases } from './callback-cases-models';
import type { Fixtures } from './callback-fixtures';

export function callbackCases(fixtures: Fixtures): CallbackCases {
  return { ...modelCases(fixtures), ...measuringCases(fixtures), ...dataCases(fixtures), ...folderCases(fixtures) };
}
