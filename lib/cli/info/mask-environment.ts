// Environment variables that change what this library does, without what nobody else should read.

/** Names, in upper case. */
const RELEVANT = [
  /^(BLIP_|HF_|HUGGING|HUB_TRUSTED|TRANSFORMERS_)/,
  /^(OPENVINO_|OV_|ONEDNN_|DNNL_|OMP_|KMP_)/,
  /^(NODE_OPTIONS$|NODE_EXTRA_CA_CERTS$|NODE_TLS_|SSL_CERT_|UV_THREADPOOL_SIZE$)/,
  /^(VIRTUAL_ENV|XDG_CACHE_HOME|LOCALAPPDATA|NO_COLOR)$/,
  /^(HTTPS?|ALL|NO)_PROXY$/,
];
const SECRET = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH|API_?KEY/;
/** Variables that name a file or a switch, in spite of their names. */
const NO_SECRET = /_PATH$|_DISABLE_IMPLICIT_TOKEN$/;
/** Login in an address; what signs it, behind the question mark. */
const LOGIN = /(^|:\/\/)[^\s/@]+@/g;
const QUERY = /\?[^\s,]*/g;
/** A login token of the hub, wherever it stands. */
const TOKEN = /hf_[A-Za-z0-9]{8,}/g;
const MAX_CHARACTERS = 300;

/** @example maskEnvironment({ HF_TOKEN: 'hf_abc', PATH: '/bin' }) // { HF_TOKEN: 'set (6 characters)' } */
export function maskEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const name of Object.keys(environment).sort()) {
    const value = environment[name];
    const upper = name.toUpperCase();
    if (value === undefined || !RELEVANT.some((pattern) => pattern.test(upper))) continue;
    shown[name] = SECRET.test(upper) && !NO_SECRET.test(upper) ? `set (${value.length} characters)` : mask(value);
  }
  return shown;
}

function mask(value: string): string {
  const masked = value.replace(LOGIN, '$1***@').replace(QUERY, '?***').replace(TOKEN, 'hf_***');
  return masked.length > MAX_CHARACTERS ? `${masked.slice(0, MAX_CHARACTERS)}…` : masked;
}
