// The user name and password of an address, in the form of HTTP's Basic authentication (RFC 7617).

/**
 * @returns undefined when the address has neither
 * @example
 * basicLogin(new URL('http://me:p%40ss@proxy.example.org')) // 'Basic bWU6cEBzcw=='
 */
export function basicLogin(url: URL): string | undefined {
  const { username, password } = decodedLogin(url);
  return username === '' && password === ''
    ? undefined
    : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Percent-encoded characters decoded; empty where the address has none. */
export function decodedLogin({ username, password }: URL): { readonly username: string; readonly password: string } {
  return { username: percentDecoded(username), password: percentDecoded(password) };
}

/** The address without them. */
export function withoutLogin({ href }: URL): URL {
  const url = new URL(href);
  url.username = '';
  url.password = '';
  return url;
}

/** A password with an unencoded % is taken as it is. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
