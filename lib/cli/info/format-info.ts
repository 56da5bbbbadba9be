// What collectInfo found, as lines for people. Paths in the user's home folder begin with ~.
import { homeFolder } from '../../core/home-folder';
import { formatBytes } from '../format-bytes';
import { printable } from '../printable';
import type { CollectedInfo, ModelInfo } from './collect-info';

type Row = readonly [name: string, value: string];

const MIN_NAME_WIDTH = 17;

export function formatInfo(info: CollectedInfo): string {
  return [
    ...(info.models ?? []).flatMap((model) => section('Model', modelRows(model))),
    ...section('Versions', Object.entries(info.versions)),
    ...section('Machine', machineRows(info.machine)),
    ...section('OpenVINO', openvinoRows(info.openvino)),
    ...(info.precision_trials.length > 0 ? section('Precision trials', trialRows(info.precision_trials)) : []),
    ...section('Python', pythonRows(info.python)),
    ...section('Caches', cacheRows(info.caches)),
    ...section('Hub', Object.entries(info.hub)),
    ...section('Environment', Object.entries(info.environment)),
  ]
    .join('\n')
    .trimEnd();
}

function section(title: string, rows: readonly Row[]): string[] {
  if (rows.length === 0) return [title, '  (nothing set)', ''];
  const width = Math.max(MIN_NAME_WIDTH, ...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${printable(name).padEnd(width)} ${printable(withoutHome(value))}`);
  return [title, ...lines.map((line) => line.trimEnd()), ''];
}

function modelRows({ folder, made_by, checkpoint, versions, files, bytes = 0, problem }: ModelInfo): Row[] {
  return [
    ['folder', folder],
    ...(made_by === undefined ? [] : [['made by', made_by] as const]),
    ...(checkpoint === undefined ? [] : [['made of', checkpoint] as const]),
    ...Object.entries(versions).map(([name, version]): Row => [`with ${name}`, version]),
    ...(files === undefined ? [] : [['files', `${files}, ${formatBytes(bytes)}`] as const]),
    ...(problem === undefined ? [] : [['problem', problem] as const]),
  ];
}

function machineRows({ platform, processor, threads, ...rest }: CollectedInfo['machine']): Row[] {
  const { memory_bytes, memory_limit_bytes, instruction_sets } = rest;
  const limit = memory_limit_bytes === undefined ? '' : `, limited to ${formatBytes(memory_limit_bytes)}`;
  return [
    ['platform', platform],
    ['processor', `${processor}, ${threads} threads`],
    ['memory', `${formatBytes(memory_bytes)}${limit}`],
    ['instruction sets', instruction_sets?.join(' ') ?? 'not known on this system'],
  ];
}

function openvinoRows({ found, tried, devices, problem }: CollectedInfo['openvino']): Row[] {
  return [
    ...found.map(({ runtime, path }): Row => ['found', `${runtime}: ${path}`]),
    ...tried.map((place): Row => ['not in', place]),
    ...(problem === undefined ? [] : problem.split('\n').map((line, i): Row => [i === 0 ? 'problem' : '', line])),
    ...devices.map(({ device, name, precision, capabilities }): Row => {
      const details = [
        name,
        precision && `computes in ${precision}`,
        capabilities &&
          `can ${capabilities
            .replace(/[[\],]+/g, ' ')
            .trim()
            .replace(/\s+/g, ' ')}`,
      ];
      return [`device ${device}`, details.filter(Boolean).join('; ')];
    }),
  ];
}

function trialRows(trials: CollectedInfo['precision_trials']): Row[] {
  return trials.map(
    ({ of, bf16, f32, taken }): Row => [
      `takes ${taken}`,
      `bf16 ${milliseconds(bf16)}, f32 ${milliseconds(f32)}: ${of}`,
    ],
  );
}

function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function pythonRows(packages: CollectedInfo['python']): Row[] {
  return packages.flatMap(({ name, version, python, folder, tried }): Row[] =>
    folder === undefined
      ? [[name, 'not found'], ...tried.map((place): Row => ['  not in', place])]
      : [[name, `${version ?? 'version unknown'} (${python ?? folder})`]],
  );
}

function cacheRows(caches: CollectedInfo['caches']): Row[] {
  return Object.entries(caches).flatMap(([name, size]): Row[] => {
    if ('problem' in size) return [[name, size.problem]];
    if (!size.exists) return [[name, `${size.folder} (not there yet)`]];
    const { folder, bytes, files, truncated, largest } = size;
    return [
      [name, `${folder}: ${truncated ? 'at least ' : ''}${formatBytes(bytes)} in ${files} files`],
      ...largest.map((part): Row => ['', `${part.name}: ${formatBytes(part.bytes)}`]),
    ];
  });
}

function withoutHome(text: string): string {
  try {
    const home = homeFolder();
    return home.length > 1 ? text.replaceAll(home, '~') : text;
  } catch {
    return text; // a user without one
  }
}
