// Certificates that the environment adds to those that Node.js trusts: a company whose proxy inspects TLS has its own.
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as tls from 'node:tls';
import { describeOddFile, isFolder, isPlainFile, statOrNothing } from '../core/is-plain-file';
import { expandPath } from './hub-environment';
import { HubError } from './hub-errors';

export interface CertificatePlace {
  /** The variable that names it. */
  readonly variable: string;
  /** A file, a folder of files, or several of them. */
  readonly places: readonly string[];
}

/**
 * The first that is set counts. Python's client reads the first two; the others are those of requests, which it used
 * before huggingface_hub 1.0, and of curl.
 */
const VARIABLES = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'] as const;
/** What certificates in PEM begin with. */
const BEGIN = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;
/** Linux distributions' folders hold some 150 files, most of them under two names; a bundle of all has 250 kB. */
const MAX_FILES = 5_000;
const MAX_BYTES = 8 * 2 ** 20;

/** Where certificates lie that are trusted in addition; none leaves Node's own list, with NODE_EXTRA_CA_CERTS. */
export function certificatePlaces(): CertificatePlace[] {
  const variable = VARIABLES.find((name) => (process.env[name]?.trim() ?? '') !== '');
  if (variable === undefined) return [];
  const value = process.env[variable]?.trim() ?? '';
  const places = variable === 'SSL_CERT_DIR' ? value.split(path.delimiter) : [value];
  const found = { variable, places: places.filter((place) => place !== '').map(expandPath) };
  const own = process.env.NODE_EXTRA_CA_CERTS ?? ''; // Node leaves it out where a list is given
  return own === '' ? [found] : [found, { variable: 'NODE_EXTRA_CA_CERTS', places: [expandPath(own)] }];
}

/**
 * @returns certificates in PEM, with those that Node trusts; undefined when there are no places
 * @throws {HubError} that names the variable, when nothing of it can be read
 */
export function readCertificates(places: readonly CertificatePlace[]): string[] | undefined {
  if (places.length === 0) return undefined;
  return [...new Set([...tls.rootCertificates, ...places.flatMap(readPlaces)])];
}

function readPlaces({ variable, places }: CertificatePlace): string[] {
  const found = places.flatMap((place) => (isFolder(place) ? readFolder(place) : []));
  if (found.length > 0) return found;
  const fail = (problem: string): never => {
    throw new HubError(`${variable} names ${places.join(path.delimiter)}, ${problem}. Correct it, or unset it.`);
  };
  if (places.some(isFolder)) return fail('a folder without certificates in PEM');
  const [file = ''] = places;
  const odd = describeOddFile(file);
  if (odd !== undefined) return fail(`which is ${odd}; expected a file or a folder`);
  try {
    const text = readCertificate(file);
    return text === undefined ? fail('which holds no certificate in PEM ("-----BEGIN CERTIFICATE-----")') : [text];
  } catch (error) {
    if (error instanceof HubError) throw error;
    return fail(`which cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Files that are no certificates, or cannot be read, are passed over, as OpenSSL does. */
function readFolder(folder: string): string[] {
  try {
    const names = fs.readdirSync(folder).sort().slice(0, MAX_FILES);
    const files = names.map((name) => path.join(folder, name)).filter(isPlainFile);
    return [...new Set(files.flatMap((file) => ifReadable(file) ?? []))];
  } catch {
    return []; // a folder that is closed
  }
}

function ifReadable(file: string): string | undefined {
  try {
    return readCertificate(file);
  } catch {
    return undefined;
  }
}

/** @returns undefined for a file that holds none */
function readCertificate(file: string): string | undefined {
  if ((statOrNothing(file)?.size ?? 0) > MAX_BYTES) return undefined;
  const text = fs.readFileSync(file, 'utf8');
  return BEGIN.test(text) ? text : undefined;
}
