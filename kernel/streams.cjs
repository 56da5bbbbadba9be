// What cells write to standard output and error goes to Jupyter. Much of it at once goes together: Jupyter's server
// drops output that comes in too many messages.

const { clearTimeout, setTimeout } = require('node:timers'); // cells may change the global ones
const { uninterrupted } = require('./own-code.cjs');

/** So many messages in a period go out as they are written; what is more waits for its end. */
const MESSAGES_PER_PERIOD = 100;
const PERIOD_MS = 100;
/** One message at most: larger ones hold up all others. */
const MAX_CHARACTERS = 1024 * 1024;

/**
 * From now on output goes to `send`, a function of the stream's name and the text.
 * @returns sends what waits
 */
function redirectStreams(send) {
  let [periodStart, sent, timer] = [0, 0, undefined];
  let waiting = { name: 'stdout', text: '' };

  function flush() {
    clearTimeout(timer);
    timer = undefined;
    const { name, text } = waiting;
    waiting = { name, text: '' };
    for (let at = 0; at < text.length; at += MAX_CHARACTERS) send(name, text.slice(at, at + MAX_CHARACTERS));
  }

  function write(name, text) {
    if (waiting.name !== name) flush();
    waiting = { name, text: waiting.text + text };
    const now = Date.now();
    if (now - periodStart >= PERIOD_MS) [periodStart, sent] = [now, 0];
    if (++sent <= MESSAGES_PER_PERIOD || waiting.text.length >= MAX_CHARACTERS) flush();
    else timer ??= setTimeout(flush, PERIOD_MS);
  }

  for (const name of ['stdout', 'stderr']) {
    const decoder = new TextDecoder();
    process[name].write = uninterrupted((chunk, encoding, callback) => {
      const done = typeof encoding === 'function' ? encoding : callback;
      write(name, typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
      if (done) process.nextTick(done);
      return true;
    });
  }
  return flush;
}

module.exports = { redirectStreams };
