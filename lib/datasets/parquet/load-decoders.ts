// The packages that decode parquet, loaded at first use: only those who read parquet files need them.

export function loadHyparquet(): typeof import('hyparquet') {
  return require('hyparquet');
}

/** Zstandard, which Node has only from version 22.15 on. */
export function loadFzstd(): typeof import('fzstd') {
  return require('fzstd');
}
