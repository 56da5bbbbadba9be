// The cells that ran, for clients that offer them again, such as `jupyter console`.

/** Entries are [session, line, source]; a kernel is one session. */
const SESSION = 0;
const MAX_ENTRIES = 1000;

class History {
  #entries = [];

  add(number, source) {
    this.#entries.push([SESSION, number, source]);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
  }

  /** The content of a history_request: the last `n`, a range of numbers, or a search with `*` and `?`. */
  find({ hist_access_type: type, n, start, stop, pattern, output }) {
    const found = this.#entries.filter(([, number, source]) => {
      if (type === 'range') return number >= (start ?? 0) && number < (stop ?? Number.POSITIVE_INFINITY);
      return type !== 'search' || globOf(pattern ?? '*').test(source);
    });
    const kept = type === 'range' || n === undefined ? found : found.slice(Math.max(0, found.length - Math.max(0, n)));
    return output ? kept.map(([session, number, source]) => [session, number, [source, null]]) : kept;
  }
}

function globOf(pattern) {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`);
}

module.exports = { History };
