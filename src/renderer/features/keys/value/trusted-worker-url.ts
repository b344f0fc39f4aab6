interface Policy {
  readonly createScriptURL: (url: string) => string | URL
}

interface TrustedTypesWindow {
  readonly trustedTypes?: {
    readonly createPolicy: (name: string, rules: { readonly createScriptURL: (url: string) => string }) => Policy
  }
}

let policy: Policy | undefined

function ownOrigin(url: string): string {
  const { origin, href } = new URL(url, document.baseURI)
  if (origin !== location.origin) throw new TypeError('workers come from the own origin only')
  return href
}

/** The address of a worker for a page with Trusted Types; only the own origin is let through. */
export function trustedWorkerUrl(url: string): string | URL {
  policy ??= (window as TrustedTypesWindow).trustedTypes?.createPolicy('memo', { createScriptURL: ownOrigin }) ?? {
    createScriptURL: ownOrigin,
  }
  return policy.createScriptURL(url)
}
