// The command line that asks what was just asked on the page.

/**
 * The command that asks the same. Every part that is not plain is quoted for a POSIX shell.
 *
 * @param {string} root the server's address
 * @param {string} file
 * @param {string[][]} wishes names and values of the address's query
 * @param {string} token
 */
export function curlCommand(root, file, wishes, token) {
  const query = wishes.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const path = /^[-@]/.test(file) ? `./${file}` : file;
  return [
    `curl ${quote(`${root}answer?${query.join('&')}`)}`,
    `  -H ${quote(`X-Demo-Token: ${token}`)}`,
    `  --data-binary ${quote(`@${path}`)}`,
  ].join(' \\\n');
}

/** @param {string} text */
const quote = (text) => (/^[\w@./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
