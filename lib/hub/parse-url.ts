// An address as a URL, or undefined for what is none (URL.canParse is unknown to the kernel's compiler).

/** @param base what a relative address starts from */
export function parseURL(text: string, base?: URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
