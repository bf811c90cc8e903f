// Who may talk to the gateway: a page that the gateway itself served, on this machine. Everything else on the machine's
// browser (a foreign site, a rebound name, another local port) is refused before it gets a byte of data.

/** The part of a request that is judged. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Name, value, name, value, … as they came: a repeated header is a sign of mischief that the merged form hides. */
  readonly rawHeaders: readonly string[];
}

export interface Refusal {
  readonly status: 400 | 403 | 405;
  readonly reason: string;
}

export interface Guard {
  /** Judges a plain request: null = allowed. */
  refuseRequest(request: RequestHead): Refusal | null;
  /** Judges a request to become a WebSocket: null = allowed. */
  refuseUpgrade(request: RequestHead): Refusal | null;
}

/** @param address the one listened on, besides the three usual names of this machine */
export function createGuard(port: number, address: string): Guard {
  const names = new Set(['localhost', '127.0.0.1', '[::1]', address.includes(':') ? `[${address}]` : address]);
  // A browser leaves the default port away.
  const hosts = new Set([...names].flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])));
  const origins = new Set([...hosts].map((host) => `http://${host}`));

  function refuseHost({ url, rawHeaders }: RequestHead): Refusal | null {
    const given = valuesOf(rawHeaders, 'host');
    if (given.length !== 1 || !hosts.has(given[0] ?? ''))
      return { status: 403, reason: 'this Host is not served here' };
    // `GET http://other/` and `OPTIONS *` name something that is not a path of ours.
    if (url?.startsWith('/') !== true) return { status: 400, reason: 'the target is not a path' };
    return null;
  }

  function refuseOrigin({ rawHeaders }: RequestHead, required: boolean): Refusal | null {
    const given = valuesOf(rawHeaders, 'origin');
    if (given.length === 0 && !required) return null;
    if (given.length === 1 && origins.has(given[0] ?? '')) return null;
    return { status: 403, reason: 'this Origin is not allowed here' };
  }

  /**
   * Where a browser says on whose behalf it asks: our own page, the person, or a link that the person follows. A foreign page could read
   * nothing, but would cause work.
   */
  function refuseSite({ rawHeaders }: RequestHead): Refusal | null {
    const isOwn = valuesOf(rawHeaders, 'sec-fetch-site').every((site) => site === 'same-origin' || site === 'none');
    const isFollowed = valuesOf(rawHeaders, 'sec-fetch-mode').every((mode) => mode === 'navigate');
    return isOwn || isFollowed ? null : { status: 403, reason: 'only this page may ask for that' };
  }

  return {
    refuseRequest(request) {
      const refusal = refuseHost(request) ?? refuseOrigin(request, false) ?? refuseSite(request);
      if (refusal !== null) return refusal;
      const read = request.method === 'GET' || request.method === 'HEAD';
      return read ? null : { status: 405, reason: 'only GET and HEAD' };
    },
    refuseUpgrade(request) {
      const refusal = refuseHost(request) ?? refuseOrigin(request, true);
      if (refusal !== null) return refusal;
      return request.method === 'GET' ? null : { status: 405, reason: 'only GET' };
    },
  };
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
}
